"""Types of options: accepted and refused durations and texts."""

import os
from datetime import timedelta

import click
import pytest

from tongdai.cli import main
from tongdai.cli.param_types import DURATION


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("24h", 86400), ("30d", 2592000), ("0s", 0), ("36500d", None)]
)
def test_durations(text: str, seconds: int | None) -> None:
    assert DURATION.convert(text, None, None) == timedelta(seconds=seconds if seconds is not None else 36500 * 86400)


@pytest.mark.parametrize("text", ["", "5", "d", "-5d", "1.5h", "٣d", "5 d", "5D", "36501d", "5d\n"])
def test_texts_that_are_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize("name", ["", "x" * 256, "two\nlines", os.fsdecode(b"\xff")])
def test_names_that_are_no_line_of_text_are_refused(name: str) -> None:
    with pytest.raises(SystemExit, check=lambda ended: ended.code == 2):
        main(["tenant", "create", "5", "--name", name])
