"""A tenant's calendar is the public one with its changes."""

from datetime import date

from tongdai.queues.holidays.model import CalendarDay, DaySpan, Edit, Holiday, calendar_of, in_effect

FIRST, SECOND, THIRD = (date(2027, 1, day) for day in (1, 2, 3))
HALF = (DaySpan(480, 720),)


def test_calendar_without_changes_is_the_public_one() -> None:
    assert calendar_of({FIRST: "New Year"}, {}) == [CalendarDay(FIRST, Holiday("New Year"), True, False, False)]


def test_changes_rename_add_and_remove() -> None:
    public = {FIRST: "New Year", SECOND: "Day off"}
    edits = {FIRST: Edit("Tết"), SECOND: Edit(None, removed=True), THIRD: Edit("Outing", HALF)}
    days = calendar_of(public, edits)
    assert [(one.day, one.holiday, one.public, one.removed) for one in days] == [
        (FIRST, Holiday("Tết"), True, False),
        (SECOND, Holiday("Day off"), True, True),
        (THIRD, Holiday("Outing", HALF), False, False),
    ]
    assert in_effect(days) == {FIRST: Holiday("Tết"), THIRD: Holiday("Outing", HALF)}


def test_half_day_keeps_the_name_of_the_public_holiday() -> None:
    assert in_effect(calendar_of({FIRST: "New Year"}, {FIRST: Edit(None, HALF)})) == {FIRST: Holiday("New Year", HALF)}


def test_change_of_a_public_holiday_that_has_moved_is_no_holiday() -> None:
    assert calendar_of({}, {FIRST: Edit(None, HALF), SECOND: Edit(None, removed=True)}) == []
