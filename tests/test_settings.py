"""Invalid settings are refused by name."""

from pathlib import Path
from typing import Any

import pytest

from tongdai import settings
from tongdai.errors import OperatorError

GOOD = {"asterisk": "ws://127.0.0.1:8088", "asterisk_password": "secret", "trunk": "carrier"}


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8088", "wss://pbx.example:8089/prefix", "ws://[::1]:8088", "ws://pbx"])
def test_asterisk_is_a_websocket_address(url: str) -> None:
    assert settings.load(None, {}, GOOD | {"asterisk": url}).asterisk == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8088",
        "127.0.0.1:8088",
        "ws://",
        "ws://:8088",
        "ws://a:b@host",
        "ws://host:0",
        "ws://h:99999",
        "",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match="asterisk must be ws://host:port"):
        settings.load(None, {}, GOOD | {"asterisk": url})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("asterisk_password", "", "asterisk needs asterisk_password"),
        ("trunk", None, "asterisk needs a trunk"),
        ("trunk", "a&PJSIP/1900", "trunk must be the name of a PJSIP endpoint"),
        ("caller_id", "0901@evil", "caller_id must be 3 to 15 digits"),
        ("asterisk_app", "a b", "asterisk_app must be"),
        ("default_sound", "../../etc/passwd", "default_sound must be"),
        ("default_sound", "http://x/y", "default_sound must be"),
        ("sounds_url", "tongdai:8080", "sounds_url must be http://host:port"),
        ("sounds_url", "http://a:b@host", "sounds_url must be"),
        ("sounds_url", "http://host/?a", "sounds_url must be"),
        ("max_calls", 0, "max_calls must be above 0"),
        ("simulated_answer_rate", 1.5, "simulated_answer_rate must be 0 to 1"),
        ("simulated_key_rate", 2, "simulated_key_rate must be 0 to 1"),
        ("simulated_faults", -0.1, "simulated_faults must be 0 to 1"),
    ],
)
def test_invalid_setting_is_refused_by_name(name: str, value: object, said: str) -> None:
    wrong: dict[str, Any] = GOOD | {name: value}
    with pytest.raises(OperatorError, match=said):
        settings.Settings(**wrong)


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
    values: dict[str, Any] = GOOD | own
    assert settings.Settings(**values).sounds_base == base


def test_environment_configures_the_switch() -> None:
    environment = {f"TONGDAI_{name.upper()}": value for name, value in GOOD.items()}
    assert settings.load(None, environment, {}).trunk == "carrier"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "TONGDAI_PORT must be a whole number, not 'eighty'"),
        ("ADMIN_PORT", "eighty", "TONGDAI_ADMIN_PORT must be a whole number, not 'eighty'"),
        ("DRAIN_S", "long", "TONGDAI_DRAIN_S must be a number, not 'long'"),
        ("LOG_FORMAT", "xml", "TONGDAI_LOG_FORMAT must be json or text, not 'xml'"),
        ("LIMIT_HEADERS", "a,b", r"TONGDAI_LIMIT_HEADERS must be a list of 4, not"),
    ],
)
def test_variable_that_cannot_be_read_says_what_is_expected(name: str, value: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        settings.load(None, {f"TONGDAI_{name}": value}, {})


def test_setting_of_a_file_that_cannot_be_read_says_what_is_expected(tmp_path: Path) -> None:
    file = tmp_path / "tongdai.toml"
    file.write_text('port = "eighty"\n')
    with pytest.raises(OperatorError, match=r"tongdai\.toml: port must be a whole number, not 'eighty'"):
        settings.load(file, {}, {})


def test_defaults_of_a_command_precede_those_of_the_server_and_yield_to_what_is_given() -> None:
    defaults = {"port": 1, "workers": 2, "drain_s": 3.0}
    found = settings.load(None, {"TONGDAI_WORKERS": "4"}, {"drain_s": 5.0}, defaults)
    assert (found.port, found.workers, found.drain_s, found.max_calls) == (1, 4, 5.0, 1000)


def test_demo_has_a_data_directory_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert settings.demo_data_dir() == f"{tmp_path}/tongdai-demo"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert settings.demo_data_dir() == str(Path.home() / ".local/share/tongdai-demo")
    assert settings.demo_data_dir() != settings.default_data_dir()
