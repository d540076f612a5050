"""Files on their way to the server: streamed from the disk, from the start again with each try."""

import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike, fstat
from pathlib import Path
from typing import BinaryIO

from tongdai.client.errors import FileChanged

Progress = Callable[[int, int], None]
"""Gets how many bytes of the file are sent, and how many there are. Falls to 0 when a try starts over."""

PIECE = 256 * 1024
FORMATS = {
    "csv": "text/csv",
    "tsv": "text/csv",  # the server finds the separator by itself
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The end of a file's name → its content type."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send."""

    path: Path
    content_type: str
    gzipped: bool
    """The file is compressed as it is."""
    compress: bool
    """It is compressed on the way."""
    progress: Progress | None

    @property
    def content_encoding(self) -> str | None:
        return "gzip" if self.gzipped or self.compress else None

    def open(self) -> "OpenUpload":
        """The file for one try. OSError when it cannot be read."""
        return OpenUpload(self, self.path.open("rb"))


class OpenUpload:
    """The body of one try."""

    def __init__(self, upload: Upload, file: BinaryIO) -> None:
        self._upload, self._file = upload, file
        self.size = fstat(file.fileno()).st_size
        """Of the file, when it was opened; what is added later is not sent."""

    @property
    def content_length(self) -> int | None:
        """None when compression decides."""
        return None if self._upload.compress else self.size

    def close(self) -> None:
        self._file.close()

    def pieces(self) -> Iterator[bytes]:
        """The body. The same bytes with each try, so that an idempotency key fits them all."""
        if not self._upload.compress:
            yield from self._raw()
            return
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: as gzip, without a date
        for piece in self._raw():
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()

    def _raw(self) -> Iterator[bytes]:
        done = 0
        self._say(done)
        while done < self.size:
            piece = self._file.read(min(PIECE, self.size - done))
            if not piece:
                raise FileChanged(f"{self._upload.path} became shorter while it was sent")
            yield piece
            done += len(piece)
            self._say(done)

    def _say(self, done: int) -> None:
        if self._upload.progress is not None:
            self._upload.progress(done, self.size)


def upload_of(
    file: str | PathLike[str],
    format: str | None,  # noqa: A002 - as the server calls it
    compress: bool,
    progress: Progress | None,
) -> Upload:
    """How a file is sent, by `format` or else the end of its name: one of FORMATS, also with `.gz` behind it.

    ValueError when it is none of them, OSError when there is no such file.
    """
    path = Path(file)
    if not stat.S_ISREG(path.stat().st_mode):
        # A pipe could not be read again for another try.
        raise ValueError(f"{path} is not a file")
    gzipped = path.suffix.lower() == ".gz"
    named = format or Path(path.stem if gzipped else path.name).suffix[1:].lower()
    if named not in FORMATS:
        raise ValueError(f"{path.name}: the format is not known by the name; expected one of {', '.join(FORMATS)}")
    # An XLSX is compressed already.
    return Upload(path, FORMATS[named], gzipped, compress and not gzipped and named != "xlsx", progress)
