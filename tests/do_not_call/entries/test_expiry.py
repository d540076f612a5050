"""When do-not-call entries end, as people write it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tongdai.do_not_call.entries.expiry import UNREADABLE, is_exact, read_day, read_expiry

HANOI, NEW_YORK = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")
END_OF_2026 = datetime(2026, 12, 31, 17, tzinfo=UTC)
"""In Hanoi."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-31", "2026/12/31", "2026.12.31", "20261231", "31/12/2026", "31-12-2026", "31.12.2026", "31/12/26",
        "31 12 2026", "12/31/2026", "31 Dec 2026", "31-Dec-2026", "Dec 31, 2026", "December 31 2026",
        "ngày 31 tháng 12 năm 2026", "31 tháng 12 2026", " 31/12/2026 ", "'31/12/2026", '"2026-12-31"', "46387",
        "46387.0", "2026-12-31 00:00:00", "2026-12-31T00:00", "31/12/2026 0:00", "2027-01-01T00:00:00+07:00",
        "2026-12-31T17:00:00Z", "2026-12-31t17:00:00z", "2026-12-31 12:00:00-05:00",
    ],
)  # fmt: skip
def test_day_ends_at_midnight_in_the_tenants_zone_however_it_is_written(text: str) -> None:
    assert read_expiry(text, HANOI) == END_OF_2026


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("31/12/2026 17:30", datetime(2026, 12, 31, 10, 30, tzinfo=UTC)),
        ("2026-12-31T17:30:15.5", datetime(2026, 12, 31, 10, 30, 15, tzinfo=UTC)),
        ("Dec 31, 2026 17:30:00", datetime(2026, 12, 31, 10, 30, tzinfo=UTC)),
    ],
)
def test_clock_time_without_offset_is_one_of_the_tenants_zone(text: str, instant: datetime) -> None:
    assert read_expiry(text, HANOI) == instant


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05/06/2027", date(2027, 6, 5)),
        ("06/05/2027", date(2027, 6, 5)),
        ("13/06/2027", date(2027, 6, 13)),
        ("06/13/2027", date(2027, 6, 13)),
        ("29/02/2028", date(2028, 2, 29)),
    ],
)
def test_date_that_may_be_two_days_is_the_later_one(text: str, day: date) -> None:
    assert read_day(text) == day


def test_day_on_which_clocks_change_ends_at_its_midnight() -> None:
    assert read_expiry("2026-11-01", NEW_YORK) == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert read_expiry("Nov 1 2026", NEW_YORK) == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert read_expiry("2026-03-08", NEW_YORK) == datetime(2026, 3, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", " ", "-", "never", "N/A", "Không thời hạn", "vĩnh viễn", "9999-12-31"])
def test_entry_without_end(text: str | None) -> None:
    assert read_expiry(text, HANOI) is None


@pytest.mark.parametrize(
    "text",
    [
        "soon", "31/13/2026", "30/02/2027", "2026-12-32", "2026-13-01", "12/2026", "2026", "31/12", "1798675200",
        "1798675200000", "35000", "99999", "2026-12-31 25:00", "2026-12-31 12:60", "31 Foo 2026", "00/00/0000",
        "9999-12-31T23:00:00-05:00", "0000-00-00", "2026-12-31 x", "x" * 5000, "١٢",
    ],
)  # fmt: skip
def test_text_that_is_no_day_is_reported_as_such(text: str) -> None:
    assert read_expiry(text, HANOI) is UNREADABLE


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2026-12-31", True),
        ("2026-12-31T17:00:00Z", True),
        ("2026-12-31T17:00:00+07:00", True),
        ("2026-12-31T17:00:00", False),
        ("31/12/2026", False),
        ("9999-12-31T23:00:00-05:00", False),
        ("soon", False),
    ],
)
def test_exact_is_an_instant_with_its_offset_or_a_day_of_iso_8601(text: str, *, exact: bool) -> None:
    assert is_exact(text) is exact
