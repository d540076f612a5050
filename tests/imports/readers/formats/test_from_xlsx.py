"""Workbooks read as if they were saved as CSV, and none of them fills memory."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from tests.support.imports.sent_rows import Row, rows_of
from tests.support.workbooks import archive, column, parts, workbook, workbook_of
from tongdai.errors import InvalidInput
from tongdai.files.detected import Detected
from tongdai.files.frames import drained
from tongdai.imports import readers
from tongdai.imports.readers import BodyFormat, Format, Limits, Totals
from tongdai.imports.readers.__main__ import Task
from tongdai.imports.readers.read import read_rows

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


Read = Callable[..., tuple[list[Row], Detected]]


@pytest.fixture
def detect(tmp_path: Path) -> Read:
    """Reads with options, and tells what was detected too."""

    def read(data: bytes, **options: Any) -> tuple[list[Row], Detected]:
        path = tmp_path / "body"
        path.write_bytes(data)
        with path.open("rb") as file:
            parts, totals = drained(read_rows(file, BodyFormat(Format.XLSX, **options), Limits(3)))
        return [row for part in parts for row in rows_of(part)], totals.detected

    return read


PEOPLE = {
    "Bìa": [["Báo cáo"], ["x", "y"]],
    "T1": [["phone", "name"], ["0901", "A"]],
    "Trống": [],
    "T2": [["Tên", "SĐT"], ["B", "0902"], ["C", "0903"]],
    "Ẩn": [["phone"], ["0904"]],
}


def test_sheet_of_people_is_read_and_the_others_are_named(detect: Read) -> None:
    rows, detected = detect(workbook_of(PEOPLE, hidden=["Ẩn"]))
    assert rows == [Row("0901", "A")]
    assert [(table.sheet, table.header_row, table.rows) for table in detected.tables] == [("T1", 1, 1)]
    assert [(sheet.sheet, sheet.rows) for sheet in detected.left_out] == [("Bìa", 2), ("T2", 3), ("Ẩn", 2)]
    assert [sheet.reason for sheet in detected.left_out] == [
        "no column is named for a phone number",
        "name it, or ask for all sheets, to read it too",
        "it is hidden: name it to read it",
    ]


@pytest.mark.parametrize("name", ["T2", "t2 ", "4"])
def test_sheet_that_is_named_is_read(detect: Read, name: str) -> None:
    rows, detected = detect(workbook_of(PEOPLE, hidden=["Ẩn"]), sheet=name)
    assert rows == [Row("0902", "B"), Row("0903", "C")]
    assert [table.sheet for table in detected.tables] == ["T2"]
    assert detected.left_out == []


def test_hidden_sheet_is_read_when_it_is_named(detect: Read) -> None:
    assert detect(workbook_of(PEOPLE, hidden=["Ẩn"]), sheet="Ẩn")[0] == [Row("0904")]


def test_all_sheets_of_people_are_read_each_with_its_header(detect: Read) -> None:
    rows, detected = detect(workbook_of(PEOPLE, hidden=["Ẩn"]), all_sheets=True)
    assert rows == [Row("0901", "A"), Row("0902", "B"), Row("0903", "C")]
    assert [(table.sheet, table.rows) for table in detected.tables] == [("T1", 1), ("T2", 2)]
    assert [sheet.sheet for sheet in detected.left_out] == ["Bìa", "Ẩn"]


def test_sheet_that_is_not_there_is_refused_with_those_that_are(detect: Read) -> None:
    for name in ("T3", "9", "0", "-1"):
        with pytest.raises(InvalidInput, match=f"no sheet {name}: it has Bìa, T1, Trống, T2, Ẩn"):
            detect(workbook_of(PEOPLE), sheet=name)


def test_hidden_rows_are_counted_or_left_out(detect: Read) -> None:
    files = parts({"S": [["title"], ["phone"], ["0901"], ["0902"], [], ["0903"]]})
    for row in (1, 4, 5):
        files[SHEET] = str(files[SHEET]).replace(f'<row r="{row}"', f'<row r="{row}" hidden="1"')
    rows, detected = detect(archive(files))
    assert rows == [Row("0901"), Row("0902"), Row("0903")]
    assert (detected.tables[0].hidden_rows, detected.skipped_hidden_rows) == (1, 0)
    rows, detected = detect(archive(files), skip_hidden=True)
    assert rows == [Row("0901"), Row("0903")]
    assert (detected.tables[0].rows, detected.tables[0].hidden_rows, detected.skipped_hidden_rows) == (2, 0, 1)


def test_formulas_without_results_and_errors_are_named_where_they_matter(detect: Read) -> None:
    cells = (
        '<row r="2"><c r="A2"><f>"0"&amp;901</f><v/></c><c r="B2" t="e"><v>#N/A</v></c></row>'
        '<row r="3"><c r="A3" t="e"><v>#REF!</v></c><c r="B3"><f>A1</f></c></row>'
        '<row r="4"><c r="A4"><v>902</v></c><c r="B4"><f>1+1</f><v>2</v></c></row>'
    )
    files = parts({"S": [["phone", "note"]]})
    files[SHEET] = str(files[SHEET]).replace("</sheetData>", cells + "</sheetData>")
    rows, detected = detect(archive(files))
    assert rows == [Row('="0"&901'), Row("#REF!"), Row("902", attributes={"note": "2"})]
    assert [column.left_empty for column in detected.tables[0].columns] == [0, 2]


def test_digits_are_those_that_the_workbook_shows(detect: Read) -> None:
    files = parts({"S": [["phone", "ref"], [901000001, 4111111111111111], [901000002, 9704229200000001]]})
    files["xl/styles.xml"] = str(files["xl/styles.xml"]).replace(
        "<cellXfs", '<numFmts><numFmt numFmtId="164" formatCode="0000000000"/></numFmts><cellXfs'
    )
    files["xl/styles.xml"] = str(files["xl/styles.xml"]).replace("</cellXfs>", '<xf numFmtId="164"/></cellXfs>')
    assert [row.externalId for row in detect(archive(files))[0]] == ["4111111111111111", "9704229200000001"]
    for place in ("A2", "B2"):
        files[SHEET] = str(files[SHEET]).replace(f'<c r="{place}"', f'<c r="{place}" s="3"')
    rows, _ = detect(archive(files))
    assert rows == [Row("0901000001", None, "4111111111111111"), Row("901000002", None, "9704229200000001")]


def test_long_number_far_below_is_exact(detect: Read) -> None:
    rows = [[901000000 + n, n] for n in range(50)]
    data = workbook(["phone", "ref"], *rows, [901000099, 9704229200000001], [], [901000098, 9704229200000003])
    found, _ = detect(data)
    assert [row.externalId for row in found[49:]] == ["49", "9704229200000001", "9704229200000003"]


@pytest.mark.parametrize("said", [None, "tcvn3"])
def test_text_of_old_fonts_is_read_with_its_header(detect: Read, said: str | None) -> None:
    data = workbook(["Sè ®iÖn tho¹i", "Hä tªn"], ["0901", "NguyÔn V¨n ¢n"], ["0902", "TrÇn ThÞ H»ng"])
    rows, detected = detect(data, charset=said)
    assert rows == [Row("0901", "Nguyễn Văn Ân"), Row("0902", "Trần Thị Hằng")]
    assert detected.encoding == "TCVN3"


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
    text = "".join(map(str, range(3_000_000)))
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
        (long, "Row 3 has a cell of more than 131072 characters"),
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
    assert refusal(large, uncompressed_mb=1) == "The workbook unpacks to more than 1 MB"


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
