"""Progress of an upload and its import, on standard error: bars on a terminal, a line at each tenth in logs."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from tongdai.cli.tables import counted
from tongdai_client import ImportJob


class Shown(Protocol):
    """Receives the progress of an import."""

    def sent(self, done: int, total: int) -> None:
        """Show the number of bytes sent; it falls to 0 when the file is sent again."""
        ...

    def taken_in(self, job: ImportJob) -> None:
        """Show the number of rows processed."""
        ...


@contextmanager
def progress(name: str) -> Generator[Shown]:
    """Show progress during the block, for the file of that name."""
    if not sys.stderr.isatty():
        yield Lines(name)
        return
    remaining = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), _Counts(), _Rate(), remaining)
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield Bars(bars, name)


class _Counts(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(_counts(int(task.completed), int(task.total or 0), task.fields["unit"]))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{decimal(int(speed))}/s" if task.fields["unit"] == "bytes" else f"{speed:,.0f} rows/s")


class Bars:
    """Two bars, one after the other, on a terminal."""

    def __init__(self, bars: Progress, name: str) -> None:
        self._bars, self._name = bars, name
        self._tasks: dict[str, TaskID] = {}

    def sent(self, done: int, total: int) -> None:
        task = self._task("bytes", f"Sending {self._name}", total)
        if done == 0:
            self._bars.reset(task, total=total)
        self._bars.update(task, completed=done)

    def taken_in(self, job: ImportJob) -> None:
        task = self._task("rows", f"Import {job.job_id}", job.total_rows)
        self._bars.update(task, completed=job.processed_rows)

    def _task(self, unit: str, description: str, total: int) -> TaskID:
        if unit not in self._tasks:
            self._tasks[unit] = self._bars.add_task(description, total=total, unit=unit)
        return self._tasks[unit]


class Lines:
    """A line for each tenth, for logs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tenths: dict[str, int] = {}

    def sent(self, done: int, total: int) -> None:
        self._say("bytes", f"Sending {self._name}", done, total)

    def taken_in(self, job: ImportJob) -> None:
        self._say("rows", f"Import {job.job_id}", job.processed_rows, job.total_rows)

    def _say(self, unit: str, what: str, done: int, total: int) -> None:
        tenth = done * 10 // total if total else 10
        if self._tenths.get(unit) != tenth:
            self._tenths[unit] = tenth
            click.echo(f"{what}: {_counts(done, total, unit)}", err=True)


def _counts(done: int, total: int, unit: str) -> str:
    return f"{decimal(done)} of {decimal(total)}" if unit == "bytes" else f"{done:,} of {counted(total, 'row')}"
