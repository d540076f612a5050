"""Invalid settings are refused by name."""

from typing import Any

import pytest

from tests.support.asterisk_settings import ASTERISK
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8088", "wss://pbx.example:8089/prefix", "ws://[::1]:8088", "ws://pbx"])
def test_asterisk_is_a_websocket_address(url: str) -> None:
    values: dict[str, Any] = ASTERISK | {"asterisk": url}
    assert Settings(**values).asterisk == url


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
    values: dict[str, Any] = ASTERISK | {"asterisk": url}
    with pytest.raises(OperatorError, match="asterisk must be ws://host:port"):
        Settings(**values)


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
    wrong: dict[str, Any] = ASTERISK | {name: value}
    with pytest.raises(OperatorError, match=said):
        Settings(**wrong)
