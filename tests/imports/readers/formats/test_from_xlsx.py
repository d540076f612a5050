"""Workbooks read as if they were saved as CSV, and none of them fills memory."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from tests.support.imports.sent_rows import Row, rows_of
from tests.support.workbooks import archive, column, parts, workbook, workbook_of
from tongdai.errors import InvalidInput
from tongdai.imports import readers
from tongdai.imports.readers import BodyFormat, Format, Limits, Totals
from tongdai.imports.readers.__main__ import Task
from tongdai.imports.readers.read import drained, read_rows

SHEET = "xl/worksheets/sheet1.xml"
ONE = {"Sheet1": [["phone"], ["0901"]]}


class Reader(Protocol):
    def __call__(self, data: bytes, **limits: int) -> list[Row]: ...


class Refusal(Protocol):
    def __call__(self, data: bytes, **limits: int) -> str: ...


@pytest.fixture
def read_xlsx(tmp_path: Path) -> Reader:
    def rows(data: bytes, **limits: int) -> list[Row]:
        path = tmp_path / "body"
        path.write_bytes(data)
        with path.open("rb") as file:
            parts, totals = drained(read_rows(file, BodyFormat(Format.XLSX), Limits(**({"chunk_rows": 2} | limits))))
        found = [row for part in parts for row in rows_of(part)]
        assert totals == Totals(len(found))
        return found

    return rows


@pytest.fixture
def refusal(read_xlsx: Reader) -> Refusal:
    def message(data: bytes, **limits: int) -> str:
        with pytest.raises(InvalidInput) as refused:
            read_xlsx(data, **limits)
        assert len(refused.value.message) < 300
        return refused.value.message

    return message


def test_numbers_are_understood_as_excel_keeps_them(read_xlsx: Reader) -> None:
    reported = read_xlsx(
        workbook(["SĐT"], [912345678], [912345678.0], [84912345678], ["0912 345 678"], ["+84912345678"])
    )
    numbers = [row.phoneNumber for row in reported]
    assert numbers == ["912345678", "912345678", "84912345678", "0912 345 678", "+84912345678"]


def test_cells_of_any_kind_are_read_as_text(read_xlsx: Reader) -> None:
    header = ["Tên", "Điện thoại", "ngày", "giờ", "vip", "điểm", "số"]
    cells = ["An", "0901", date(2026, 3, 10), datetime(2026, 3, 10, 9, 30), True, 2.5, 5]  # noqa: DTZ001
    want = {"ngày": "2026-03-10", "giờ": "2026-03-10 09:30:00", "vip": "TRUE", "điểm": "2.5", "số": "5"}
    assert read_xlsx(workbook(header, cells)) == [Row("0901", "An", None, want)]


def test_empty_rows_are_skipped_and_missing_cells_are_empty(read_xlsx: Reader) -> None:
    reported = read_xlsx(
        workbook(["phone", "name", "note"], [], ["1", None, "x"], [None, None, None], ["2", "B"], ["3"])
    )
    assert reported == [Row("1", None, None, {"note": "x"}), Row("2", "B"), Row("3")]


def test_first_sheet_with_data_that_is_not_hidden_is_read(read_xlsx: Reader) -> None:
    sheets = {"empty": [], "hidden": [["phone"], ["1"]], "data": [["phone"], ["2"]], "more": [["phone"], ["3"]]}
    assert read_xlsx(workbook_of(sheets, hidden=["hidden"])) == [Row("2")]


def test_titles_may_stand_above_the_header(read_xlsx: Reader) -> None:
    reported = read_xlsx(workbook(["DANH SÁCH KHÁCH HÀNG"], [], ["STT", "Tên", "SĐT"], [1, "An", 901234567]))
    assert reported == [Row("901234567", "An", None, {"STT": "1"})]


def test_chunks_have_the_rows_in_their_order(read_xlsx: Reader) -> None:
    reported = read_xlsx(workbook(["phone", "note"], *([f"09{n:08}", n] for n in range(105))), chunk_rows=20)
    assert reported == [Row(f"09{n:08}", None, None, {"note": str(n)}) for n in range(105)]


def _without(name: str) -> bytes:
    files = parts(ONE)
    del files[name]
    return archive(files)


def _encrypted() -> bytes:
    """With the flag of every part set, in the directory too."""
    data = bytearray(archive(parts(ONE)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def _with(rows: str) -> bytes:
    files = parts(ONE)
    return archive(files | {SHEET: files[SHEET].replace("</sheetData>", rows + "</sheetData>")})


def wide() -> bytes:
    """Made by the test itself: at import, each process that collects tests would take seconds for it."""
    cells = "".join(f'<c r="{column(at)}2" t="inlineStr"><is><t>phone</t></is></c>' for at in range(1_000_000))
    return _with(f'<row r="2">{cells}</row>')


def long() -> bytes:
    text = "".join(map(str, range(7_000_000)))
    return _with(f'<row r="3"><c r="B3" t="inlineStr"><is><t>{text}</t></is></c></row>')


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is not an XLSX workbook, or is truncated"),
        (b"phone\n0901\n", "The file is not an XLSX workbook, or is truncated"),
        (workbook(["phone"], ["1"])[:-30], "The file is not an XLSX workbook, or is truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "The workbook is encrypted or of the old XLS format"),
        (_encrypted(), "The workbook is encrypted"),
        (archive({"a.txt": "b"}), "The file is a ZIP archive, but not an XLSX workbook"),
        (_without(SHEET), "The file cannot be read as an XLSX workbook"),
        (archive(parts(ONE) | {SHEET: "<worksheet><sheetData><row>"}), "The file cannot be read as an XLSX workbook"),
        (workbook(), "The workbook has no sheet with data"),
        (workbook(["phone", "name"]), "The file has a header row and no contacts below it"),
        (workbook(["phone", "name"], [None, "A"]), "No row has a phone number in the column phone"),
        (workbook(["id", "name"], [1, "A"]), "No column is named phoneNumber, phone, số điện thoại or the like: sheet"),
        (wide, "Sheet Sheet1 has 1000000 columns"),
        (long, "Row 3 has a cell of more than 128 K characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_file_that_is_no_workbook_of_contacts_is_refused_with_a_reason(
    refusal: Refusal, data: bytes | Callable[[], bytes], message: str
) -> None:
    assert refusal(data() if callable(data) else data).startswith(message)


@pytest.mark.parametrize("name", [SHEET, "xl/sharedStrings.xml", "xl/media/image.png"])
def test_archive_that_unpacks_to_far_more_than_it_is_is_refused_unread(refusal: Refusal, name: str) -> None:
    bomb = archive(parts(ONE) | {name: b" " * 100_000_000})
    assert len(bomb) < 200_000
    assert (
        refusal(bomb) == f"The workbook's entry {name} has a compression ratio above 200:1, which no contact file has"
    )


def test_workbook_that_unpacks_to_more_than_the_limit_is_refused_unread(refusal: Refusal) -> None:
    large = archive(parts(ONE) | {f"{n}": os.urandom(600_000) for n in range(2)})
    assert refusal(large, unpacked_mb=1) == "The workbook unpacks to more than 1 MB"


def test_part_whose_size_is_false_is_refused(refusal: Refusal) -> None:
    """The directory says that the sheet is small."""
    data = bytearray(archive(parts(ONE) | {SHEET: parts(ONE)[SHEET] + " " * 100_000_000}))
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        size = zipped.getinfo(SHEET).file_size.to_bytes(4, "little")
    at = data.find(size)
    while at >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
        at = data.find(size, at)
    assert "cannot be read as an XLSX workbook" in refusal(bytes(data))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded where the kernel does it")
def test_sheet_that_would_fill_memory_ends_its_own_process_alone(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(_with('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    task = msgspec.json.encode(Task(BodyFormat(Format.XLSX), Limits(2, memory_mb=256), "VN", os.getpid())).decode()
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", readers.__name__, task], stdin=file, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout) == (-6, b"")
