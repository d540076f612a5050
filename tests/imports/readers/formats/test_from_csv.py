"""CSV as people have it: any separator, character set, order and names of columns."""

import csv
import io
import re
import unicodedata
from contextlib import suppress
from typing import Literal, TypedDict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.imports.csv_files import detected_of, read_csv, refusal
from tests.support.imports.sent_rows import Row
from tongdai.errors import InvalidInput
from tongdai.files.cells import ERRORS, NO_RESULT
from tongdai.files.encodings.charset import BLOCK, opened
from tongdai.files.frames import drained
from tongdai.imports.chunk import decode_payload
from tongdai.imports.readers import BodyFormat, Format, Limits, read

CSV = BodyFormat(Format.CSV)


def is_error(text: str) -> bool:
    """Whether a cell is left empty: hypothesis knows such words from the product."""
    return text in ERRORS or text.startswith(NO_RESULT)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Mn", "Zl", "Zp"]), max_size=12
).filter(lambda cell: cell.strip()[:1] not in {"'", "="} and not is_error(cell.strip())) | st.sampled_from(
    ['"', "a,b;c\td|e", 'x"y', "\r\n", "a\nb", "Nguyễn Thị Ấm", "=1+1"]
)
"""Without what is cleaned; see test_cells.py."""


class Dialect(TypedDict):
    delimiter: str
    quoting: Literal[0, 1, 2]
    lineterminator: str


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])


def kept(cell: str) -> str | None:
    """The text that is read: breaks are spaces, and there is nothing around it."""
    return re.sub(r"[\t\n\r]+", " ", cell).strip() or None


@given(
    st.lists(st.tuples(st.integers(10**8, 10**9 - 1), CELLS, CELLS, CELLS), min_size=1, max_size=8),
    DIALECTS,
    ENCODINGS,
    st.permutations(range(4)),
)
def test_what_a_writer_of_csv_writes_comes_back_as_sent(
    sent: list[tuple[int, str, str, str]], dialect: Dialect, encoding: str, order: list[int]
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, **dialect)
    for row in [("Phone", "full name", "External-ID", "note"), *sent]:
        writer.writerow([row[at] for at in order])
    # Without a mark, UTF-16 is known by its zeros.
    text = out.getvalue() if "16-" not in encoding else out.getvalue().encode("ascii", "replace").decode()
    # That UTF-8 is said keeps a few words of random letters from being taken for those of an old font.
    reported = read_csv(text.encode(encoding), "utf-8" if encoding.startswith("utf-8") else None)
    ascii_only = "16-" in encoding
    want = [tuple(str(c).encode("ascii", "replace").decode() if ascii_only else str(c) for c in row) for row in sent]
    assert reported == [
        Row(phone, kept(name), kept(ref), None if kept(note) is None else {"note": kept(note)})
        for phone, name, ref, note in want
    ]


@given(st.binary(max_size=200))
@example(b'phone\n"')
@example(b"\xff\xfe")
@example(b"\xff\xfea")
@example(b"\xef\xbb\xbf")
@example(b"phone,name,name\n1,2")
@example(b"sep=")
@example(b"sep=,\nphone\n1")
@example(b'sep="\nphone\n1')
@example(b"sep=\xc3\xa9\nphone\n1")
@example(b"PK\x03\x04")
@example(b"phone\r1\r\r2")
def test_bytes_are_rows_or_refused_and_nothing_else_happens(data: bytes) -> None:
    for start in (b"", b"phone,name\n"):
        with suppress(InvalidInput):
            assert read_csv(start + data)


PHONES = (
    "phoneNumber", "PHONENUMBER", "phone", "Phone Number", "phone_number", "Mobile", "tel", "Tel.", "so dien thoai",
    "Số điện thoại", "SỐ ĐIỆN THOẠI", unicodedata.normalize("NFD", "Số điện thoại"), "SĐT", "sdt", "Điện thoại",
    "di động", "Di Động", "\ufeffphone", " phone ", "\u200bphone",
)  # fmt: skip


@pytest.mark.parametrize("name", PHONES)
def test_column_of_the_number_is_known_by_any_usual_name(name: str) -> None:
    assert read_csv(f"Ghi chú,{name}\na,0901\n".encode()) == [Row("0901", attributes={"Ghi chú": "a"})]


