"""The websocket of each switch for phones in browsers."""

from dataclasses import replace

import pytest

from tongdai.errors import OperatorError
from tongdai.phone.address import websocket_of
from tongdai.settings.declarations import Settings

HANOI = "ws://10.0.2.5:8088/ws"
SETTINGS = Settings(
    asterisk="wss://pbx.internal:8089/", asterisk_password="secret", trunk="line", phone_urls=(f"hanoi={HANOI}",)
)


def test_each_switch_has_its_own_and_one_that_is_not_named_has_none() -> None:
    assert websocket_of(SETTINGS, "default") == "wss://pbx.internal:8089/ws"
    assert websocket_of(SETTINGS, "hanoi") == HANOI
    assert websocket_of(SETTINGS, "hue") is None
    assert websocket_of(replace(SETTINGS, switch="hue"), "default") is None


def test_own_switch_may_have_another_one_and_simulated_calls_have_none() -> None:
    assert websocket_of(replace(SETTINGS, phone_urls=(f"default={HANOI}",)), "default") == HANOI
    assert websocket_of(Settings(), "default") is None


@pytest.mark.parametrize(
    "wrong", ["ws://10.0.2.5/ws", "hanoi=http://a/ws", "hanoi=ws://a", "=ws://a/ws", "Hà=ws://a/ws"]
)
def test_what_names_no_switch_or_no_websocket_is_refused(wrong: str) -> None:
    with pytest.raises(OperatorError, match="phone_urls must be"):
        replace(SETTINGS, phone_urls=(wrong,))
