"""Outcomes by the causes of a hang-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls.causes import outcome_of

# As measured on Asterisk 22 (and on 16, which tells no SIP status and gives a ring time-out the cause 0).
MEASURED = [
    ("we hang up an answered call", True, 16, None, Outcome.ANSWERED),
    ("the callee hangs up", True, 0, None, Outcome.ANSWERED),
    ("busy", False, 17, 486, Outcome.BUSY),
    ("busy, Asterisk 16", False, 17, None, Outcome.BUSY),
    ("unallocated", False, 1, 404, Outcome.INVALID_NUMBER),
    ("unallocated, Asterisk 16", False, 1, None, Outcome.INVALID_NUMBER),
    ("congestion", False, 34, 503, Outcome.FAILED),
    ("declined", False, 21, 603, Outcome.NO_ANSWER),
    ("unwanted", False, 21, 607, Outcome.NO_ANSWER),
    ("rejected on the callee's behalf", False, 21, 608, Outcome.NO_ANSWER),
    ("the trunk refuses our password", False, 21, 403, Outcome.FAILED),
    ("carrier dead until SIP gives up", False, 18, 408, Outcome.FAILED),
    ("carrier dead until our ring time-out", False, 19, 480, Outcome.FAILED),
    ("invalid format", False, 28, 484, Outcome.INVALID_NUMBER),
    ("a status that has no cause of its own", False, 127, 484, Outcome.INVALID_NUMBER),
    ("a cause of the carrier's in a status that says less", False, 1, 503, Outcome.INVALID_NUMBER),
    ("switched off, says the carrier", False, 20, 480, Outcome.NO_ANSWER),
]
RANG = [
    ("ring time-out", 19, 480, Outcome.NO_ANSWER),
    ("ring time-out, Asterisk 16", 0, None, Outcome.NO_ANSWER),
    ("we hang up while it rings", 16, None, Outcome.NO_ANSWER),
    ("declined, Asterisk 16", 21, None, Outcome.NO_ANSWER),
    ("declined", 21, 603, Outcome.NO_ANSWER),
    ("busy after all", 17, 486, Outcome.BUSY),
    ("the network fails while it rings", 38, 500, Outcome.FAILED),
    ("a server error while it rings", 127, 502, Outcome.FAILED),
]


@pytest.mark.parametrize(
    ("answered", "cause", "sip_status", "outcome"), [pytest.param(*c[1:], id=c[0]) for c in MEASURED]
)
def test_outcome_of_a_call_without_a_ringing_event(
    answered: bool, cause: int, sip_status: int | None, outcome: Outcome
) -> None:
    assert outcome_of(rang=False, answered=answered, cause=cause, sip_status=sip_status) is outcome


@pytest.mark.parametrize(("cause", "sip_status", "outcome"), [pytest.param(*c[1:], id=c[0]) for c in RANG])
def test_outcome_of_a_call_that_rang(cause: int, sip_status: int | None, outcome: Outcome) -> None:
    assert outcome_of(rang=True, answered=False, cause=cause, sip_status=sip_status) is outcome


statuses = st.none() | st.integers(100, 699) | st.integers()


@given(st.booleans(), st.integers(0, 127) | st.integers(), statuses)
def test_call_that_was_answered_is_answered_whatever_its_causes(rang: bool, cause: int, sip_status: int | None) -> None:
    assert outcome_of(rang=rang, answered=True, cause=cause, sip_status=sip_status) is Outcome.ANSWERED


UNANSWERED = {Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED, Outcome.INVALID_NUMBER}


@given(st.booleans(), st.integers(0, 127) | st.integers(), statuses)
def test_call_that_was_not_answered_has_an_outcome_whatever_its_causes(
    rang: bool, cause: int, sip_status: int | None
) -> None:
    outcome = outcome_of(rang=rang, answered=False, cause=cause, sip_status=sip_status)
    assert outcome in UNANSWERED
    assert outcome not in NOT_PLACED


@pytest.mark.parametrize("cause", range(128))
@pytest.mark.parametrize("sip_status", [None, 408, 480, 486, 503, 603])
def test_ringing_never_turns_a_number_into_an_invalid_or_a_busy_one(cause: int, sip_status: int | None) -> None:
    silent, rang = (outcome_of(rang=rang, answered=False, cause=cause, sip_status=sip_status) for rang in (False, True))
    assert rang is silent or (silent, rang) == (Outcome.FAILED, Outcome.NO_ANSWER)
