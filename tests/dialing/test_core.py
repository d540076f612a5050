"""Which database continues the one that dialled last, and which is a restored backup."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.dialing.core import CLOCKS_DIFFER, LATELY, discontinuity
from tongdai.dialing.model import MESSAGES, MISSING, HoldReason, Identity, Present, Recorded, Remembered

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HERE = Identity(7_700_000_000_000_000_001, 16_384, 1)
ELSEWHERE = Identity(7_700_000_000_000_000_002, 16_384, 1)
MS = timedelta(milliseconds=1)
WEEKEND = timedelta(days=3)


def beat_of(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, UTC)) // MS


def recorded(at: datetime = NOW - WEEKEND, **changes: object) -> Recorded:
    return replace(Recorded(beat_of(at), at, HERE), **changes)


def remembered(at: datetime = NOW - WEEKEND, identity: Identity = HERE) -> list[Remembered]:
    return [Remembered(beat_of(at), identity)]


def present(**changes: object) -> Present:
    return replace(Present(HERE, NOW, embedded=True, file="5:1", file_copied=False, anybody=True), **changes)


@given(stopped_for=st.timedeltas(timedelta(0), timedelta(days=3000)), unacknowledged=st.integers(0, 5))
def test_database_that_was_stopped_continues_however_long(stopped_for: timedelta, unacknowledged: int) -> None:
    at = NOW - stopped_for
    row = recorded(at, beat=beat_of(at) + unacknowledged)
    assert discontinuity(row, remembered(at), present()) is None


def test_first_start_of_a_fresh_database_is_not_held() -> None:
    assert discontinuity(None, [], present(file=MISSING, anybody=False)) is None
    assert discontinuity(None, [], present(file=MISSING)) is None, "by a version that kept no beats"


def test_empty_database_has_nobody_to_call_whatever_is_remembered() -> None:
    assert discontinuity(None, remembered(), present(anybody=False)) is None


@pytest.mark.parametrize(
    ("reason", "row", "memory", "found"),
    [
        (HoldReason.WENT_BACK, recorded(), remembered(NOW - WEEKEND + MS), {}),
        (HoldReason.WENT_BACK, None, remembered(), {}),
        (HoldReason.OTHER_DATABASE, recorded(), remembered(), {"identity": ELSEWHERE}),
        (HoldReason.OTHER_DATABASE, recorded(), [], {"identity": replace(HERE, database_oid=16_385), "file": MISSING}),
        (HoldReason.DIRECTORY_COPIED, recorded(), remembered(), {"file_copied": True}),
        (HoldReason.BEAT_FILE_MISSING, recorded(), [], {"file": MISSING}),
        (HoldReason.CLOCK_BEHIND, recorded(NOW + CLOCKS_DIFFER + MS), remembered(NOW), {}),
        (HoldReason.NOT_CONTINUED, recorded(), [], {"identity": replace(HERE, timeline=2), "embedded": False}),
        (
            HoldReason.NOT_CONTINUED,
            recorded(),
            remembered(NOW - WEEKEND - 2 * LATELY),
            {"identity": replace(HERE, timeline=2)},
        ),
    ],
)
def test_restored_backup_is_held(
    reason: HoldReason, row: Recorded | None, memory: list[Remembered], found: dict[str, object]
) -> None:
    assert discontinuity(row, memory, present(**found)) is reason


@pytest.mark.parametrize(
    ("row", "memory"),
    [
        (recorded(), remembered()),
        (recorded(NOW - LATELY + MS), []),
        (recorded(NOW - LATELY + MS), remembered(NOW - WEEKEND)),
    ],
    ids=["whoever led remembers the last beats", "it was led until now", "by another process"],
)
def test_standby_with_every_acknowledged_beat_continues(row: Recorded, memory: list[Remembered]) -> None:
    promoted = present(identity=replace(HERE, timeline=2), embedded=False)
    assert discontinuity(row, memory, promoted) is None


def test_standby_that_lacks_an_acknowledged_beat_is_held() -> None:
    promoted = present(identity=replace(HERE, timeline=2), embedded=False)
    assert discontinuity(recorded(NOW - 2 * MS), remembered(NOW - MS), promoted) is HoldReason.WENT_BACK


def test_data_directory_of_a_process_on_another_machine_may_be_a_copy_or_new() -> None:
    for file, copied in ((MISSING, False), ("5:1", True)):
        away = present(embedded=False, file=file, file_copied=copied)
        assert discontinuity(recorded(), [], away) is None


def test_clock_may_be_behind_by_what_two_servers_differ() -> None:
    assert discontinuity(recorded(NOW + CLOCKS_DIFFER), remembered(NOW), present()) is None


def test_what_is_remembered_of_another_database_says_nothing_of_this_one() -> None:
    assert discontinuity(recorded(), remembered(NOW, ELSEWHERE), present()) is None


def test_what_is_not_known_is_not_compared() -> None:
    nothing = Identity()
    assert discontinuity(recorded(), remembered(), present(identity=nothing)) is None
    assert discontinuity(recorded(identity=nothing), remembered(), present()) is None


@pytest.mark.parametrize("file", [MISSING, "9:9"])
def test_release_accepts_the_file_that_was_found_and_no_other(file: str) -> None:
    released = recorded(NOW, accepted_file=file)
    found = present(file=file, file_copied=file != MISSING)
    assert discontinuity(released, [], found) is None
    assert discontinuity(released, [], replace(found, file="4:4", file_copied=True)) is HoldReason.DIRECTORY_COPIED


def test_every_reason_has_a_message_and_says_whether_calls_may_be_missing() -> None:
    assert MESSAGES.keys() == set(HoldReason)
    assert {reason for reason in HoldReason if not reason.of_database} == {HoldReason.OPERATOR, HoldReason.STARTED_HELD}
