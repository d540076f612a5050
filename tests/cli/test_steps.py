"""Progress of long work on standard error."""

import pytest

from tongdai.cli.steps import Lines


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_say_each_tenth_with_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    lines.step("Restoring", 200_000_000)
    for megabytes in range(1, 201):
        clock.now += 0.5
        lines.done(megabytes * 1_000_000)
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["Restoring", "Restoring: 20.0 MB of 200.0 MB, 2.0 MB/s"]
    assert len(said) == 1 + 10


def test_lines_of_unknown_size_become_rarer(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    lines.step("Backing up")
    for megabytes in range(1, 101):
        clock.now += 0.1
        lines.done(megabytes * 1_000_000)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "Backing up",
        *(f"Backing up: {size}.0 MB, 10.0 MB/s" for size in (10, 20, 40, 80)),
    ]


def test_small_work_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(Clock())
    lines.step("Checking the file", 5_000)
    lines.done(5_000)
    lines.step("Verifying")
    assert capsys.readouterr().err.splitlines() == ["Checking the file", "Verifying"]