@pytest.mark.parametrize(
    "name", ["name", "Full Name", "tên", "Ten", "Họ tên", "HỌ VÀ TÊN", "ho_va_ten", "Tên khách hàng"]
)
def test_column_of_the_name_is_known_by_any_usual_name(name: str) -> None:
    assert read_csv(f"{name};sdt\nAn;0901\n".encode()) == [Row("0901", "An")]


@pytest.mark.parametrize("name", ["externalId", "external id", "EXTERNAL_ID", "ref", "Mã khách hàng", "Mã KH"])
def test_column_of_the_reference_is_known_by_any_usual_name(name: str) -> None:
    assert read_csv(f"{name}\tsdt\nX\t0901\n".encode()) == [Row("0901", None, "X")]


@pytest.mark.parametrize("name", ["timeZone", "time zone", "TIME_ZONE", "múi giờ", "Mui Gio"])
def test_column_of_the_time_zone_is_known_by_any_usual_name(name: str) -> None:
    reported = read_csv(f"{name},sdt,note\nAsia/Bangkok,0901,a\n,0902,b\n".encode())
    assert reported == [Row("0901", None, None, {"note": "a"}, "Asia/Bangkok"), Row("0902", None, None, {"note": "b"})]


def test_of_several_columns_for_a_number_the_clearest_is_taken_and_the_others_are_kept() -> None:
    reported = read_csv(b"tel,mobile,phone\n1,2,3\n")
    assert reported == [Row("3", attributes={"tel": "1", "mobile": "2"})]


@pytest.mark.parametrize(
    "header",
    [
        ("Mobile Phone", "Business Phone", "Home Phone"),
        ("Phone 1 - Value", "Phone 2 - Value", "Phone 3 - Value"),
        ("Di động", "Điện thoại cơ quan", "Điện thoại nhà riêng"),
        ("SĐT 1", "SĐT 2", "SĐT nhà"),
    ],
)
def test_phones_of_work_and_home_are_called_where_there_is_no_clearer_one(header: tuple[str, ...]) -> None:
    (chunk,), _ = drained(
        read(io.BytesIO(f"{','.join(header)}\n,0901000001,02838221503\n,,02838221504\n".encode()), CSV, Limits(3), "VN")
    )
    assert decode_payload(chunk.payload).contacts.phones() == ["+84901000001", "+842838221504"]


def test_column_that_is_named_twice_is_refused_or_numbered() -> None:
    assert refusal(b"name,phone,Name\n") == "Columns 1 and 3 are both named name: expected one of that name"
    reported = read_csv(b"phone,note,note,,note\n1,a,b,c,d\n")
    assert reported == [Row("1", attributes={"note": "a", "note (2)": "b", "column 4": "c", "note (3)": "d"})]


def test_header_without_a_number_names_what_it_has() -> None:
    message = refusal("id;Ghi chú\n1;2\n".encode())
    assert "the header row has id, Ghi chú. Rename" in message
    assert "c10 and 39 more. Rename" in refusal(b"id," + b",".join(b"c%d" % n for n in range(50)) + b"\n")


def test_titles_may_stand_above_the_header() -> None:
    reported = read_csv("DANH SÁCH KHÁCH HÀNG,,\n,,\nSTT,Tên,SĐT\n1,An,0901\n".encode())
    assert reported == [Row("0901", "An", None, {"STT": "1"})]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spaces_may_stand_before_a_quote(separator: str) -> None:
    rows = ["phone, name, note", '0901570001, "Nguyễn, An; B",  "x ""y"""', '0901570002, Bình, 5" z']
    data = "\n".join(row.replace(", ", f"{separator} ").replace("Nguyễn" + separator, "Nguyễn,") for row in rows)
    assert read_csv(data.encode()) == [
        Row("0901570001", "Nguyễn, An; B", None, {"note": 'x "y"'}),
        Row("0901570002", "Bình", None, {"note": '5" z'}),
    ]


def test_first_quote_after_a_space_may_come_late() -> None:
    rows = "".join(f"09015700{n:02}, An\n" for n in range(50))
    assert read_csv(f'phone, name\n{rows}0901570099, "Nguyễn, An"\n'.encode())[50] == Row("0901570099", "Nguyễn, An")


