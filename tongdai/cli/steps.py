"""Steps of long work on standard error: a bar on a terminal, lines in logs."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)


class Steps(Protocol):
    """Receives the progress of work in steps."""

    def step(self, description: str, total: int | None = None) -> None: ...

    def done(self, bytes_done: int) -> None: ...

    def paused(self, work: Callable[[], None]) -> None:
        """Do something else on the terminal, such as asking a question."""
        ...


@contextmanager
def steps() -> Generator[Steps]:
    """Show the steps during the block."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bars(bars)


class Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def step(self, description: str, total: int | None = None) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(description, total=total)

    def done(self, bytes_done: int) -> None:
        assert self._task is not None, "a step is begun before it is done"
        self._bars.update(self._task, completed=bytes_done)

    def paused(self, work: Callable[[], None]) -> None:
        self._bars.stop()
        work()
        self._bars.start()


class Lines:
    """A line for each step, and for each tenth of one whose size is known; else at each doubling."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._description, self._total, self._next, self._begun = "", 0, 0, 0.0

    def step(self, description: str, total: int | None = None) -> None:
        self._description, self._total, self._begun = description, total or 0, self._clock()
        self._next = max(self._total // 10, _LEAST)
        click.echo(description, err=True)

    def done(self, bytes_done: int) -> None:
        if bytes_done < self._next:
            return
        of = f" of {decimal(self._total)}" if self._total else ""
        elapsed = self._clock() - self._begun
        rate = f", {decimal(int(bytes_done / elapsed))}/s" if elapsed > 0 else ""
        click.echo(f"{self._description}: {decimal(bytes_done)}{of}{rate}", err=True)
        self._next = bytes_done + max(self._total // 10, _LEAST) if self._total else bytes_done * 2

    def paused(self, work: Callable[[], None]) -> None:
        work()


_LEAST = 10_000_000
"""Bytes between two lines."""
