"""Files of numbers that are not called, as they are read."""

import io
from datetime import date

import pytest

from tongdai.do_not_call.entries.file_reader import HEADER_WITHIN, open_numbers
from tongdai.do_not_call.entries.validation import Sent
from tongdai.errors import InvalidInput
from tongdai.files import BodyFormat, Format, Limits

TODAY = date(2026, 11, 28)


def read(data: str | bytes, most: int | None = None, **limits: int) -> list[Sent]:
    content = data.encode() if isinstance(data, str) else data
    body_format = BodyFormat(Format.CSV)
    with open_numbers(io.BytesIO(content), body_format, Limits(**({"chunk_rows": 2} | limits)), TODAY, most) as found:
        return [sent for batch in found.batches() for sent in batch]


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
    expected = Sent("0901234567", "A", "31/12/2026")
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


def test_file_without_any_number_is_refused() -> None:
    assert refusal("id,note\n1,2\n") == (
        "No column is named phoneNumber, phone, số điện thoại or the like: the header row has id, note"
    )
    assert "is empty" in refusal("")
    assert "is empty" in refusal(",\n" * HEADER_WITHIN + "phone\n0901234567\n")


def test_quotes_that_do_not_close_swallow_no_numbers() -> None:
    assert "ends within quotes" in refusal('phone,reason\n0900000001,"open\n0900000002,\n')
