"""A reader's process: standard input is a workbook, a file; standard output gets its rows as CSV.

The first line names the separator; behind the rows comes what was found out about the workbook, as JSON, and how long
that is. A workbook that is refused ends with the code REFUSED and the message instead.
"""

import csv
import io
import os
import signal
import sys
from typing import IO

import msgspec

from tongdai.errors import InvalidInput
from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.detected import Detected, refuse_others
from tongdai.files.limits import Limits
from tongdai.files.process import NO_ROOM, TOO_MUCH, bound
from tongdai.files.reader import open_tables
from tongdai.files.table import all_rows
from tongdai.runtime import os_process
from tongdai.runtime.disk import is_full

REFUSED = 4
SEPARATOR = ","


LENGTH_BYTES = 4


class Found(msgspec.Struct):
    """The findings about a workbook."""

    sheet: str | None
    """The sheet that was read."""
    hidden_rows: int
    """Its rows that the workbook hides, read like others."""
    detected: Detected


class Task(msgspec.Struct):
    """The one argument, in JSON."""

    limits: Limits
    parent: int
    """The pid of the process that waits for the rows: without it there is nothing to do."""


def main() -> None:
    task = msgspec.json.decode(sys.argv[1], type=Task)
    os_process.die_with_parent(signal.SIGKILL, task.parent)
    bound(task.limits.memory_mb)
    out = sys.stdout.buffer
    try:
        _write(sys.stdin.buffer, out, task.limits)
    except InvalidInput as error:
        out.seek(0)
        out.truncate()
        out.write(error.message.encode())
        out.flush()
        os._exit(REFUSED)
    except MemoryError:
        os._exit(TOO_MUCH)  # there is no memory to say it with
    except OSError as error:
        if not is_full(error):
            raise
        os._exit(NO_ROOM)


def _write(file: IO[bytes], out: IO[bytes], limits: Limits) -> None:
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    text.write(f"sep={SEPARATOR}\n")
    writer = csv.writer(text, delimiter=SEPARATOR, lineterminator="\n")
    with open_tables(file, BodyFormat(Format.XLSX), limits, lambda _: False) as opened:
        table = next(opened.tables)
        refuse_others(opened.detected)
        writer.writerows(all_rows(table.rest(table.start, 0)))
        found = msgspec.json.encode(Found(table.sheet, table.hidden.read, opened.detected))
    text.detach()
    out.write(found + len(found).to_bytes(LENGTH_BYTES))
    out.flush()


if __name__ == "__main__":
    main()
