"""Types of options: accepted and refused durations and texts."""

import os
from datetime import datetime, timedelta, timezone

import click
import pytest

from tongdai.cli import main
from tongdai.cli.param_types import DURATION, INSTANT


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("30d", 2592000), ("0s", 0), ("36500d", None)]
)
def test_durations(text: str, seconds: int | None) -> None:
    assert DURATION.convert(text, None, None) == timedelta(seconds=seconds if seconds is not None else 36500 * 86400)


@pytest.mark.parametrize("text", ["", "5", "d", "-5d", "1.5h", "٣d", "5 d", "5D", "36501d", "5d\n"])
def test_texts_that_are_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize(
    "text", ["2027-03-10T09:00:00+07:00", "2027-03-10T09:00+07:00", "2027-03-10 09:00+0700", "2027-03-10T02:00Z"]
)
def test_instants(text: str) -> None:
    assert INSTANT.convert(text, None, None) == datetime(2027, 3, 10, 9, tzinfo=timezone(timedelta(hours=7)))


@pytest.mark.parametrize("text", ["", "2027-03-10T09:00:00", "2027-03-10", "09:00", "10/03/2027 09:00+07:00"])
def test_texts_that_are_no_instant_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"2027-03-10T09:00:00\+07:00"):
        INSTANT.convert(text, None, None)


@pytest.mark.parametrize("name", ["", "x" * 256, "two\nlines", os.fsdecode(b"\xff")])
def test_names_that_are_no_line_of_text_are_refused(name: str) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(["tenant", "create", "5", "--name", name])
