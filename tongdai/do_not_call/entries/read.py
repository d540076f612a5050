"""A file of do-not-call numbers → its rows, checked, where it is read: in a thread, or in a process of its own."""

from collections.abc import Generator
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

import msgspec

from tongdai.do_not_call.entries.file_reader import open_numbers
from tongdai.do_not_call.entries.validation import Checked, RowContext, check_all
from tongdai.do_not_call.model import MAX_ROWS
from tongdai.files import BodyFormat, Limits
from tongdai.files.detected import Detected


class Task(msgspec.Struct):
    """A file to read, and the tenant for which; in JSON, the one argument of a process that reads it."""

    body_format: BodyFormat
    limits: Limits
    country: str
    zone: str
    """Both with `now`: the RowContext."""
    now: datetime
    listed: int
    """How many failed rows, and how many warnings, are wanted at most."""
    parent: int
    """The pid of the process that waits for the rows: without it there is nothing to do."""


def read(file: IO[bytes], task: Task) -> Generator[Checked, None, Detected]:
    """The rows, at most MAX_ROWS, and at the end what was read as what. InvalidInput where it is no such file."""
    context = RowContext(task.country, ZoneInfo(task.zone), task.now)
    today = context.now.astimezone(context.zone).date()
    with open_numbers(file, task.body_format, task.limits, today, MAX_ROWS) as found:
        first, failed, warned = 1, 0, 0
        for batch in found.batches():
            checked = check_all(batch, context, first)
            yield checked._replace(
                invalid=checked.invalid[: max(0, task.listed - failed)],
                warnings=checked.warnings[: max(0, task.listed - warned)],
            )
            first += len(batch)
            failed += checked.failed
            warned += checked.warned
        return found.detected
