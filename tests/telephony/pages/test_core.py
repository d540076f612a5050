"""The next step for an agent whose phone's page is gone."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.support.situations import an_agent
from tongdai.agents.model import AgentState, LostPage
from tongdai.telephony.pages.core import REQUEST_S, Next, next_step

RETURN_S = 20.0
AT = datetime(2026, 1, 1, tzinfo=UTC)


def lost(lost_s: float = 1.0, *, there: bool = True, called: bool = True) -> LostPage:
    agent = an_agent(1, AgentState.TALKING, channel_id=UUID(int=1), call_id=UUID(int=2))
    return LostPage(agent, AT, lost_s, there, called)


@pytest.mark.parametrize(
    ("page", "listed", "requested_s", "follows"),
    [
        (lost(there=False, called=False), None, 9, Next.WAIT),
        (lost(called=False), None, 9, Next.CALL),
        (lost(called=False), "Up", 9, Next.CALL),
        (lost(), None, 0, Next.WAIT),
        (lost(), None, REQUEST_S, Next.CALL),
        (lost(there=False), None, REQUEST_S, Next.WAIT),
        (lost(), "Ringing", 9, Next.WAIT),
        (lost(), "Up", 9, Next.CONNECT),
        (lost(there=False), "Up", 9, Next.CONNECT),
        (lost(RETURN_S), "Up", 9, Next.CONNECT),
        (lost(RETURN_S), "Ringing", 9, Next.GIVE_UP),
        (lost(RETURN_S, called=False), None, 9, Next.GIVE_UP),
        (lost(RETURN_S, there=False, called=False), None, 9, Next.GIVE_UP),
    ],
)
def test_next_step(page: LostPage, listed: str | None, requested_s: float, follows: Next) -> None:
    assert next_step(page, RETURN_S, listed=listed, requested_s=requested_s) is follows
