"""Events of an agent's phone that rings for a caller."""

from datetime import UTC, datetime

import pytest

from tongdai.acd.caller.signals import AgentAnswered, AgentLeft
from tongdai.acd.phone_events import phone_signal
from tongdai.call_outcome import OfferOutcome
from tongdai.switch.events import ChannelDestroyed, ChannelStateChange, StasisStart

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cause", "sip_status", "outcome"),
    [
        (0, None, OfferOutcome.NO_ANSWER),
        (19, 480, OfferOutcome.NO_ANSWER),
        (17, 486, OfferOutcome.REJECTED),
        (21, 603, OfferOutcome.REJECTED),
        (0, 603, OfferOutcome.REJECTED),
        (3, None, OfferOutcome.UNREACHABLE),
        (1, 404, OfferOutcome.UNREACHABLE),
        (16, 503, OfferOutcome.UNREACHABLE),
    ],
)
def test_outcome_of_an_offer_is_read_from_the_end_of_the_phone(
    cause: int, sip_status: int | None, outcome: OfferOutcome
) -> None:
    assert phone_signal("a", ChannelDestroyed("a", cause, sip_status, NOW)) == AgentLeft("a", outcome)


def test_phone_in_the_application_was_answered() -> None:
    assert phone_signal("a", StasisStart("a", ("agent",), NOW)) == AgentAnswered("a")
    assert phone_signal("a", ChannelStateChange("a", "Ringing", NOW)) is None
