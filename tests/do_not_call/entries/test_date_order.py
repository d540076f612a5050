"""The order of day and month in a column of dates."""

import pytest

from tongdai.do_not_call.entries.date_order import Order, in_iso, order_of


@pytest.mark.parametrize(
    ("dates", "order", "read"),
    [
        (["06/05/2027", "05/13/2027"], Order.MONTH_FIRST, ["2027-06-05", "2027-05-13"]),
        (["05/13/2027", "06/05/2027"], Order.MONTH_FIRST, ["2027-05-13", "2027-06-05"]),
        (["06/05/2027", "13/05/2027"], Order.DAY_FIRST, ["2027-05-06", "2027-05-13"]),
        (["06.05.27", "13-5-2027"], Order.DAY_FIRST, ["2027-05-06", "2027-05-13"]),
        (["05/06/2027 17:30", "12/13/2027T00:00"], Order.MONTH_FIRST, ["2027-05-06 17:30", "2027-12-13T00:00"]),
        (["06/05/2027", "05/06/2027", "05/05/2027"], None, ["2027-06-05", "2027-06-05", "2027-05-05"]),
        (["13/05/2027", "05/13/2027", "06/05/2027"], None, ["2027-05-13", "2027-05-13", "2027-06-05"]),
        (["'13/05/2027", "06/05/2027"], Order.DAY_FIRST, ["2027-05-13", "2027-05-06"]),
        (["2027-05-13", "06/05/2027"], None, ["2027-05-13", "2027-06-05"]),
        (
            [None, "soon", "31/13/2027", "46387", "06/05/2027x"],
            None,
            [None, "soon", "31/13/2027", "46387", "06/05/2027x"],
        ),
    ],
)
def test_dates_that_fit_one_order_only_decide_it_for_the_column(
    dates: list[str | None], order: Order | None, read: list[str | None]
) -> None:
    found = order_of(dates)
    assert found.order == order
    assert [in_iso(text, order) for text in dates] == read


def test_order_is_explained_where_a_date_depends_on_it() -> None:
    assert order_of(["13/05/2027", "05/05/2027"]).note() is None
    assert order_of(["06/05/2027", "05/13/2027"]).note() == (
        "Dates of expiresAt are read as month/day/year, as 05/13/2027 shows"
    )
    later = "06/05/2027 is read as 2027-06-05, the later one of both days, and so are others like it"
    assert order_of(["06/05/2027"]).note() == (
        "Dates of expiresAt: no date shows whether the day or the month is first; "
        f"{later}. Write 2030-01-31 to be exact"
    )
    assert order_of(["13/05/2027", "05/14/2027", "06/05/2027"]).note() == (
        "Dates of expiresAt: 13/05/2027 has the day first and 05/14/2027 the month; "
        f"{later}. Write 2030-01-31 to be exact"
    )