def test_text_behind_a_quote_after_a_space_is_refused() -> None:
    assert refusal(b'phone, name\n0901570001, "An" B\n').startswith("Line 2: text follows a closing quote")


def test_word_of_a_row_is_not_taken_for_a_header() -> None:
    assert "the header row has contact, type" in refusal(b"contact,type\n0901,mobile\n")


@pytest.mark.parametrize(
    ("sent", "reported"),
    [
        ("912345678.0", "912345678"), ("84912345678.0", "84912345678"), ("912345678,0", "912345678"),
        ("912345678.00", "912345678"), ('="0912345678"', "0912345678"), ("'0912345678", "0912345678"),
        (" 0912 345 678 ", "0912 345 678"), ("0912.345.678", "0912.345.678"), ("0912.000.000", "0912.000.000"),
        ("1900.000", "1900.000"), ("9.12346E+08", "9.12346E+08"), ("+84 912345678", "+84 912345678"), ("abc", "abc"),
    ],
)  # fmt: skip
def test_number_is_read_as_written_but_for_what_spreadsheets_do_to_it(sent: str, reported: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["phone", "x"], [sent, "y"]])
    assert [row.phoneNumber for row in read_csv(out.getvalue().encode())] == [reported]
    assert [row.phoneNumber for row in read_csv(f"phone|x\n{sent}|y\n0901|z".encode())] == [reported, "0901"]


def test_rows_may_be_ragged_or_empty() -> None:
    reported = read_csv(b"phone,name,note\n1\n2,A,x,y,,z\n\n,,\n3,,\n,B,\n")
    assert reported == [
        Row("1"),
        Row("2", "A", None, {"note": "x", "column 4": "y", "column 6": "z"}),
        Row("3"),
        Row(None, "B"),
    ]


def test_excels_directive_names_the_separator() -> None:
    assert read_csv(b"sep=|\r\nphone|a,b,c\r\n1|2\r\n") == [Row("1", attributes={"a,b,c": "2"})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str) -> None:
    assert read_csv(end.join(["phone,name", "1,A", "2,B"]).encode()) == [Row("1", "A"), Row("2", "B")]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_known_by_the_header_whatever_else_stands_in_the_rows(separator: str) -> None:
    rows = [["phone", "tên, họ; và|đệm"], ["0901", "a;b,c|d\te"]]
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    assert [row.phoneNumber for row in read_csv(out.getvalue().encode())] == ["0901"]


def test_lines_are_the_same_however_blocks_cut_them() -> None:
    text = "".join(f"{n},{'ễ' * (n % 97)}\r\n" for n in range(60_000))
    for encoding in ("utf-8", "utf-16"):
        data = text.encode(encoding)
        assert len(data) > 3 * BLOCK
        _, found = opened(io.BytesIO(data), None)
        assert [line for block in found for line in block.text.splitlines(keepends=True)] == text.splitlines(
            keepends=True
        )


