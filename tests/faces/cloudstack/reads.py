"""Which parameters the code of a command can read: the names that it, and the functions it calls, hold as words.

Rule 1: a word counts wherever it stands in the code, so that a parameter that is read in one branch only is read; what
    describes a function does not count, nor do views, which hold the names of answers' fields.
Rule 2: what every list does (page, keyword, tags, whose) counts where the list is made so that it does it.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator

from netloom.faces.cloudstack.answers import ListingNone
from netloom.faces.cloudstack.command import Command

CODE = "netloom.faces.cloudstack.commands"
WHOSE = frozenset({"account", "domainid", "projectid", "listall", "isrecursive"})


class Reads:
    """The words of a command's code, as far as it is in modules whose names begin so."""

    def __init__(self, command: Command, code: str = CODE) -> None:
        self._code = code
        self.words: set[str] = set()
        self.names: set[str] = set()
        self._seen: set[types.FunctionType] = set()
        self._none = isinstance(command.answer, ListingNone)
        self._value(command.run)

    def __contains__(self, name: str) -> bool:
        """Whether a parameter (its name in lower case) can be read."""
        if self._none or name in self.words:  # of what there is none of, there is none whatever is asked for
            return True
        if name in {"page", "pagesize"}:
            return bool(self.names & {"select", "paged", "shown", "listing"})
        if name == "keyword":
            return "keyword" in self.names
        if name == "tags":
            return "tags_of" in self.words
        return name in WHOSE and bool(self.names & {"select", "asked"})

    def _value(self, value: object) -> None:
        if isinstance(value, str):
            self.words.add(value.lower())
        elif isinstance(value, tuple | list | frozenset | set):
            for part in value:
                self._value(part)
        elif isinstance(value, dict | types.MappingProxyType):
            for key, part in value.items():
                self._value(key)
                self._value(part)
        elif isinstance(value, functools.partial):
            self._value((value.func, value.args, value.keywords))
        elif isinstance(value, types.FunctionType) and value.__module__.startswith(self._code):
            self._function(value)

    def _function(self, function: types.FunctionType) -> None:
        if function in self._seen:
            return
        self._seen.add(function)
        used: set[str] = set()
        for code in _codes(function.__code__):
            used.update(code.co_names)
            for const in code.co_consts:
                self._value(const)
        self.names |= used
        self._value([function.__defaults__, function.__kwdefaults__])
        self._value([cell.cell_contents for cell in function.__closure__ or ()])
        for name in used & function.__globals__.keys():
            self._value(function.__globals__[name])


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)
