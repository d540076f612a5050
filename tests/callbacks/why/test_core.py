"""Why a pending callback waits: each reason, and its order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tongdai.callbacks.model import Callback, CallbackState, Source
from tongdai.callbacks.why.core import why
from tongdai.callbacks.why.model import Circumstances, Facts, PendingReason
from tongdai.campaigns.settings.windows import every_day
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId
from tongdai.queues.hours.model import Closed, Open, Reason
from tongdai.switches.model import Kind, Switch

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # 09:00 in Viet Nam, a Tuesday
LATER = NOW + timedelta(minutes=5)
SWITCH = Switch(SwitchId(1), "default", Kind.ASTERISK, None, None, None, True, NOW, True, 0, 0)
R = PendingReason
CALLBACK = Callback(
    tenant_id=TenantId(1), callback_id=UUID(int=1), queue_id=QueueId(7), phone="+84901234567", called="",
    source=Source.CALLER, state=CallbackState.PENDING, arrived_at=NOW, due_at=NOW, expires_at=NOW + timedelta(hours=4),
    agent_id=None, agent_until=None, tries=0, from_call=None, call_id=None, note=None, created_at=NOW, ended_at=None,
)  # fmt: skip
READY = Facts(held=False, listed=False, busy=False, signed_in=1, idle=1, agent_idle=False, earlier=False)
AROUND = Circumstances(now=NOW, zone="Asia/Ho_Chi_Minh", hours=None, opening=Open(None), switch=SWITCH)
KEPT = {"agent_id": AgentId(3), "agent_until": LATER}
CLOSED = Closed(Reason.OUTSIDE_HOURS, LATER)
NIGHT = every_day(8 * 60, 8 * 60 + 30)
TOMORROW_AT_8 = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
Given = dict[str, Any]


CASES: list[tuple[Given, Given, Given, PendingReason | None, datetime | None, str | None]] = [
    ({}, {}, {}, None, None, "It is about to be called."),
    ({"expires_at": NOW}, {}, {}, R.TERM_OVER, None, None),
    ({"due_at": LATER, "tries": 1}, {}, {}, R.NEXT_TRY, LATER,
     "Try 1 of 3 reached nobody; the next one is at 2026-03-10 09:05:00."),
    ({"due_at": LATER}, {}, {}, R.NOT_DUE, LATER, "It is to be called at 2026-03-10 09:05:00."),
    ({}, {"listed": True}, {}, R.DO_NOT_CALL, None, None),
    ({"due_at": LATER}, {"listed": True}, {}, R.DO_NOT_CALL, None, None),
    ({}, {"held": True}, {}, R.DIALING_HELD, None, None),
    ({}, {}, {"hours": NIGHT}, R.OUTSIDE_CALLING_HOURS, TOMORROW_AT_8,
     "The number may not be called at this hour, until 2026-03-11 08:00:00."),
    ({}, {}, {"opening": CLOSED}, R.QUEUE_CLOSED, LATER, "The queue is closed, until 2026-03-10 09:05:00."),
    ({}, {}, {"opening": replace(CLOSED, until=None)}, R.QUEUE_CLOSED, None, "The queue is closed."),
    ({}, {"busy": True}, {}, R.NUMBER_IN_CALL, None, None),
    ({}, {}, {"switch": replace(SWITCH, running=False)}, R.TELEPHONY_NOT_RUNNING, None, None),
    ({}, {}, {"switch": replace(SWITCH, connected=False)}, R.SWITCH_AWAY, None, None),
    ({}, {"signed_in": 0, "idle": 0}, {}, R.NO_AGENTS_SIGNED_IN, None, None),
    (KEPT, {}, {}, R.KEPT_FOR_AGENT, LATER, "It is kept for agent 3, who is not free, until 2026-03-10 09:05:00."),
    (KEPT, {"agent_idle": True}, {}, None, None, None),
    (KEPT | {"agent_until": NOW}, {"idle": 0}, {}, R.NO_AGENT_FREE, None, None),
    ({}, {"idle": 0}, {}, R.NO_AGENT_FREE, None, None),
    ({}, {"earlier": True}, {}, R.CALLERS_FIRST, None, None),
    ({}, {"earlier": True, "idle": 0}, {}, R.NO_AGENT_FREE, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("callback", "facts", "around", "expected", "until", "message"), CASES)
def test_first_reason_that_holds_is_said(
    callback: Given, facts: Given, around: Given, expected: PendingReason | None, until: datetime | None,
    message: str | None,
) -> None:  # fmt: skip
    found = why(replace(CALLBACK, **callback), replace(READY, **facts), replace(AROUND, **around))
    assert (found.reason, found.until) == (expected, until)
    assert message in {None, found.message}
    assert "{" not in found.message


def test_each_reason_is_reached() -> None:
    assert {case[3] for case in CASES} == {None, *PendingReason}
