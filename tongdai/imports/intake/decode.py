"""Decoders of a body that carries a file, as it arrives: gzip, and forms with one file. Each passes on to a Sink."""

import re
import zlib
from collections.abc import Callable
from typing import Protocol

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from tongdai.errors import InvalidInput, shown
from tongdai.files.media_type import body_format_of_file
from tongdai.imports.readers import BodyFormat

PIECE = 1024 * 1024
"""Most bytes that are decompressed at once."""
FREE = 64 * 1024 * 1024
"""Decompressed bytes that any body may have, whatever its compression ratio."""
MAX_RATIO = 250
"""Highest compression ratio beyond FREE; lists of contacts come to 30."""
_GZIP = 16 + zlib.MAX_WBITS
MAX_FIELD = 4096
FIELDS = ("listName", "dry_run", "onDuplicate", "encoding", "sheet", "allSheets", "skipHidden", "columns")
"""The fields that a form may have beside its file; the same may be in the query."""
ALIASES = {"dryRun": "dry_run"}
SPELLINGS = {**{name: name for name in FIELDS}, **ALIASES}
"""Each spelling of them, and the name that it stands for."""
MAX_FILE_NAME = 255
_BOUNDARY = re.compile(r";\s*boundary\s*=\s*\"?([0-9A-Za-z'()+_,./:=? -]{1,200})", re.IGNORECASE)
_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Sink(Protocol):
    def take(self, data: bytes) -> None: ...

    def end(self) -> None:
        """All was taken. InvalidInput when that cannot be."""
        ...


class Gunzip:
    """Decompresses gzip. InvalidInput for what is no gzip, is cut off, or has too high a compression ratio."""

    def __init__(self, target: Sink) -> None:
        self._target = target
        self._decompressor = zlib.decompressobj(_GZIP)
        self._whole = False
        self._compressed_bytes = self._bytes = 0

    def take(self, data: bytes) -> None:
        self._compressed_bytes += len(data)
        try:
            while data:
                if self._whole:  # another member
                    self._decompressor, self._whole = zlib.decompressobj(_GZIP), False
                self._pass_on(self._decompressor.decompress(data, PIECE))
                self._whole = self._decompressor.eof
                data = self._decompressor.unused_data if self._whole else self._decompressor.unconsumed_tail
        except zlib.error as error:
            raise InvalidInput(f"The body is not gzip, as Content-Encoding says: {shown(error)}") from None

    def _pass_on(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > max(FREE, MAX_RATIO * self._compressed_bytes):
            raise InvalidInput(f"The body unpacks to more than {MAX_RATIO} times its size: it is refused")
        if piece:
            self._target.take(piece)

    def end(self) -> None:
        if not self._whole:
            raise InvalidInput("The body is cut off: its gzip stream has no end")
        self._target.end()


class Form:
    """A form's one file goes to the target, once `opened` was called with what it is; the fields are kept."""

    def __init__(self, content_type: str, target: Sink, opened: Callable[[BodyFormat, str | None], None]) -> None:
        boundary = _BOUNDARY.search(content_type)
        if boundary is None:
            raise InvalidInput("The form cannot be read: its Content-Type names no boundary")
        self.fields: dict[str, str] = {}
        self._target = target
        self._opened = opened
        try:
            self._parser = PushMultipartParser(boundary[1].rstrip(), max_segment_count=1 + len(SPELLINGS))
        except MultipartError as error:
            raise _unreadable(error) from None
        self._files = 0
        self._field: tuple[str, bytearray] | None = None
        """The field that is being read, when it is not the file."""

    def take(self, data: bytes) -> None:
        try:
            for event in self._parser.parse(data):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._finish()
                else:
                    self._add(bytes(event))
        except MultipartError as error:
            raise _unreadable(error) from None

    def end(self) -> None:
        try:
            self._parser.close()
        except MultipartError as error:
            raise _unreadable(error) from None
        if self._files == 0:
            raise InvalidInput("The form has no file: expected exactly one")
        self._target.end()

    def _begin(self, part: MultipartSegment) -> None:
        if part.filename is None and part.name in SPELLINGS:
            if part.name in self.fields:
                raise InvalidInput(f"{part.name} is given 2 times: expected once")
            self._field = (part.name, bytearray())
            return
        if part.filename is None and part.content_type is None:
            raise InvalidInput(
                f"The form has an unknown field {shown(part.name)}: expected one file, {', '.join(FIELDS)}"
            )
        self._files += 1
        if self._files > 1:
            raise InvalidInput("The form has more than one file: expected exactly one")
        name = file_name(part.filename or "")
        self._opened(body_format_of_file(part.content_type, part.charset, name or part.name or ""), name)

    def _add(self, data: bytes) -> None:
        if self._field is None:
            self._target.take(data)
            return
        name, value = self._field
        value += data
        if len(value) > MAX_FIELD:
            raise InvalidInput(f"{name} is longer than {MAX_FIELD} bytes")

    def _finish(self) -> None:
        if self._field is not None:
            name, value = self._field
            try:
                self.fields[name] = value.decode()
            except UnicodeDecodeError:
                raise InvalidInput(f"{name} is not text in UTF-8") from None
            self._field = None


def file_name(sent: str) -> str | None:
    """The last part of a path, without control characters; None when nothing is left."""
    name = _NO_NAME.sub("", sent.replace("\\", "/").rpartition("/")[2]).strip()
    return name[-MAX_FILE_NAME:] or None


def _unreadable(error: MultipartError) -> InvalidInput:
    return InvalidInput(f"The form cannot be read: {shown(error)}")