START = "phone,name\n0901,Nguyễn\n".encode()
MANY = (b"0901,%s\n" % (b"A" * 120)) * 20_000
"""More than two blocks."""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty"),
        (b"\n \n", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"phone,name\n", "The file has a header row and no contacts below it"),
        (b"phone,name\n,\n\n", "The file has a header row and no contacts below it"),
        (b"phone,name\n,A\n ,B\n", "No row has a phone number in the column phone"),
        (START + b'0902,"A\n0903,B\n', "The file ends within quotes that open in line 3"),
        (START + b'0902,"A', "The file ends within quotes that open in line 3"),
        (START + b'0902,"a\nb"\n0903,"A\nB\n', "The file ends within quotes that open in line 5"),
        (b'phone,"name\n0901,A\n', "The file ends within quotes that open in line 1"),
        (START + MANY + b'0902,"A', "The file ends within quotes that open in line 20003"),
        (START + b'0902,"a"b\n', "Line 3: text follows a closing quote: is a quote left open, or not doubled?"),
        (START + b'0902,"a\n0903,B\n0904,"C"\n', "Line 5: text follows a closing quote of the row that begins in line"),
        (START + MANY + b'0902,"a"b', "Line 20003: text follows a closing quote"),
        (START + b'0902222222,"a\n0903333333,B\n0904444444,C\n0905,"\n', "Line 3: a quoted cell has lines that look"),
        (START + b"0902,\xff\n", "Line 3 has bytes that are not UTF-8"),
        (START + MANY + b"0902,\xe1\xba", "Line 20003 has bytes that are not UTF-8"),
        (START + MANY + "0902,Hà".encode("cp1258"), "Line 20003 has bytes that are not UTF-8"),
        ("phone,name\n0901,Hà\n0902,".encode("cp1258") + "Nguyễn".encode(), "Line 3 is written in UTF-8, others in"),
        ("phone\n0901".encode("utf-16")[:-1], "Line 2 has bytes that are not UTF-16"),
        (START + b"0902,\0\n", "Line 3 has a NUL character"),
        (START + MANY + b"0902,\0\n" + START, "Line 20003 has a NUL character"),
        (START + b"0902," + b"x" * 200_000, "Line 3: a cell is longer than 131072 characters"),
        (START + b"0902," + b"x" * 40_000_000, "Line 3 is longer than 1024 K characters"),
        (START + b'0902,"' + b"x\n" * 20_000_000, "Line 65539: a cell is longer than 131072 characters"),
        (b"phone" + b",c" * 1_000_000 + b"\n0901\n", "Line 1 has 1000001 columns: at most 1000 are read"),
        (START + b'0903,"a\nb"\n0902' + b",c" * 1000, "Line 5 has 1001 columns: at most 1000 are read"),
        (b"PK\x03\x04\0\0", "The file is an archive"),
        (b"\x1f\x8b\x08", "The file is compressed by gzip"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)  # fmt: skip
def test_file_that_is_not_whole_or_no_csv_is_refused_with_the_line(data: bytes, message: str) -> None:
    assert refusal(data).startswith(message)


def test_quote_that_takes_people_is_refused_wherever_it_closes() -> None:
    people = "".join(f"Người {n},09010058{n:02},x\n" for n in range(40))
    opened = f'name,phone,note\n{people}A,0901005898,"gọi lại\n{people}B,0901005899,"'.encode()
    message = refusal(opened + b"\n", chunk_rows=50)
    assert message.startswith("Line 42: a quoted cell has lines that look like rows of the file, 41 of them")
    assert "text follows a closing quote" in refusal(opened + b"x\n", chunk_rows=50)


@pytest.mark.parametrize("note", ["a\nb", "gọi\n0901234567", "a,b\nc,d,e", "\n\n", "x\n0901234567,y"])
def test_cell_of_several_lines_is_one_cell(note: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["phone", "name", "note"], ["0901", "A", note], ["0902", "B", "z"]])
    first, second = read_csv(out.getvalue().encode())
    assert (first.phoneNumber, second) == ("0901", Row("0902", "B", None, {"note": "z"}))


@pytest.mark.parametrize("blank", [",,", "   ,  ,", "\u00a0,\u200b,", "\x1a", '="",,', "','", "\t"])
def test_row_that_looks_blank_is_none(blank: str) -> None:
    for end in ("", '0903,"C",z\n'):  # as a block that is split, and as rows of a reader
        data = f"phone,name,note\n0901,A,x\n{blank}\n0902,B,y\n{blank}\n{end}"
        assert [row.phoneNumber for row in read_csv(data.encode())][:2] == ["0901", "0902"]
        assert len(read_csv(data.encode())) == (3 if end else 2)


def test_row_without_a_number_but_with_anything_else_is_one() -> None:
    reported = read_csv(b"phone,name,note\n0901,A,x\n,,y\n , ,,z\n")
    assert reported[1:] == [Row(attributes={"note": "y"}), Row(attributes={"column 4": "z"})]


@pytest.mark.parametrize("name", ['16"', "Có\\Không", "a\x07b\x1b", "x\ny"])
def test_column_may_have_any_name(name: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["phone", name], ["0901", "x"], ["0902", ""]])
    shown = {"a\x07b\x1b": "ab", "x\ny": "x y"}.get(name, name)
    assert read_csv(out.getvalue().encode()) == [Row("0901", attributes={shown: "x"}), Row("0902")]


def test_every_column_is_without_the_marks_of_a_spreadsheet() -> None:
    data = 'phone,name,externalId,x\n\'0901,\'An,\'007,\'-17\n"=""0902""",B,"=""008""","=""1"""\n'
    assert read_csv(data.encode()) == [Row("0901", "An", "007", {"x": "-17"}), Row("0902", "B", "008", {"x": "1"})]


