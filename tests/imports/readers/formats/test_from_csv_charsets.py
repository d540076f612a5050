"""Character sets of CSV files: detected, or as a client says."""

import codecs
import unicodedata

import pytest

from tests.support.imports.csv_files import read_csv, refusal
from tests.support.imports.sent_rows import Row

VIETNAMESE = "Số điện thoại,Họ tên\n0901,Nguyễn Thị Ấm\n"


def in_1258(text: str) -> bytes:
    """Encode as Windows does: tones apart, other marks within the letter."""
    return b"".join(_letter(c) for c in text)


def _letter(c: str) -> bytes:
    for form in (c, unicodedata.normalize("NFD", c)):
        try:
            return form.encode("cp1258")
        except UnicodeEncodeError:
            continue
    base, *marks = unicodedata.normalize("NFD", c)
    tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
    whole = unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark != tone))
    return (whole + tone).encode("cp1258")


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (VIETNAMESE.encode(), None),
        (VIETNAMESE.encode("utf-8-sig"), None),
        (VIETNAMESE.encode("utf-8-sig"), "cp1258"),
        (VIETNAMESE.encode("utf-16"), None),
        (codecs.BOM_UTF16_BE + VIETNAMESE.encode("utf-16-be"), None),
        (VIETNAMESE.encode("utf-16-be"), "utf-16-be"),
        (in_1258(VIETNAMESE), None),
        (in_1258(VIETNAMESE), "cp1258"),
    ],
)
def test_character_set_is_found_out_or_as_said(data: bytes, charset: str | None) -> None:
    assert read_csv(data, charset) == [Row("0901", "Nguyễn Thị Ấm")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1258", "utf-16"])
def test_first_accent_may_come_late(encoding: str) -> None:
    text = "phone,name\n" + "0901,A\n" * 200_000 + "0902,Đô\n"
    assert read_csv(text.encode(encoding), chunk_rows=100_000)[-1] == Row("0902", "Đô")


def test_charset_that_is_said_is_held_to() -> None:
    data = "phone,name\n0901,Nguyễn\n".encode()
    assert refusal(data, "ascii") == "Line 2 has bytes that are not ascii: is the file whole?"
