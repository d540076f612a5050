"""Failed rows come as the file has them: corrected and sent again, nothing of them is lost."""

import csv
import io
import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.imports.sent_rows import Row, rows_of
from tongdai.files.detected import FAILED_COLUMNS
from tongdai.files.frames import drained
from tongdai.http.streams.csv import csv_header, csv_of
from tongdai.imports import chunk as chunks
from tongdai.imports.chunk import LONGEST_ORIGINAL, LONGEST_ORIGINALS, Sent, kept_originals
from tongdai.imports.model import ImportedChunk
from tongdai.imports.outcomes.failed_rows import failed_of, layout_of, ndjson_line
from tongdai.imports.readers import BodyFormat, Format, Limits
from tongdai.imports.readers.read import read, read_rows

SHORT = "phoneNumber is too short for a phone number"
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ["=1+1", "-17", "'-17", "-5 o'clock", "@lan", '="008"', "'", "\tx", "+84 901", " x ", "#N/A", '"', "a,b", "a\nb"]
)


def failed_file(data: bytes, chunk_rows: int = 3) -> bytes:
    """The file of the failed rows of a CSV file."""
    parts, totals = drained(read(io.BytesIO(data), BodyFormat(Format.CSV, "utf-8"), Limits(chunk_rows), "VN"))
    layout, first = layout_of(totals.headings), 1
    file = csv_header(layout.header)
    for seq, part in enumerate(parts):
        imported = ImportedChunk(seq, first, part.sent, b"")
        file += csv_of(map(layout.line, failed_of(imported)))
        first += chunks.decode_payload(part.payload).rows
    return file


def lines_of(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def written(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def read_csv(data: bytes) -> list[Row]:
    parts, _ = drained(read_rows(io.BytesIO(data), BodyFormat(Format.CSV, "utf-8"), Limits(3)))
    return [row for part in parts for row in rows_of(part)]


def test_failed_row_has_the_cells_and_headings_of_the_file() -> None:
    data = " Điện thoại ,Họ tên,,Nợ\n0901005301,A,x,-17\n0901,  Trần Bé ,y, -18 \n".encode()
    assert lines_of(failed_file(data)) == [
        [" Điện thoại ", "Họ tên", "", "Nợ", *FAILED_COLUMNS],
        ["0901", "  Trần Bé ", "y", "' -18 ", "2", "too_short", SHORT],
    ]


def test_rows_that_are_wider_than_the_header_keep_the_places_of_their_cells() -> None:
    data = b"phone,name\n0901,A,x,,z\n0902,B\n\n,,,,,,\n0903\n"
    header, *rows = lines_of(failed_file(data))
    assert header == ["phone", "name", "", "", "", *FAILED_COLUMNS]
    assert [row[:5] for row in rows] == [["0901", "A", "x", "", "z"], ["0902", "B", "", "", ""], ["0903", *[""] * 4]]
    assert [row.attributes for row in read_csv(failed_file(data))] == [
        {"column 3": "x", "column 5": "z"},
        None,
        None,
    ]


def test_columns_that_a_file_of_failed_rows_has_of_its_own_are_not_repeated() -> None:
    data = b"phone,note,failedRow,failedCode,failedReason\n0901,'-1,7,too_short,why\n"
    header, row = lines_of(failed_file(data))
    assert header == ["phone", "note", *FAILED_COLUMNS]
    assert row == ["0901", "'-1", "1", "too_short", SHORT]


def test_header_of_two_rows_is_one_of_the_names_that_were_understood() -> None:
    data = "Khách hàng,,Liên hệ,\nHọ tên,Mã KH,Di động,Email\nAn,7,0901,a@b\n".encode()
    header, row = lines_of(failed_file(data))
    assert header[:4] == ["Họ tên", "Mã KH", "Di động", "Email"]
    assert row[:4] == ["An", "7", "0901", "a@b"]


@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=7), st.permutations(range(3)))
@example([["-5 o'clock", "x"]], (0, 1, 2))
@example([["\t'a'", "=1"], ["", "", "", "'x'"]], (0, 1, 2))
def test_mended_rows_are_read_as_those_of_the_file_would_have_been(rows: list[list[str]], order: list[int]) -> None:
    header = [("phone", "name", "Ghi chú")[at] for at in order]
    place = order.index(0)
    bad = [[*row[:place], "0901", *row[place:]] for row in ([*row, "", ""][: max(2, len(row))] for row in rows)]
    header, *failed = lines_of(failed_file(written([header, *bad])))
    corrected = [[*row[:place], "0901234567", *row[place + 1 :]] for row in failed]
    good = [[*row[:place], "0901234567", *row[place + 1 :]] for row in bad]
    again = read_csv(b"\xef\xbb\xbf" + written([header, *corrected]))
    assert again == read_csv(written([[*header[: -len(FAILED_COLUMNS)]], *good]))
    assert len(again) == len(rows)


