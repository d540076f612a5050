"""Files of numbers that are not called, as they are read."""

import io
import tempfile
from datetime import date

import pytest

from tests.support.workbooks import workbook_of
from tongdai.do_not_call.entries.file_reader import HEADER_WITHIN, open_numbers
from tongdai.do_not_call.entries.validation import Sent
from tongdai.errors import InvalidInput
from tongdai.files import BodyFormat, Format, Limits
from tongdai.files.detected import Detected

TODAY = date(2026, 11, 28)


def detected(
    data: str | bytes, most: int | None = None, format_: Format = Format.CSV, **limits: int
) -> tuple[list[Sent], Detected]:
    content = data.encode() if isinstance(data, str) else data
    file = io.BytesIO(content)
    with open_numbers(file, BodyFormat(format_), Limits(**({"chunk_rows": 2} | limits)), TODAY, most) as found:
        return [sent for batch in found.batches() for sent in batch], found.detected


def read(data: str | bytes, most: int | None = None, **limits: int) -> list[Sent]:
    return detected(data, most, Format.CSV, **limits)[0]


def uses(data: str) -> list[tuple[str, str]]:
    (table,) = detected(data)[1].tables
    return [(column.column, column.use) for column in table.columns]


def refusal(data: str | bytes, most: int | None = None, **limits: int) -> str:
    with pytest.raises(InvalidInput) as refused:
        read(data, most, **limits)
    return refused.value.message


def test_rows_are_as_many_as_the_reader_allows() -> None:
    data = "\nphone\n0901234567\n\n0901234568\n"
    assert [sent.phone for sent in read(data, 3)] == ["0901234567", "0901234568"]
    assert len(read(data)) == 2
    assert "more than 2 rows" in refusal(data, 2)


def test_cells_are_as_long_as_the_limits_of_imports_allow() -> None:
    long = "phone,note\n0901234567," + "x" * 4000 + "\n"
    assert [sent.phone for sent in read(long, cell_chars=4096)] == ["0901234567"]
    assert "a cell is longer than 1024 characters" in refusal(long, cell_chars=1024)


@pytest.mark.parametrize(
    "header", ["phoneNumber", "SĐT", "Số điện thoại", "Mobile", "number", "phone 1", "MSISDN", "Điện thoại di động"]
)
def test_column_of_numbers_is_found_by_its_name(header: str) -> None:
    assert read(f"note;{header};x\n1;0901234567;2\n") == [Sent("0901234567")]


def test_columns_come_in_any_order() -> None:
    expected = Sent("0901234567", "A", "2026-12-31")
    assert read("Ghi chú;Hết hạn;LÝ DO;Số điện thoại\nx;31/12/2026;A;0901234567\n") == [expected]
    assert read("reason,valid until,phone\nA,31/12/2026,0901234567\n") == [expected]


def test_every_column_of_numbers_is_read() -> None:
    assert read("Phone 1,Name,Phone 2\n0901234567,A,0907654321\n0901234568,B,\n") == [
        Sent("0901234567 ; 0907654321"),
        Sent("0901234568"),
    ]


def test_column_named_number_counts_rows_where_another_has_the_phone_numbers() -> None:
    assert read("number,phone\n1,0901234567\n") == [Sent("0901234567")]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_character_set_is_found_out(charset: str) -> None:
    decomposed = "Sô\u0301 điê\u0323n thoa\u0323i,Ly\u0301 do\n0901234567,không go\u0323i\n"
    assert read(decomposed.encode(charset)) in (
        [Sent("0901234567", "không gọi")],
        [Sent("0901234567", "không go\u0323i")],
    )


@pytest.mark.parametrize("cell", ["912345678.0", '="0912345678"', "'0912345678", " 0912345678 "])
def test_marks_of_spreadsheets_are_no_part_of_a_number(cell: str) -> None:
    (sent,) = read(f'phone\n"{cell.replace(chr(34), chr(34) * 2)}"\n')
    assert sent.phone in {"912345678", "0912345678"}


