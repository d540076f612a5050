"""The parts of a workbook that its reader does not show: hidden rows, formulas without results, errors, digits.

The reader (calamine) gives the values of cells: a formula that has none, an error and an empty cell are the same to it,
numbers have 15 digits, and leading zeros that a format shows are not there. Only workbooks whose sheet has one of these
are parsed a second time: a search through its text finds out.
"""

import re
import zipfile
import zlib
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from tongdai.files.cells import NO_RESULT

BLOCK = 1024 * 1024
_WORKSHEETS = frozenset(
    f"http://{schema}/officeDocument/{kind}/worksheet"
    for schema, kind in (("schemas.openxmlformats.org", "2006/relationships"), ("purl.oclc.org/ooxml", "relationships"))
)
_MARKS = (b'hidden="', b"<f", b":f>", b":f ", b't="e"')
_ROW = re.compile(rb"<(?:\w+:)?row[ >]")
_LONG_NUMBER = re.compile(r"-?[0-9]{16,}")
_TRUE = frozenset(("1", "true"))


class BadPart(Exception):
    """A part is missing, cut off, or no XML of a workbook."""


@contextmanager
def _reading() -> Generator[None]:
    try:
        yield
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError) as error:
        raise BadPart(f"{type(error).__name__} {error}") from None


class Marks(NamedTuple):
    """A row's properties beside its values."""

    row: int
    """From 1."""
    hidden: bool
    texts: Mapping[int, str]
    """Texts of cells, by column from 0: an error, a formula that has no result, digits as a format shows them."""


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the archive that each worksheet is in, by its name."""
    targets = {
        element.get("Id"): element.get("Target", "")
        for element in _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
        if element.get("Type") in _WORKSHEETS
    }
    found: dict[str, str] = {}
    for element in _elements(archive, "xl/workbook.xml", "sheet"):
        related = next((value for name, value in element.items() if _local(name) == "id"), "")
        target = targets.get(related)
        if target is not None and "name" in element:
            found[element["name"]] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return found


def rows_in(archive: zipfile.ZipFile, part: str) -> int:
    """How many rows a sheet has, the empty ones that it stores among them."""
    return sum(len(_ROW.findall(block)) for block in _blocks(archive, part, overlap=4))


def padded_styles(archive: zipfile.ZipFile) -> dict[int, str]:
    """The formats that show more digits than a number has, such as 0000000000, by the number of the cell's style."""
    part = "xl/styles.xml"
    if part not in archive.namelist():
        return {}
    codes = {element["numFmtId"]: element["formatCode"] for element in _elements(archive, part, "numFmt")}
    styles = _elements(archive, part, "xf", within="cellXfs")
    formats = ((number, codes.get(style.get("numFmtId", ""), "")) for number, style in enumerate(styles))
    return {number: code for number, code in formats if _digits_of(code) is not None}


def has_marks(archive: zipfile.ZipFile, part: str, styles: Mapping[int, str]) -> bool:
    """Whether a sheet may have any marks."""
    wanted = (*_MARKS, *(b's="%d"' % number for number in styles))
    return any(mark in block for block in _blocks(archive, part) for mark in wanted)


def marks_of(archive: zipfile.ZipFile, part: str, styles: Mapping[int, str]) -> Iterator[Marks]:
    """The rows that have marks, in their order."""
    sheet = _Sheet(styles)
    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = sheet.start, sheet.end
    parser.CharacterDataHandler = sheet.text
    with _reading(), archive.open(part) as file:
        while block := file.read(BLOCK):
            parser.Parse(block)
            while sheet.found:
                yield sheet.found.popleft()


