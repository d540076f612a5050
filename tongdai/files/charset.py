"""The lines of a text file, whatever its character set."""

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import IO

from tongdai.errors import InvalidInput, shown

BLOCK = 1024 * 1024
MAX_LINE = 1024 * 1024
"""Characters."""
UTF_8, VIETNAMESE = "utf-8", "cp1258"
NAMES = {UTF_8: "UTF-8", VIETNAMESE: "Windows-1258", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}

_MARKS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WINDOW = 64 * 1024
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_UTF_8_LETTER = re.compile(rb"[\xc3-\xc6][\x80-\xbf]|\xe1[\xba\xbb][\x80-\xbf]")
"""How UTF-8 writes Vietnamese; in Windows-1258 it would be a letter and signs that nobody puts after it."""


def lines(file: IO[bytes], charset: str | None) -> Iterator[str]:
    """Each with its line end, from the beginning; see `blocks`."""
    return chain.from_iterable(map(lines_of, blocks(file, charset)))


def lines_of(block: str) -> Iterator[str]:
    """Each with its line end, be it a line feed, a carriage return or both."""
    return io.StringIO(block, newline="")


def blocks(file: IO[bytes], charset: str | None) -> Iterator[str]:
    """The text, about a megabyte of whole lines at a time; `charset` None finds out which it is.

    Raises InvalidInput, naming the line: bytes that are none of the character set's, NUL, a line that has no end.
    """
    file.seek(0)
    mark, marked = _mark(file.read(4))
    codec = marked or charset or detect(file)
    return _texts(file, codec, len(mark))


def detect(file: IO[bytes]) -> str:
    """UTF-16 by its zeros, then by the first text that is not ASCII: UTF-8, or else Windows-1258."""
    file.seek(0)
    start = file.read(4096)
    if len(start) > 1 and start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    file.seek(0)
    while block := file.read(BLOCK):
        if not block.isascii():
            found = _NOT_ASCII.search(block)
            assert found is not None
            window = block[found.start() : found.start() + _WINDOW] + file.read(4)
            return UTF_8 if _is_utf_8(window) else VIETNAMESE
    return UTF_8


def _mark(start: bytes) -> tuple[bytes, str | None]:
    return next(((mark, codec) for mark, codec in _MARKS if start.startswith(mark)), (b"", None))


def _is_utf_8(window: bytes) -> bool:
    """Whether its first characters beyond ASCII are; what comes later may be wrong, and is then named."""
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(window)
    except UnicodeDecodeError as error:
        return _UTF_8_LETTER.search(window[: error.start]) is not None
    return True


def _texts(file: IO[bytes], codec: str, offset: int) -> Iterator[str]:
    """Whole lines, about a block of them at a time. The last one too ends as lines do."""
    decoder = codecs.getincrementaldecoder(codec)()
    file.seek(offset)
    rest = ""
    while block := file.read(BLOCK):
        text = rest + _decoded(decoder, block, file, codec)
        end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        rest = text[end:]
        if len(rest) > MAX_LINE:
            raise InvalidInput(f"Line {_line(file, codec, 0)} is longer than {MAX_LINE // 1024} K characters")
        if end:
            yield text[:end]
    rest += _decoded(decoder, b"", file, codec)
    if rest:
        yield rest if rest.endswith(("\n", "\r")) else rest + "\n"


def _decoded(decoder: codecs.IncrementalDecoder, block: bytes, file: IO[bytes], codec: str) -> str:
    """The next characters; composed ones where the character set writes accents apart."""
    before = decoder.getstate()[0]
    try:
        text = decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        raise _invalid(file, codec, len(block) + len(before) - error.start) from None
    if "\0" in text:
        left = len(text[text.index("\0") :].encode(codec)) + len(decoder.getstate()[0])
        raise InvalidInput(f"Line {_line(file, codec, left)} has a NUL character: not text")
    if codec == VIETNAMESE and not block.isascii():
        if (found := _UTF_8_LETTER.search(block)) is not None:
            line = _line(file, codec, len(block) - found.start())
            raise InvalidInput(f"Line {line} is written in UTF-8, others in {NAMES[codec]}: expected one of them")
        return unicodedata.normalize("NFC", text)
    return text


def _invalid(file: IO[bytes], codec: str, left: int) -> InvalidInput:
    name = NAMES.get(codec, codec)
    return InvalidInput(f"Line {_line(file, codec, left)} has bytes that are not {shown(name)}: is the file whole?")


def _line(file: IO[bytes], codec: str, left: int) -> int:
    """The number of the line `left` bytes before where `file` stands."""
    at = file.tell() - left
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    number = 1
    while at > 0 and (block := file.read(min(at, BLOCK))):
        number += decoder.decode(block).count("\n")
        at -= len(block)
    return number
