"""Settings: defaults hold, mistakes are told with their place."""

from __future__ import annotations

import pathlib

import pytest

from netloom.base.errors import InvalidInput
from netloom.daemon import settings

PACKAGED = pathlib.Path(__file__).parents[2] / "packaging" / "netloomd.toml"


def test_the_packaged_example_is_the_defaults() -> None:
    assert settings.load(PACKAGED) == settings.Settings()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[api]\nlisten = 3", "api.listen"),
        ("[api]\nlistn = ''", "api"),
        ("[api]\nlisten = '0.0.0.0:80'", "api.listen"),
        ("[api]\nsocket = ''\nlisten = ''", "api"),
        ("[switches]\nlisten_ovsdb = 'tcp:127.0.0.1:6640'", "switches.listen_ovsdb"),
        ("[switches]\nlisten_ovsdb = 'ssl:127.0.0.1'", "switches.listen_ovsdb"),
        ("[reconcile]\nretry_min = 0.0", "reconcile.retry_min"),
        ("[reconcile]\nretry_min = 10\nretry_max = 1", "reconcile.retry_max"),
        ("[log]\nlevel = 'loud'", "log.level"),
        ("[store]\nanswer_timeout = 0.0", "store.answer_timeout"),
        ("[jobs]\ntime_limit = 10.0", "jobs.time_limit"),
        ("[jobs]\nprovider_timeout = -1.0", "jobs.provider_timeout"),
        ("[store]\nurl = 'mysql://x'", "store.url"),
        ("api = 3", "api"),
        ("[api", "test.toml"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        settings.parse(text, source="test.toml")
    assert where in str(caught.value.subject)


def test_a_file_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        settings.load(tmp_path / "none.toml")


@pytest.mark.parametrize("listen", ["0.0.0.0:8096", "192.0.2.1:8096", "8096", "127.0.0.1:0", "127.0.0.1:x"])
def test_the_integration_port_is_loopback_only(listen: str) -> None:
    with pytest.raises(InvalidInput, match="root") as caught:
        settings.parse(f'[cloudstack]\nintegration_listen = "{listen}"\n')
    assert caught.value.subject == "settings: cloudstack.integration_listen"
