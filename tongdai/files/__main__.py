"""A reader's process: standard input is a workbook, a file; standard output gets its rows as CSV.

The first line names the separator. A workbook that is refused ends with the code REFUSED and the message instead.
"""

import csv
import io
import os
import signal
import sys
from typing import IO

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.files.body_format import BodyFormat, Format
from tongdai.files.limits import Limits
from tongdai.files.process import TOO_MUCH, bound
from tongdai.files.reader import open_tables
from tongdai.files.table import all_rows
from tongdai.runtime import os_process

REFUSED = 4
SEPARATOR = ","


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


def _write(file: IO[bytes], out: IO[bytes], limits: Limits) -> None:
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    text.write(f"sep={SEPARATOR}\n")
    writer = csv.writer(text, delimiter=SEPARATOR, lineterminator="\n")
    with open_tables(file, BodyFormat(Format.XLSX), limits, lambda _: False) as opened:
        table = next(opened.tables)
        if left_out := ", ".join(shown(sheet.sheet) for sheet in opened.detected.left_out[:5]):
            raise InvalidInput(f"Other sheets of the workbook have rows too: {left_out}. Send each as a file")
        writer.writerows(all_rows(table.rest(table.start, 0)))
    text.detach()


if __name__ == "__main__":
    main()