@pytest.mark.parametrize("mark", ["'", "’", "‘", "`", "´", '"'])
def test_number_may_begin_with_any_apostrophe(mark: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["phone"], [f"{mark}0901"]])
    assert read_csv(out.getvalue().encode()) == [Row("0901")]


def test_errors_of_formulas_are_no_texts_and_are_counted() -> None:
    data = b"phone,name,x\n0901,#N/A,#REF!\n0902,B,#1\n#N/A,C,\n"
    assert read_csv(data) == [Row("0901"), Row("0902", "B", None, {"x": "#1"}), Row("#N/A", "C")]
    assert [column.left_empty for column in detected_of(data).tables[0].columns] == [0, 1, 1]


def test_what_was_detected_is_reported() -> None:
    data = "Danh sách\nHọ;Tên;Di động;SĐT;failedReason\nNg;A;;0901;x\n".encode("utf-16")
    detected = detected_of(data)
    assert (detected.format, detected.encoding, detected.encoding_doubt) == ("csv", "UTF-16", None)
    assert detected.separator == ";"
    (table,) = detected.tables
    assert (table.sheet, table.header_row, table.rows) == (None, 2, 1)
    assert [(column.column, column.use) for column in table.columns] == [
        ("Họ", "name"),
        ("Tên", "name"),
        ("Di động", "phoneNumber"),
        ("SĐT", "phoneNumber"),
        ("failedReason", "ignored"),
    ]


def test_columns_that_a_file_of_failed_rows_has_beside_its_own_are_not_read() -> None:
    assert read_csv(b"failedRow,phone,failedReason\n7,0901,too short\n") == [Row("0901")]


def test_rows_that_are_far_too_heavy_for_contacts_are_refused() -> None:
    heavy = b'0901,"' + b"x" * 100_000 + b'"\n'
    data = b"phone,name\n" + b"0901,A\n" * 1000 + heavy * 50
    with pytest.raises(InvalidInput) as refused:
        drained(read(io.BytesIO(data), BodyFormat(Format.CSV), Limits(100), "VN"))
    message = refused.value.message
    assert re.fullmatch(r"Rows \d+ to 1050 hold 2 MB: are they contacts\?", message)
    assert len(read_csv(b"phone,name\n" + (b"0901,A\n" * 99 + heavy) * 5, chunk_rows=100)) == 500


LINES = st.sampled_from(
    ["0901,A,x", "0901,A,x", "0902,B,", ",,", "", "0903,C", "0904,D,x,y", ",,z", "0906,é\t,x", " ,, "]
)


@given(st.lists(LINES, max_size=9), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 30))
def test_rows_are_the_same_whether_their_block_has_a_quote_or_none(tail: list[str], end: str, chunk_rows: int) -> None:
    """Without one, a block is split by its separators; the first lines never are."""
    start = ["phone,name,note", *(f"09{n:08},A,x" for n in range(25)), *tail]
    plain, quoted = (end.join([*start, last, ""]).encode() for last in ("0999,Z,w", '0999,"Z",w'))
    assert read_csv(plain, chunk_rows=chunk_rows) == read_csv(quoted, chunk_rows=chunk_rows)


def test_line_of_a_row_that_is_too_wide_is_counted_over_blocks_that_were_split() -> None:
    data = b"phone,name\n" + MANY + b"0902,B,x,y\n"
    assert refusal(data, columns=3, chunk_rows=10_000) == "Line 20002 has 4 columns: at most 3 are read"


def test_failed_rows_of_sheets_that_name_a_field_otherwise_are_read_by_what_they_have() -> None:
    header = "Họ,Tên,SĐT,Mã KH,Họ tên,externalId,failedRow,failedCode,failedReason"
    data = f"{header}\nLê,An,0901,K1,,,1,x,y\n,,0902,,Vũ Bo,K2,2,x,y\n,,0903,,,,3,x,y\n"
    found = [(row.phoneNumber, row.name, row.externalId) for row in read_csv(data.encode())]
    assert found == [("0901", "Lê An", "K1"), ("0902", "Vũ Bo", "K2"), ("0903", None, None)]
