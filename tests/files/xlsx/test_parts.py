"""Parts of a workbook that its reader does not show: hidden rows, formulas, errors, digits, the part of a sheet."""

import io
import zipfile
from collections.abc import Mapping

import pytest

from tests.support.workbooks import archive, parts
from tongdai.files.xlsx import parts as xlsx_parts
from tongdai.files.xlsx.parts import BadPart, Marks, column_of, padded

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def opened(files: Mapping[str, bytes | str]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(archive(files)))


def sheet(rows: str, start: str = "worksheet", end: str = "worksheet") -> zipfile.ZipFile:
    data = f'<{start} xmlns="{MAIN}" xmlns:x="{MAIN}"><sheetData>{rows}</sheetData></{end}>'
    return opened(parts({"A": [["phone"]]}) | {SHEET: data})


def marks(rows: str, styles: Mapping[int, str] | None = None) -> list[Marks]:
    return list(xlsx_parts.marks_of(sheet(rows), SHEET, styles or {}))


def test_sheets_are_in_the_parts_that_the_workbook_names() -> None:
    found = xlsx_parts.sheet_parts(opened(parts({"Tháng 4": [["phone"]], "A & B": [["phone"]]})))
    assert found == {"Tháng 4": SHEET, "A & B": "xl/worksheets/sheet2.xml"}


def test_rows_of_a_sheet_are_counted() -> None:
    rows = "".join(f'<row r="{n}"><c><v>{n}</v></c></row>' for n in range(1, 100_001))
    assert xlsx_parts.rows_in(sheet(rows), SHEET) == 100_000
    assert xlsx_parts.rows_in(sheet("<row/><row>" + "</row><rowx>"), SHEET) == 1


@pytest.mark.parametrize("value", ["1", "true"])
def test_hidden_rows_are_marked(value: str) -> None:
    rows = f'<row r="1"/><row r="3" hidden="{value}"/><row hidden="0"/><row hidden="{value}"/>'
    assert marks(rows) == [Marks(3, hidden=True, texts={}), Marks(5, hidden=True, texts={})]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B1"><f>A1&amp;"x"</f><v/></c>', '#=A1&"x"'),
        ('<c r="B1"><f>A1</f></c>', "#=A1"),
        ('<c r="B1" t="str"><f>A1</f><v></v></c>', "#=A1"),
        ('<c r="B1"><f t="shared" si="0"/><v></v></c>', "#="),
        ('<c r="B1" t="e"><f>NA()</f><v>#N/A</v></c>', "#N/A"),
        ('<c r="B1"><v>9704229200000001</v></c>', "9704229200000001"),
        ('<c r="B1"><v>12345678901234567890</v></c>', "12345678901234567890"),
        ('<c r="B1" s="2"><v>901234567</v></c>', "0901234567"),
    ],
)
def test_text_that_is_not_shown_is_marked(cell: str, text: str) -> None:
    assert marks(f"<row>{cell}</row>", {2: "0000000000"}) == [Marks(1, hidden=False, texts={1: text})]
    assert marks(f"<x:row>{cell.replace('<c', '<x:c').replace('</c', '</x:c')}</x:row>", {2: "0000000000"}) == [
        Marks(1, hidden=False, texts={1: text})
    ]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B1"><f>A1</f><v>5</v></c>', '<c r="B1"><v>901234567</v></c>', '<c r="B1" s="2"><v>0.5</v></c>',
        '<c r="B1" s="2" t="s"><v>7</v></c>', '<c r="B1" s="2"/>', '<c r="B1" t="b"><v>1</v></c>',
        '<c r="B1" t="inlineStr"><is><t>9704229200000001</t></is></c>', '<c r="B1"><v>970422920000000</v></c>',
    ],
)  # fmt: skip
def test_cell_that_is_shown_as_it_is_has_no_mark(cell: str) -> None:
    assert marks(f"<row>{cell}</row>", {2: "0000000000"}) == []


def test_cell_without_a_place_follows_the_one_before() -> None:
    (only,) = marks('<row><c/><c r="D1"/><c><f>A1</f></c></row>')
    assert only.texts == {4: "#=A1"}


@pytest.mark.parametrize(("place", "column"), [("A1", 0), ("Z99", 25), ("AA5", 26), ("XFD1048576", 16383)])
def test_column_of_a_place(place: str, column: int) -> None:
    assert column_of(place) == column


def test_search_finds_every_mark_even_across_blocks() -> None:
    plain = '<row r="1"><c r="A1" s="1"><v>1</v></c></row>'
    assert not xlsx_parts.has_marks(sheet(plain), SHEET, {2: "000"})
    for mark in ('<row hidden="1"/>', "<row><c><f>A1</f></c></row>", '<row><c t="e"/></row>', '<row><c s="2"/></row>'):
        for before in range(xlsx_parts.BLOCK - 200, xlsx_parts.BLOCK + 20, 3):
            assert xlsx_parts.has_marks(sheet(" " * before + mark), SHEET, {2: "000"})
        break_at = xlsx_parts.BLOCK
        assert xlsx_parts.has_marks(sheet(" " * break_at + mark), SHEET, {2: "000"})


def test_styles_that_pad_numbers_are_found() -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="0000000000"/>'
        '<numFmt numFmtId="165" formatCode="#,##0"/></numFmts><cellStyleXfs><xf numFmtId="164"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf/></cellXfs></styleSheet>'
    )
    assert xlsx_parts.padded_styles(opened(parts({"A": []}) | {"xl/styles.xml": styles})) == {1: "0000000000"}
    without = {name: data for name, data in parts({"A": []}).items() if name != "xl/styles.xml"}
    assert xlsx_parts.padded_styles(opened(without)) == {}


@pytest.mark.parametrize(
    ("code", "digits", "shown"),
    [
        ("0000000000", "901007020", "0901007020"), ("0000 000 000", "901234567", "0901 234 567"),
        (r"000\-000\-0000", "901234567", "090-123-4567"), ('"+"00000000000', "84901234567", "+84901234567"),
        ("[$-42A]00000", "7", "00007"), ("00000;-00000", "12", "00012"), (r"00\-00", "123456", "1234-56"),
        ('"KH"000', "5", "KH005"), ("#000", "7", "007"), ("000_)", "1", "001"),
    ],
)  # fmt: skip
def test_number_is_padded_as_its_format_shows_it(code: str, digits: str, shown: str) -> None:
    assert padded(digits, code) == shown


@pytest.mark.parametrize(
    "code", ["", "General", "0", "@", "#,##0", "0.00", "0%", "yyyy", "00.0", "0E+00", "[<=99]00;000"]
)
def test_other_formats_pad_nothing(code: str) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts>'
        f'<numFmt numFmtId="164" formatCode="{code.replace("<", "&lt;")}"/></numFmts>'
        '<cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>'
    )
    assert xlsx_parts.padded_styles(opened(parts({"A": []}) | {"xl/styles.xml": styles})) == {}


def test_part_with_a_document_type_is_refused() -> None:
    bomb = (
        f'<!DOCTYPE w [<!ENTITY a "x">]><worksheet xmlns="{MAIN}"><sheetData><row hidden="1"/></sheetData></worksheet>'
    )
    archived = opened(parts({"A": []}) | {SHEET: bomb})
    with pytest.raises(BadPart, match="a document type declaration"):
        list(xlsx_parts.marks_of(archived, SHEET, {}))
