"""Workbooks that clients send, read by a process of their own."""

import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import msgspec

from tongdai import files
from tongdai.errors import InvalidInput
from tongdai.files import process
from tongdai.files.__main__ import LENGTH_BYTES, REFUSED, Found, Task
from tongdai.files.limits import Limits


@asynccontextmanager
async def as_csv(raw: bytes, limits: Limits, data_dir: Path) -> AsyncGenerator[tuple[IO[bytes], Found]]:
    """The rows of a workbook as a CSV file in UTF-8, which is there within the block. InvalidInput where it is none."""
    folder = str(data_dir / process.FOLDER)
    with tempfile.TemporaryFile(dir=folder) as file, tempfile.TemporaryFile(dir=folder) as out:
        file.write(raw)
        file.flush()
        task = msgspec.json.encode(Task(limits, os.getpid())).decode()
        code = await process.run(files.__name__, task, file, out, process.too_much(limits), REFUSED)
        out.seek(0)
        if code == REFUSED:
            raise InvalidInput(out.read().decode())
        yield out, _cut(out)


def _cut(file: IO[bytes]) -> Found:
    """Take what stands behind the rows off the file."""
    file.seek(-LENGTH_BYTES, os.SEEK_END)
    length = int.from_bytes(file.read())
    end = file.seek(-LENGTH_BYTES - length, os.SEEK_END)
    found = msgspec.json.decode(file.read(length), type=Found)
    file.truncate(end)
    return found