@dataclass(slots=True)
class _Sheet:
    """The state of a sheet's parser."""

    styles: Mapping[int, str]
    found: deque[Marks] = field(default_factory=deque[Marks])
    _row: int = 0
    _column: int = -1
    _hidden: bool = False
    _texts: dict[int, str] = field(default_factory=dict[int, str])
    _cell: Mapping[str, str] = field(default_factory=dict[str, str])
    _within: str = ""
    _value: str = ""
    _formula: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._row = int(attributes.get("r") or self._row + 1)
                self._hidden = attributes.get("hidden") in _TRUE
                self._column, self._texts = -1, {}
            case "c":
                place = attributes.get("r")
                self._column = self._column + 1 if place is None else column_of(place)
                self._cell, self._value, self._formula = attributes, "", None
            case "f":
                self._within, self._formula = "f", ""
            case "v":
                self._within = "v"
            case _:
                pass

    def text(self, data: str) -> None:
        if self._within == "v":
            self._value += data
        elif self._within == "f":
            self._formula = (self._formula or "") + data

    def end(self, name: str) -> None:
        match _local(name):
            case "f" | "v":
                self._within = ""
            case "c":
                text = self._shown()
                if text is not None:
                    self._texts[self._column] = text
            case "row":
                if self._hidden or self._texts:
                    self.found.append(Marks(self._row, self._hidden, self._texts))
            case _:
                pass

    def _shown(self) -> str | None:
        kind = self._cell.get("t", "n")
        if kind == "e":
            return self._value
        if self._formula is not None and not self._value and kind != "inlineStr":
            return NO_RESULT + self._formula
        if kind != "n":
            return None
        code = self.styles.get(int(self._cell.get("s") or 0))
        if code is not None and self._value.isdigit():
            return padded(self._value, code)
        return self._value if _LONG_NUMBER.fullmatch(self._value) else None


def column_of(place: str) -> int:
    """0 of `A5`, 26 of `AA5`."""
    number = 0
    for letter in place:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number - 1


_SIGN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|.', re.DOTALL)
_NO_CONDITION = re.compile(r"\[[^<>=]*\]")
"""A colour or language in a format."""
_DIGITS = frozenset("0#?")
_LITERALS = frozenset(" -+/()")


def _digits_of(code: str) -> list[str] | None:
    """The first section of a format that pads whole numbers with zeros, by signs; None for any other format."""
    section = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*\Z)', code)[0]
    signs = [sign for sign in _SIGN.findall(section) if sign[0] not in "_*" and not _NO_CONDITION.fullmatch(sign)]
    plain = all(sign in _DIGITS or sign in _LITERALS or sign[0] in '"\\' for sign in signs)
    return signs if plain and signs.count("0") > 1 else None


def padded(digits: str, code: str) -> str:
    """The digits of a whole number as a format shows them: `0000000000` gives 901234567 its zero."""
    signs = _digits_of(code)
    assert signs is not None, "a format of padded_styles"
    left = list(digits)
    first = next(at for at, sign in enumerate(signs) if sign in _DIGITS)
    shown: list[str] = []
    for at in range(len(signs) - 1, -1, -1):
        sign = signs[at]
        if sign not in _DIGITS:
            shown.extend(reversed(sign.strip('"') if sign[0] == '"' else sign[-1]))
            continue
        shown.append(left.pop() if left else "0" if sign == "0" else "")
        if at == first:  # has all the digits that are left
            shown.extend(reversed(left))
    return "".join(reversed(shown))


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _elements(archive: zipfile.ZipFile, part: str, name: str, *, within: str | None = None) -> Iterator[dict[str, str]]:
    """The attributes of the elements of that name, all or those within an element of another."""
    found: list[dict[str, str]] = []
    depth = 0 if within is not None else 1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        local = _local(tag)
        depth += local == within
        if local == name and depth > 0:
            found.append(attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= _local(tag) == within

    parser = _parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    with _reading(), archive.open(part) as file:
        parser.ParseFile(file)
    return iter(found)


def _parser() -> expat.XMLParserType:
    """Names have their namespace before them. No part of a workbook has a DTD: its entities could fill memory."""

    def refuse(*_: object) -> None:
        raise ValueError("a document type declaration")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    return parser


def _blocks(archive: zipfile.ZipFile, part: str, overlap: int = 16) -> Iterator[bytes]:
    """The text of a part, each block with the end of the one before: so no short pattern is cut."""
    with _reading(), archive.open(part) as file:
        end = b""
        while block := file.read(BLOCK):
            yield end + block
            end = block[-overlap:]
