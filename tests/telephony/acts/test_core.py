"""Which acts a state of a call allows, and what is done for them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.calls.acts.model import CONSULTING, SUPERVISING, Act, Kind, Talk
from tongdai.calls.model import CallState
from tongdai.ids import AgentId, TenantId
from tongdai.telephony.acts import core

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TALKING = Talk(CallState.ANSWERED, "customer", AgentId(7), "agent", None, None)
HELD = replace(TALKING, held_until=NOW)
MUTED = replace(TALKING, muted_channel="agent")
ALONE = replace(TALKING, agent_id=None, agent_channel=None)


def act(kind: Kind, **arguments: object) -> Act:
    return Act(TenantId(1), UUID(int=1), UUID(int=2), "customer", kind, arguments)


@pytest.mark.parametrize("kind", Kind)
def test_call_that_has_ended_refuses_every_act(kind: Kind) -> None:
    assert core.refusal(kind, None) == "The call has ended"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {Kind.HANG_UP, Kind.TRANSFER}])
def test_call_without_an_agent_is_only_ended(kind: Kind) -> None:
    assert (
        core.refusal(kind, ALONE) == f"Cannot {core.WORDS.get(kind, kind)} a call that is not connected with an agent"
    )
    assert core.refusal(Kind.HANG_UP, ALONE) is None


@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.ANSWERED])
def test_call_that_is_not_answered_is_not_hung_up(state: CallState) -> None:
    expected = f"Cannot hang up a call in state {state}, only answered"
    assert core.refusal(Kind.HANG_UP, replace(ALONE, state=state)) == expected


@pytest.mark.parametrize(
    ("kind", "talk", "why"),
    [
        (Kind.HOLD, TALKING, None),
        (Kind.HOLD, HELD, "The call is on hold already"),
        (Kind.RESUME, TALKING, "The call is not on hold"),
        (Kind.RESUME, HELD, None),
        (Kind.MUTE, TALKING, None),
        (Kind.MUTE, MUTED, "The agent is muted already"),
        (Kind.UNMUTE, TALKING, "The agent is not muted"),
        (Kind.UNMUTE, MUTED, None),
        (Kind.HANG_UP, HELD, None),
        (Kind.DTMF, TALKING, None),
        (Kind.DTMF, HELD, "Cannot press keys for a customer who is on hold"),
    ],
)
def test_act_is_refused_where_it_would_change_nothing(kind: Kind, talk: Talk, why: str | None) -> None:
    assert core.refusal(kind, talk) == why


def test_hold_is_recorded_with_its_limit_before_the_customer_leaves_the_agent() -> None:
    record, music = core.steps(act(Kind.HOLD, maxSec=90), TALKING, NOW)
    assert record == core.RecordHold(NOW + timedelta(seconds=90))
    assert music == core.PlayMusic("customer")


def test_talk_is_recorded_when_the_customer_is_back() -> None:
    assert core.steps(act(Kind.RESUME), HELD, NOW) == (core.Bridge("customer", ("customer",)), core.RecordTalk())


def test_phone_that_was_muted_is_unmuted_whoever_talks_by_now() -> None:
    talk = replace(MUTED, agent_channel="another")
    assert core.steps(act(Kind.UNMUTE), talk, NOW)[0] == core.Unmute("agent")


@given(st.sampled_from(sorted(SUPERVISING)), st.sampled_from([TALKING, HELD, MUTED]))
def test_supervisor_changes_nothing_of_a_call_that_has_an_agent(kind: Kind, talk: Talk) -> None:
    assert core.refusal(kind, talk) is None
    assert (core.steps(act(kind), talk, NOW), core.undo(act(kind))) == ((), ())
    assert core.refusal(kind, replace(talk, agent_id=None, agent_channel=None)) is not None


@given(
    st.sampled_from(sorted(set(Kind) - SUPERVISING - CONSULTING - {Kind.TRANSFER})),
    st.sampled_from([TALKING, HELD, MUTED, replace(HELD, muted_channel="agent")]),
)
def test_what_must_be_undone_later_is_recorded_first(kind: Kind, talk: Talk) -> None:
    if core.refusal(kind, talk) is not None:
        return
    steps = core.steps(act(kind, digits="1"), talk, NOW)
    begins = any(isinstance(step, core.RecordHold | core.RecordMute) for step in steps)
    assert isinstance(steps[0], core.RecordHold | core.RecordMute) == begins
    assert bool(core.undo(act(kind))) == begins
