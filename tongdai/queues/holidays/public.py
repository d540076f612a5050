"""Public holidays of countries, from the `holidays` package, in the country's own language."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years whose holidays are known: those of the moon are calculated as far as that."""


@lru_cache(maxsize=256)
def of_year(country: str, year: int) -> Mapping[date, str]:
    """The public holidays of a country in a year, by day; none of a country whose holidays are not known.

    Several holidays on one day have their names joined by `; `.
    """
    import holidays  # noqa: PLC0415 - loaded when somebody has hours

    if country not in holidays.list_supported_countries():
        return {}
    # Without a language the names are in that of the server's locale.
    language = getattr(holidays, country).default_language
    return dict(sorted(holidays.country_holidays(country, years=year, language=language).items()))


def days_of_year(year: int) -> tuple[date, date]:
    """The first and last day."""
    return date(year, 1, 1), date(year, 12, 31)


def of_years(country: str, first: int, last: int) -> dict[date, str]:
    """The public holidays from one year to another, both included."""
    return {day: name for year in range(first, last + 1) for day, name in of_year(country, year).items()}