def test_registry_of_the_united_states_has_no_header() -> None:
    assert read("212,5550199\n310,5550188\n") == [Sent("5550199", area="212"), Sent("5550188", area="310")]
    assert read("5550199,212\n") == [Sent("5550199", area="212")]
    assert read("Area,Number\n212,5550199\n") == [Sent("5550199", area="212")]


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ("0901234567\n0907654321\n", [Sent("0901234567"), Sent("0907654321")]),
        ("\n\n 0901 234 567\n", [Sent("0901 234 567")]),
        ("xin đừng gọi;0901234567;2026-12-31\n", [Sent("0901234567", "xin đừng gọi", "2026-12-31")]),
        ("1,0901234567,A\n2,,B\n", [Sent("0901234567", "A"), Sent(None, "B")]),
        ("0901234567 x1,A\n", [Sent("0901234567 x1", "A")]),
        ("Danh sách đen\n0901234567\n", [Sent("0901234567")]),
        ("Khách,Liên hệ\nA,0901234567\n", [Sent("0901234567", "A")]),
        ("09012345,A\n0901234567,B\n", [Sent("09012345", "A"), Sent("0901234567", "B")]),
    ],
)
def test_columns_of_a_file_without_header_are_found_by_their_content(data: str, sent: list[Sent]) -> None:
    assert read(data) == sent


def test_days_that_have_passed_are_no_expiry_without_a_header_that_says_so() -> None:
    assert read("0901234567,2020-01-31\n0901234568,2030-01-31\n") == [Sent("0901234567"), Sent("0901234568")]
    assert read("phone,expires\n0901234567,2020-01-31\n") == [Sent("0901234567", expires_at="2020-01-31")]


def test_numbers_above_the_header_are_read() -> None:
    assert read("0901234567,A\nphone,reason\n0907654321,B\n") == [Sent("0901234567", "A"), Sent("0907654321", "B")]


def test_row_without_a_number_above_the_first_one_is_noted() -> None:
    data = "so_bi_chan,den,vi_sao\n0901234567,2999-01-31,A\n0901234568,2999-02-28,\n"
    sent, found = detected(data)
    assert sent == [Sent("0901234567", "A", "2999-01-31"), Sent("0901234568", None, "2999-02-28")]
    (note,) = found.notes
    assert note == (
        "The columns were found by what they have, and a row above the first number was not read: "
        "so_bi_chan, den, vi_sao"
    )
    assert detected("0901234567,A\n")[1].notes == []


def test_file_without_any_number_is_refused() -> None:
    assert refusal("id,note\n1,2\n") == (
        "No column is named phoneNumber, phone, số điện thoại or the like: the header row has id, note. "
        "Rename the heading of the phone numbers to phoneNumber"
    )
    assert "is empty" in refusal("")
    assert "is empty" in refusal(",\n" * HEADER_WITHIN + "phone\n0901234567\n")


def test_quotes_that_do_not_close_swallow_no_numbers() -> None:
    assert "ends within quotes" in refusal('phone,reason\n0900000001,"open\n0900000002,\n')


@pytest.mark.parametrize(
    "data", ["phone\n", "phone,reason\r\n\r\n , \r\n", "Danh sách\nSTT,SĐT\n", '{"numbers": []}', "[]", "\ufeffphone"]
)
def test_file_without_rows_is_refused(data: str) -> None:
    assert refusal(data) in {
        "The file has no rows below its header row: expected numbers",
        "The file has no items: expected numbers",
    }


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        ("0901234567,0907654321\n0901234568,\n", (0, 1)),
        ("A,0901234567,2030-01-31,02838221501\nB,0901234568,2030-01-31,0907654321\n", (1, 3)),
        # The second one begins below the rows from which columns are guessed, and where it is empty is a word.
        ("0901234567,,5\n" * 12 + "0901234568,0907654321,5\n", (0, 1)),
        ("0901234567,không,5\n" + "0901234568,0907654321,5\n" * 3, (0, 1)),
    ],
)
def test_every_column_of_numbers_is_read_without_a_header_too(data: str, columns: tuple[int, ...]) -> None:
    sent = read(data)
    assert sent[-1].phone == " ; ".join(
        data.splitlines()[-1].split(",")[at] for at in columns if data.splitlines()[-1].split(",")[at]
    )
    assert [at for at, (_, use) in enumerate(uses(data)) if use == "phoneNumber"] == list(columns)


