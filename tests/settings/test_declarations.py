"""Defaults and values that follow from others."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.asterisk_settings import ASTERISK
from tongdai.settings.declarations import Settings, default_data_dir, demo_data_dir


@pytest.mark.parametrize(
    ("own", "base"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"asterisk": "ws://[::1]:8088", "host": "0.0.0.0", "port": 9000}, "http://127.0.0.1:9000"),
        ({"host": "10.0.0.5"}, "http://10.0.0.5:8080"),
        ({"port": 0}, None),
        ({"host": "::1"}, None),
        ({"asterisk": "ws://pbx:8088"}, None),
        ({"asterisk": "ws://pbx:8088", "sounds_url": "https://tongdai.example/"}, "https://tongdai.example"),
    ],
)
def test_switch_fetches_sounds_from_this_machine_or_where_the_operator_says(
    own: dict[str, Any], base: str | None
) -> None:
    values: dict[str, Any] = ASTERISK | own
    assert Settings(**values).sounds_base == base


def test_demo_has_a_data_directory_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert demo_data_dir() == f"{tmp_path}/tongdai-demo"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert demo_data_dir() == str(Path.home() / ".local/share/tongdai-demo")
    assert demo_data_dir() != default_data_dir()
