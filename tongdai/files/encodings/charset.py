"""The text of a file, whatever its character set."""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from tongdai.errors import InvalidInput, shown
from tongdai.files.cells import has_odd_characters
from tongdai.files.encodings import legacy_vietnamese
from tongdai.files.encodings.legacy_vietnamese import CONVERSIONS, Likeness, likeness

BLOCK = 1024 * 1024
MAX_LINE = 1024 * 1024
"""Characters."""
UTF_8, VIETNAMESE = "utf-8", "cp1258"
NAMES = {
    UTF_8: "UTF-8",
    VIETNAMESE: "Windows-1258",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "tcvn3": "TCVN3",
    "vni": "VNI",
}

_MARKS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WINDOW = 64 * 1024
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_UTF_8_LETTER = re.compile(rb"[\xc3-\xc6][\x80-\xbf]|\xe1[\xba\xbb][\x80-\xbf]")
"""How UTF-8 writes Vietnamese; in Windows-1258 it would be a letter and signs that nobody puts after it."""
_BYTE_FOR_BYTE = "latin-1"
_LIKELY = 0.7
"""The share of a text's words that are Vietnamese when its encoding is beyond doubt."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a file are read."""

    codec: str
    """Python's name."""
    conversion: str | None = None
    """One of CONVERSIONS, of the characters that the codec gives."""
    doubt: str | None = None
    """Why it may be another one; None: it is certain, or was given."""

    @property
    def name(self) -> str:
        codec = NAMES.get(self.codec, self.codec)
        if self.conversion is None:
            return codec
        converted = NAMES[self.conversion]
        return converted if self.codec == _BYTE_FOR_BYTE else f"{converted} in {codec}"


@dataclass(frozen=True, slots=True)
class Block:
    """About a megabyte of whole lines. The last one too ends as lines do."""

    text: str
    odd: bool
    """Whether it may have odd characters; see cells.py."""


def opened(file: IO[bytes], charset: str | None) -> tuple[Encoding, Iterator[Block]]:
    """How a file is read, and its text from the beginning; `charset` None finds out which it is.

    The text raises InvalidInput, naming the line: bytes that are none of the character set's, NUL, a line without end.
    """
    file.seek(0)
    mark, marked = _mark(file.read(4))
    encoding = _encoding(file, marked, charset)
    return encoding, _blocks(file, encoding, len(mark))


def _encoding(file: IO[bytes], marked: str | None, charset: str | None) -> Encoding:
    """A byte order mark wins over the request, and a conversion that the request names over what is detected."""
    if charset in CONVERSIONS:
        codec, window = (marked, b"") if marked is not None else _by_bytes(file)
        unicode = codec in {"utf-16-le", "utf-16-be"} or (codec == UTF_8 and (window or marked))
        return Encoding(codec if unicode else _BYTE_FOR_BYTE, charset)
    if charset is not None:
        return Encoding(marked or charset)
    codec, window = _by_bytes(file)
    codec = marked or codec
    if codec == VIETNAMESE:
        return _legacy(window)
    text = window.decode(codec, "ignore") if codec == UTF_8 else ""
    return Encoding(codec, legacy_vietnamese.written_in(text) if text else None)


def _by_bytes(file: IO[bytes]) -> tuple[str, bytes]:
    """UTF-16 by its zeros, then by the first text that is not ASCII: UTF-8, or else Windows-1258; and that text."""
    file.seek(0)
    start = file.read(4096)
    if len(start) > 1 and start.count(0) > len(start) // 4:
        return ("utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"), b""
    file.seek(0)
    while block := file.read(BLOCK):
        if not block.isascii():
            found = _NOT_ASCII.search(block)
            assert found is not None
            window = block[found.start() : found.start() + _WINDOW] + file.read(4)
            return (UTF_8 if _is_utf_8(window) else VIETNAMESE), window
    return UTF_8, b""


def _legacy(window: bytes) -> Encoding:
    """The encoding of Vietnamese in single bytes in which most words of the text are Vietnamese."""
    plain = window.decode(_BYTE_FOR_BYTE)
    found = {
        VIETNAMESE: likeness(unicodedata.normalize("NFC", window.decode(VIETNAMESE, "replace"))),
        **{name: likeness(convert(plain)) for name, convert in CONVERSIONS.items()},
    }
    best = max(found, key=lambda name: found[name].share)
    doubt = None if found[best].share >= _LIKELY else _doubt(best, found[best])
    return Encoding(VIETNAMESE, doubt=doubt) if best == VIETNAMESE else Encoding(_BYTE_FOR_BYTE, best, doubt)


def _doubt(name: str, like: Likeness) -> str:
    return (
        f"Read as {NAMES[name]}, in which {like.words - like.syllables} of {like.words} words with accents are not "
        f"Vietnamese, such as {shown(like.other)[:30]}"
    )


def _mark(start: bytes) -> tuple[bytes, str | None]:
    return next(((mark, codec) for mark, codec in _MARKS if start.startswith(mark)), (b"", None))


def _is_utf_8(window: bytes) -> bool:
    """Whether its first characters beyond ASCII are; what comes later may be wrong, and is then named."""
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(window)
    except UnicodeDecodeError as error:
        return _UTF_8_LETTER.search(window[: error.start]) is not None
    return True


def _blocks(file: IO[bytes], encoding: Encoding, offset: int) -> Iterator[Block]:
    codec = encoding.codec
    convert = None if encoding.conversion is None else CONVERSIONS[encoding.conversion]
    decoder = codecs.getincrementaldecoder(codec)()
    file.seek(offset)
    rest, odd = "", False
    while block := file.read(BLOCK):
        text = rest + _decoded(decoder, block, file, codec)
        odd = odd or codec != UTF_8 or has_odd_characters(block)
        end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        rest = text[end:]
        if len(rest) > MAX_LINE:
            raise InvalidInput(f"Line {_line(file, codec, 0)} is longer than {MAX_LINE // 1024} K characters")
        if end:
            yield Block(text[:end] if convert is None else convert(text[:end]), odd)
    rest += _decoded(decoder, b"", file, codec)
    if rest:
        last = rest if rest.endswith(("\n", "\r")) else rest + "\n"
        yield Block(last if convert is None else convert(last), odd)


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