def test_column_that_seems_to_have_numbers_and_is_not_read_is_named() -> None:
    data = "SĐT,Zalo,STT,createdAt\n0901234567,0907654321,1,20270131\n0901234568,,2,\n"
    sent, found = detected(data)
    assert [one.phone for one in sent] == ["0901234567", "0901234568"]
    assert found.notes == [
        "Column Zalo was not read, and 1 cell of it looks like a phone number: to list them, name it phone 2"
    ]
    assert uses(data) == [
        ("SĐT", "phoneNumber"), ("Zalo", "ignored"), ("STT", "ignored"), ("createdAt", "ignored"),
    ]  # fmt: skip


def test_what_was_read_as_what_is_reported() -> None:
    sent, found = detected("\nhết hạn;Mobile;Lý do\n31/12/2026;0901234567;A\n\n;0901234568;\n")
    (table,) = found.tables
    assert (len(sent), table.rows, table.header_row, found.separator, found.encoding) == (2, 2, 2, ";", "UTF-8")
    assert [(one.column, one.use) for one in table.columns] == [
        ("hết hạn", "expiresAt"),
        ("Mobile", "phoneNumber"),
        ("Lý do", "reason"),
    ]
    assert uses("212,5550199\n") == [("column 1", "areaCode"), ("column 2", "phoneNumber")]
    assert detected("212,5550199\n")[1].tables[0].header_row is None


def test_order_of_dates_is_that_of_the_whole_column() -> None:
    rows = "".join(f"09012345{n:02},06/05/2027\n" for n in range(30))
    sent, found = detected(f"phone,until\n{rows}0901234599,05/13/2027\n")
    assert {one.expires_at for one in sent} == {"2027-06-05", "2027-05-13"}
    assert found.notes == ["Dates of expiresAt are read as month/day/year, as 05/13/2027 shows"]
    assert read(f"phone,until\n{rows}0901234599,13/05/2027\n")[0].expires_at == "2027-05-06"


def test_header_may_have_two_rows_and_a_title() -> None:
    data = "DANH SÁCH TỪ CHỐI\nLiên hệ,,Khác\nDi động,Email,Lý do\n0901234567,a@b,A\n"
    assert read(data) == [Sent("0901234567", "A")]
    assert detected(data)[1].tables[0].header_row == 3


def test_row_that_begins_like_a_header_and_has_a_number_is_none() -> None:
    assert [one.phone for one in read("phone 0901234567\nphone 0901234568\n")] == [
        "phone 0901234567",
        "phone 0901234568",
    ]


def test_sheets_that_are_not_read_are_refused() -> None:
    both = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone"], ["0901000002"]]})
    with tempfile.TemporaryFile() as file:
        file.write(both)
        opened = open_numbers(file, BodyFormat(Format.XLSX), Limits(2), TODAY)
        with pytest.raises(InvalidInput, match=r"Other sheets of the workbook have rows too: B\."), opened:
            pass


def test_hidden_sheet_is_named_and_not_read() -> None:
    both = workbook_of({"A": [["phone"], ["0901000001"]], "B": [["phone"], ["0901000002"]]}, hidden=["B"])
    with tempfile.TemporaryFile() as file:
        file.write(both)
        with open_numbers(file, BodyFormat(Format.XLSX), Limits(2), TODAY) as found:
            assert [one.phone for batch in found.batches() for one in batch] == ["0901000001"]
            assert [(one.sheet, one.rows) for one in found.detected.left_out] == [("B", 2)]


def test_numbers_beyond_the_header_are_named() -> None:
    data = "phone,note\n0901234567,a\n0901234568,b,x,0907654321\n"
    assert uses(data)[2:] == [("column 3", "ignored"), ("column 4", "ignored")]
    assert detected(data)[1].notes == [
        "Column 4 was not read, and 1 cell of it looks like a phone number: to list them, name it phone 2"
    ]
    assert read("0901234567\n" * 12 + "0901234568,0907654321\n")[-1].phone == "0901234568 ; 0907654321"
