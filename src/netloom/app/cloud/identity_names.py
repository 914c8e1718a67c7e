"""What owners are called, and what those were called that are gone: for whatever outlives them.

Rule 1: who owns something and who is gone are asked in one look each, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from netloom.base.ids import Uuid
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.identity import Account, Domain, shown_path

if TYPE_CHECKING:
    from netloom.app.cloud.work import View


def account_names(view: View, ids: Iterable[str]) -> Mapping[str, str]:
    """The names of accounts by their ids; one that netloom never had is not in it."""
    wanted = list(dict.fromkeys(ids))
    names: dict[str, str] = {key: each.name for key, each in view.records.many(Account, wanted).items()}
    return names | {key: each.name for key, each in _gone(view, wanted, names).items()}


def domain_paths(view: View, ids: Iterable[str]) -> Mapping[str, str]:
    """The paths of domains (`ROOT/acme`) by their ids, in the same way."""
    wanted = list(dict.fromkeys(ids))
    paths: dict[str, str] = {
        key: shown_path(each.path) for key, each in view.records.many(Domain, wanted).items()
    }
    return paths | {key: shown_path(each.path or "") for key, each in _gone(view, wanted, paths).items()}


def _gone(view: View, wanted: list[str], there: Mapping[str, str]) -> Mapping[Uuid, FormerOwner]:
    missing = [each for each in wanted if each not in there]
    return view.records.many(FormerOwner, missing) if missing else {}
