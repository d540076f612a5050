"""Why an agent is offline, by how the phone's channel ended."""

from datetime import UTC, datetime

import pytest

from tongdai.agents.model import OfflineReason
from tongdai.switch.events import ChannelDestroyed
from tongdai.telephony.agent_phones import offline_reason

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cause", "sip_status", "reason"),
    [
        (19, None, OfflineReason.NO_ANSWER),
        (21, 603, OfflineReason.NO_ANSWER),
        (17, 486, OfflineReason.BUSY),
        (0, 503, OfflineReason.UNREACHABLE),
        (1, 404, OfflineReason.UNREACHABLE),
        (38, None, OfflineReason.UNREACHABLE),
    ],
)
def test_phone_that_was_called_tells_why_it_was_not_answered(
    cause: int, sip_status: int | None, reason: OfflineReason
) -> None:
    assert offline_reason(True, ChannelDestroyed("a", cause, sip_status, NOW)) is reason


@pytest.mark.parametrize("cause", [0, 16, 17, 19])
def test_phone_that_was_connected_hung_up(cause: int) -> None:
    assert offline_reason(False, ChannelDestroyed("a", cause, None, NOW)) is OfflineReason.PHONE_HUNG_UP