def test_sheets_of_different_headers_share_a_file_with_the_columns_of_all() -> None:
    headings = [["Phone", "name", ""], ["name", "Email", "phone", ""], ["Phone", "name", ""]]
    layout = layout_of(headings)
    assert layout.header[:-3] == ("Phone", "name", "column 3", "Email", "phone", "column 4")
    assert layout.places == [[0, 1, 2], [1, 3, 4, 5], [0, 1, 2]]


def test_sheets_of_the_same_header_share_it_as_it_is() -> None:
    layout = layout_of([["Phone", "", "a", "a"]] * 2)
    assert layout.header == ("Phone", "", "a", "a", *FAILED_COLUMNS)
    assert list(map(list, layout.places or ())) == [[0, 1, 2, 3]] * 2


def test_rows_from_before_originals_were_kept_have_what_was() -> None:
    layout = layout_of(None)
    sent = Sent(["0901", "09"], [None, "KH"], [(1, "too_short", "x")], [])
    (row,) = failed_of(ImportedChunk(0, 5, chunks.encode_sent(sent), b""))
    assert dict(zip(layout.header, layout.line(row), strict=True)) == {
        "phoneNumber": "09", "externalId": "KH", "failedRow": 6, "failedCode": "too_short", "failedReason": "x",
    }  # fmt: skip
    assert json.loads(ndjson_line(row)) == {
        "phoneNumber": "09", "externalId": "KH", "failedRow": 6, "failedCode": "too_short", "failedReason": "x",
    }  # fmt: skip


def test_outcomes_from_before_originals_were_kept_are_read() -> None:
    before = msgspec.json.encode((["0901"], None, [(0, "too_short", "x")], []))
    assert msgspec.json.decode(before, type=Sent).originals is None


def test_row_that_is_too_long_says_so_and_is_not_kept() -> None:
    data = b"phone,a,b\n0901," + b"x" * LONGEST_ORIGINAL + b",y\n0902,a,b\n"
    long, short = lines_of(failed_file(data))[1:]
    assert long[:3] == ["", "", ""]
    assert long[-1] == f"{SHORT}; the row is longer than 64 K characters and was not kept as it was"
    assert short[:3] == ["0902", "a", "b"]


def test_no_more_is_kept_of_a_chunk_than_its_bound() -> None:
    rows = [["x" * (LONGEST_ORIGINAL - 1)] for _ in range(100)]
    kept = [row for row in kept_originals(rows) if row is not None]
    assert len(kept) == LONGEST_ORIGINALS // LONGEST_ORIGINAL


def failed_lines(data: bytes, kind: Format) -> list[bytes]:
    (part,), totals = drained(read(io.BytesIO(data), BodyFormat(kind), Limits(100), "VN"))
    assert totals.headings is None
    return list(map(ndjson_line, failed_of(ImportedChunk(0, 1, part.sent, b""))))


@pytest.mark.parametrize("kind", [Format.NDJSON, Format.JSON])
def test_rows_of_json_come_as_they_were_sent(kind: Format) -> None:
    items = [
        '{"phoneNumber":"0901234567"}',
        '{"phoneNumber":"0901","name":"Trần\\n","attributes":{"debt":1.50,"big":12345678901234567890,"x":null}}',
        '{"phoneNumber":901,"timeZone":"Asia/Bangkok"}',
    ]
    data = "\n\n".join(items) if kind is Format.NDJSON else f'{{"contacts":[{" ,".join(items)}]}}'
    first, second = failed_lines(data.encode(), kind)
    assert first == (
        '{"phoneNumber":"0901","name":"Trần\\n","attributes":{"debt":1.50,"big":12345678901234567890,"x":null},'
        f'"failedRow":2,"failedCode":"too_short","failedReason":"{SHORT}"}}\n'.encode()
    )
    assert json.loads(second) == {
        "phoneNumber": 901,
        "timeZone": "Asia/Bangkok",
        "failedRow": 3,
        "failedCode": "too_short",
        "failedReason": SHORT,
    }


def test_rows_of_json_are_a_line_each() -> None:
    data = b'{"contacts":[{\r\n"phoneNumber": "0901", "attributes": {\n"a": "b\\nc"}}]}'
    (line,) = failed_lines(data, Format.JSON)
    assert line.count(b"\n") == 1
    assert json.loads(line)["attributes"] == {"a": "b\nc"}


def test_mended_lines_of_json_are_read_without_the_reason() -> None:
    (line,) = failed_lines(b'{"phoneNumber":"0901","name":"A"}\n', Format.NDJSON)
    corrected = line.replace(b'"0901"', b'"0901234567"')
    parts, _ = drained(read_rows(io.BytesIO(corrected), BodyFormat(Format.NDJSON), Limits(3)))
    assert [row for part in parts for row in rows_of(part)] == [Row("0901234567", "A")]
    (again,) = failed_lines(line, Format.NDJSON)
    assert json.loads(again) == json.loads(line)
