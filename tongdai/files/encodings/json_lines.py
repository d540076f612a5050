"""NDJSON files as lines of bytes."""

from collections.abc import Iterator
from typing import IO

from tongdai.errors import InvalidInput

MAX_LINE = 1024 * 1024
"""Bytes."""
BOM = b"\xef\xbb\xbf"


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """The lines from where the file is, the first without its byte order mark; InvalidInput when one is too long."""
    first = True
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise InvalidInput(f"A line is longer than {MAX_LINE // 1024} KB: expected a JSON object in each line")
        yield line.removeprefix(BOM) if first else line
        first = False
