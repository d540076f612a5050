"""Uploads: stream a file from the disk, from its start again with each try."""

import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike, fstat
from pathlib import Path
from typing import BinaryIO

from tongdai_client.errors import FileChanged

Progress = Callable[[int, int], None]
"""Called with the bytes of the file sent so far and the size of the file. Restarts at 0 with each try."""

CHUNK_SIZE = 256 * 1024
FORMATS = {
    "csv": "text/csv",
    "tsv": "text/csv",  # the server detects the separator
    "txt": "text/csv",
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""File name extension → content type."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send."""

    path: Path
    content_type: str
    gzipped: bool
    """The file itself is compressed."""
    compress: bool
    """The file is compressed while it is sent."""
    progress: Progress | None

    @property
    def content_encoding(self) -> str | None:
        return "gzip" if self.gzipped or self.compress else None

    def open(self) -> "OpenUpload":
        """Open the file for one try. OSError if it cannot be read."""
        return OpenUpload(self, self.path.open("rb"))


class OpenUpload:
    """The request body of one try."""

    def __init__(self, upload: Upload, file: BinaryIO) -> None:
        self.upload, self._file = upload, file
        self.size = fstat(file.fileno()).st_size
        """Size of the file when it was opened; what is appended later is not sent."""

    @property
    def content_length(self) -> int | None:
        """None if the file is compressed while it is sent."""
        return None if self.upload.compress else self.size

    def close(self) -> None:
        self._file.close()

    def chunks(self) -> Iterator[bytes]:
        """The body; the same bytes with each try, as one idempotency key covers all tries."""
        if not self.upload.compress:
            yield from self._file_chunks()
            return
        compressor = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: gzip format, without a modification time
        for chunk in self._file_chunks():
            if compressed := compressor.compress(chunk):
                yield compressed
        yield compressor.flush()

    def _file_chunks(self) -> Iterator[bytes]:
        sent = 0
        self._report(sent)
        while sent < self.size:
            chunk = self._file.read(min(CHUNK_SIZE, self.size - sent))
            if not chunk:
                raise FileChanged(f"{self.upload.path} was truncated during the upload")
            yield chunk
            sent += len(chunk)
            self._report(sent)

    def _report(self, sent: int) -> None:
        if self.upload.progress is not None:
            self.upload.progress(sent, self.size)


def upload_of(
    file: str | PathLike[str],
    format: str | None,  # noqa: A002 - as the server calls it
    compress: bool,
    progress: Progress | None,
) -> Upload:
    """The upload of a file whose format is `format` or else its extension: one of FORMATS, optionally before `.gz`.

    ValueError for another format, OSError if the file does not exist.
    """
    path = Path(file)
    if not stat.S_ISREG(path.stat().st_mode):
        # A pipe cannot be read again for another try.
        raise ValueError(f"{path} is not a file")
    gzipped = path.suffix.lower() == ".gz"
    name = format or Path(path.stem if gzipped else path.name).suffix[1:].lower()
    if name not in FORMATS:
        raise ValueError(f"{path.name}: unknown format; expected one of {', '.join(FORMATS)}")
    # XLSX is compressed already.
    return Upload(path, FORMATS[name], gzipped, compress and not gzipped and name != "xlsx", progress)
