from dataclasses import replace
from datetime import timedelta

import pytest

from tongdai.health.model import MESSAGES, WAITS_LONG, Part, Reason, Seen, State, findings, worst

WORKS = Seen(free_mb=10_000, min_free_mb=512, led=True, connected=True, held=False, waiting=None)


def faults(**changed):
    """The parts that are not in order, and why."""
    found = findings(replace(WORKS, **changed))
    assert [one.part for one in found] == list(Part)
    return {one.part: (one.state, one.reason) for one in found if one.state is not State.OK}


def test_all_works():
    assert faults() == {}
    assert worst(findings(WORKS)) is State.OK


@pytest.mark.parametrize(
    ("free_mb", "state", "reason"),
    [
        (512, None, None),
        (511, State.WARNING, Reason.DISK_LOW),
        (256, State.WARNING, Reason.DISK_LOW),
        (255, State.FAILED, Reason.DISK_FULL),
    ],
)
def test_the_disk_is_low_where_uploads_are_refused_and_full_where_imports_wait(free_mb, state, reason):
    assert faults(free_mb=free_mb) == ({} if state is None else {Part.DISK: (state, reason)})


def test_a_switch_that_nobody_leads_is_not_known():
    hidden = State.UNKNOWN, None
    telephony = State.FAILED, Reason.NO_TELEPHONY
    assert faults(led=False) == {Part.TELEPHONY: telephony, Part.SWITCH: hidden, Part.DIALING: hidden}
    assert faults(led=False, connected=False, held=True)[Part.DIALING] == (State.FAILED, Reason.DIALING_HELD)


def test_a_switch_without_a_connection_dials_nothing():
    found = faults(connected=False)
    assert found == {Part.SWITCH: (State.FAILED, Reason.NO_SWITCH), Part.DIALING: (State.UNKNOWN, None)}


def test_an_import_may_wait_for_its_turn():
    assert faults(waiting=WAITS_LONG - timedelta(seconds=1)) == {}
    assert faults(waiting=WAITS_LONG) == {Part.IMPORTS: (State.WARNING, Reason.IMPORTS_WAIT)}


def test_the_worst_counts():
    assert worst(findings(replace(WORKS, free_mb=511))) is State.WARNING
    assert worst(findings(replace(WORKS, free_mb=511, connected=False))) is State.FAILED


def test_every_reason_has_a_message():
    assert MESSAGES.keys() == set(Reason)
