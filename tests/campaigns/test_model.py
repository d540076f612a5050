"""Transitions of a campaign, and its totals."""

import pytest

from tongdai.campaigns.model import TRANSITIONS, Action, Status, totals

ALLOWED = {
    (Action.START, Status.INPROCESS): Status.RUNNING,
    (Action.START, Status.PAUSED): Status.RUNNING,
    (Action.PAUSE, Status.RUNNING): Status.PAUSED,
    (Action.STOP, Status.RUNNING): Status.STOPPED,
    (Action.STOP, Status.PAUSED): Status.STOPPED,
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_transitions_are_the_documented_ones(action, status):
    assert TRANSITIONS[action].get(status) == ALLOWED.get((action, status))


def test_nothing_leads_out_of_stopped():
    assert not any(Status.STOPPED in moves for moves in TRANSITIONS.values())


def test_totals_count_each_contact_once_by_process_status_and_by_call_status():
    found = totals([(0, "", 5), (0, "busy", 2), (2, "answered", 3), (2, "busy", 1)])
    assert found.by_process_status == {0: 7, 1: 0, 2: 4}
    assert found.by_call_status == {"answered": 3, "busy": 3}
    assert found.contacts == 11


def test_totals_leave_out_outcomes_that_no_contact_has():
    assert totals([(0, "busy", 1), (2, "answered", 0)]).by_call_status == {"busy": 1}
