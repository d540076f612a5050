"""The header is found below titles, in one row or in two."""

import pytest

from tongdai.files.header import HEADER_WITHIN, find_header
from tongdai.imports.readers.formats.table import names_contacts

Rows = list[list[str]]


def found(*rows: list[str]) -> tuple[int, list[str]]:
    header = find_header(rows, names_contacts)
    assert header is not None
    return header.last, header.names


DATA = ["1", "An", "0901234567", "x"]


@pytest.mark.parametrize(
    "titles",
    [
        [["DANH SÁCH KHÁCH HÀNG"]],
        [["DANH SÁCH", "", "", ""], ["", "", "", ""]],
        [["Ngày: 01/04/2026", "", "Người lập: Lan"]],
        [["Ngày: 01/04/2026", "", "Người lập: Lan", ""]],
        [["Công ty", "ABC", "Hà Nội"], [], ["Tháng", "4"]],
    ],
)
def test_titles_are_skipped(titles: Rows) -> None:
    header = ["STT", "Họ tên", "SĐT", "Ghi chú"]
    assert found(*titles, header, DATA) == (len(titles), header)


def test_title_with_as_many_cells_as_the_header_is_skipped() -> None:
    header = ["STT", "Họ tên", "SĐT"]
    assert found(["Ngày", "01/04/2026", "Lan"], header, DATA) == (1, header)


def test_row_of_data_that_names_a_number_is_no_header() -> None:
    assert found(["contact", "type"], ["0901", "mobile"]) == (0, ["contact", "type"])
    assert found(["contact", "type", "x"], ["0901", "mobile", ""]) == (0, ["contact", "type", "x"])


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (
            [["STT", "Khách hàng", "", "Liên hệ", ""], ["", "Họ tên", "Mã KH", "Di động", "Email"]],
            ["STT", "Họ tên", "Mã KH", "Di động", "Email"],
        ),
        (
            [["STT", "Họ tên", "SĐT", "Địa chỉ", "", ""], ["", "", "", "Tỉnh", "Huyện", "Xã"]],
            ["STT", "Họ tên", "SĐT", "Tỉnh", "Huyện", "Xã"],
        ),
        (
            [["Người mua", "", "Người nhận", ""], ["Tên", "SĐT", "Tên", "SĐT"]],
            ["Tên", "SĐT", "Người nhận Tên", "Người nhận SĐT"],
        ),
        (
            [["STT", "Họ tên", "Điện thoại", ""], ["", "", "Nhà riêng", "Di động"]],
            ["STT", "Họ tên", "Điện thoại", "Di động"],
        ),
        (
            [["STT", "Họ tên", "SĐT", "", ""], ["", "", "2", "1", "khác"]],
            ["STT", "Họ tên", "SĐT 2", "SĐT", "SĐT khác"],
        ),
        (
            [["Họ tên", "SĐT", "", ""], ["", "Người thân", "NVKD", "Khách hàng"]],
            ["Họ tên", "SĐT Người thân", "SĐT NVKD", "SĐT Khách hàng"],
        ),
        ([["STT", "Liên hệ", "Ghi chú"], ["", "SĐT", ""]], ["STT", "SĐT", "Ghi chú"]),
        ([["Họ tên", "Số điện thoại"], ["Full name", "Phone"]], ["Họ tên", "Số điện thoại"]),
    ],
)
def test_header_of_two_rows_is_one(rows: Rows, names: list[str]) -> None:
    data = ["1", "0901234567", "x", "y", "z", "w"][: len(names)]
    assert found(*rows, data) == (1, names)
    assert found(["DANH SÁCH"], *rows, data) == (2, names)


@pytest.mark.parametrize(
    "data",
    [
        ["0901234567", "An", "x", "y"],
        ["", "An", "", ""],
        ["", "", "x", ""],
        ["", "", "0901234567", "0902"],
        ["không có", "An", "x", "y"],
        ["0901", "", "x", "y"],
    ],
)
def test_row_of_data_is_not_taken_for_a_second_row_of_the_header(data: list[str]) -> None:
    assert found(["phone", "name", "", ""], data) == (0, ["phone", "name", "", ""])


def test_without_a_number_the_first_row_of_several_cells_is_the_header() -> None:
    assert found(["x"], ["id", "note"], ["1", "2"]) == (1, ["id", "note"])
    assert found([""], ["x"]) == (1, ["x"])
    assert find_header([[""], []], names_contacts) is None
    assert find_header([["title"]] * HEADER_WITHIN + [["phone"]], names_contacts) is not None
    assert found(*[["title"]] * HEADER_WITHIN, ["phone"]) == (0, ["title"])
