"""CSV responses round-trip, and no cell is a formula to a spreadsheet."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.http.streams.csv import accepts_csv, csv_header, csv_headers, csv_of, unescaped

FORMULA_STARTS = "=@+-\t\r"
SEPARATORS = ",;\t|"
cells = (
    st.text().filter(lambda text: "'" not in text)
    | st.none()
    | st.integers()
    | st.sampled_from(["=1+1", "+84901234567", "-1", "@x", '"', "a,b"])
)


def read(encoded: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(encoded.decode(), newline="")))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Nguyễn Văn A", "Nguyễn Văn A"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1+1", "'-1+1"),
        ("+1+1", "'+1+1"),
        ("\t=1", "'\t'=1"),
        ("+84901234567", "+84901234567"),
        ("+" + "9" * 16, "'+" + "9" * 16),
        (-1, "-1"),
        (None, ""),
        ('a,b\n"c"', 'a,b\n"c"'),
        ("a;=1+1", "a;'=1+1"),
        ('a|"=1+1"', 'a|\'"=1+1"'),
        ("a\r\n +1", "a\r\n' +1"),
        ("＝1+1", "'＝1+1"),
        (" =1+1", "' =1+1"),
        ("\u00a0\u200b=1+1", "'\u00a0\u200b=1+1"),
        ("\v-1+1", "'\v-1+1"),
        ("a;\u00a0@x", "a;'\u00a0@x"),
        (" +84901234567", " +84901234567"),
        (" a", " a"),
        ("'=1+1", "''=1+1"),
        ("a;b", "a;b"),
    ],
)
def test_cell_that_a_spreadsheet_would_evaluate_gets_an_apostrophe(cell: object, written: str) -> None:
    assert read(csv_of([(cell, "x")])) == [[written, "x"]]


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_rows_are_read_back_as_they_were_written(rows: list[tuple[object, object]]) -> None:
    found = read(csv_of(rows))
    assert len(found) == len(rows)
    for row, sent in zip(found, rows, strict=True):
        for text, cell in zip(row, sent, strict=True):
            assert (unescaped(text) if isinstance(cell, str) else text) == ("" if cell is None else str(cell))
            if isinstance(cell, str) and text[:1] in tuple(FORMULA_STARTS):
                assert text[:1] == "+"
                assert text[1:].isdigit()


hostile = st.text(alphabet="=@+-;|,\t\r\n\"' \v\u00a0\ufeffa1")


@given(st.lists(st.tuples(hostile, hostile), max_size=3), st.sampled_from(SEPARATORS))
def test_no_cell_begins_a_formula_for_any_list_separator(rows: list[tuple[str, str]], separator: str) -> None:
    for row in csv.reader(io.StringIO(csv_of(rows).decode(), newline=""), delimiter=separator):
        for cell in (text.lstrip(" \v\u00a0\ufeff") for text in row):  # as where spaces are trimmed
            assert not cell.startswith(tuple("=@-")), (cell, csv_of(rows))
            assert not cell.startswith("+") or re.match(r"\+[0-9]+(,|$)", cell), (cell, csv_of(rows))


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("text/csv", True), ("application/json, text/csv;q=0.5", True), ("TEXT/CSV", True), ("*/*", False), ("", False)],
)
def test_csv_is_sent_only_where_it_is_asked_for(accept: str, expected: bool) -> None:
    assert accepts_csv(accept) == expected


def test_file_begins_with_the_mark_by_which_spreadsheets_read_utf_8() -> None:
    assert csv_header(["phoneNumber", "tên"]) == b"\xef\xbb\xbfphoneNumber,t\xc3\xaan\r\n"


def test_headers_name_the_file() -> None:
    assert (b"content-disposition", b'attachment; filename="calls.csv"') in csv_headers("calls.csv")
