"""Public holidays by country, in its own language."""

from datetime import date

from tongdai.queues.holidays.public import FIRST_YEAR, LAST_YEAR, of_year, of_years


def test_vietnamese_holidays_have_their_names() -> None:
    found = of_year("VN", 2027)
    assert found[date(2027, 1, 1)] == "Tết Dương lịch"
    assert found[date(2027, 2, 6)] == "Tết Nguyên Đán"
    assert found[date(2027, 4, 16)] == "Ngày Giỗ Tổ Hùng Vương"
    assert found[date(2027, 9, 2)] == "Quốc khánh"
    assert {day.year for day in found} == {2027}


def test_lunar_new_year_is_known_in_every_year() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        assert "Tết Nguyên Đán" in of_year("VN", year).values(), year


def test_country_whose_holidays_are_not_known_has_none() -> None:
    assert of_year("ZZ", 2027) == {}
    assert of_years("ZZ", 2026, 2028) == {}


def test_years_follow_one_another() -> None:
    assert of_years("VN", 2026, 2027) == {**of_year("VN", 2026), **of_year("VN", 2027)}
