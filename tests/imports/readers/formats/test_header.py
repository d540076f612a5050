"""Which column of a header is what."""

import pytest

from tongdai.errors import InvalidInput
from tongdai.files.detected import Use
from tongdai.imports.readers.formats.header import Columns, find_columns, no_phone


def columns(*header: str) -> Columns:
    found = find_columns(header)
    assert found is not None
    return found


def uses(*header: str) -> dict[str, str]:
    """The use of each column."""
    return {column.column: column.use for column in columns(*header).detected()}


@pytest.mark.parametrize(
    ("header", "order"),
    [
        (["tel", "phone", "mobile"], [1, 2, 0]),
        (["SĐT 2", "SĐT", "SĐT 1"], [1, 2, 0]),
        (["Điện thoại", "Điện thoại"], [0, 1]),
        (["Di động", "Điện thoại", "Họ tên"], [1, 0]),
        (["Tên", "SĐT", "Số điện thoại 2"], [1, 2]),
        (["Số điện thoại 2", "SĐT"], [1, 0]),
        (["Phone number 2", "Phone"], [1, 0]),
        (["phoneNumber 2", "Tel"], [1, 0]),
        (["Số điện thoại 2", "Di động"], [1, 0]),
        (["Phone 2 - Value", "Home phone"], [1, 0]),
        (["Other phone", "SĐT bàn"], [1, 0]),
        (["Alt. phone number", "Tel"], [1, 0]),
        (["Secondary phone", "Điện thoại khác", "SĐT phụ", "Tel"], [3, 0, 2, 1]),
        (["phone number 3", "SĐT 2", "Di động"], [2, 1, 0]),
        (["Phone", "SĐT chính"], [1, 0]),
        (["Primary phone", "phoneNumber"], [1, 0]),
        (["SĐT NVKD", "SĐT khách hàng"], [1]),
        (["SĐT", "Khách hàng", "Điện thoại khách hàng"], [2, 0]),
        (["Điện thoại khách hàng 2", "Tel"], [1, 0]),
        (["customer_phone", "phoneNumber"], [1, 0]),
        (["SĐT phụ", "SĐT chính"], [1, 0]),
        (["ĐT bàn", "ĐT di động"], [1, 0]),
        (["ĐT khác", "ĐT KH"], [1, 0]),
        (["DT khách hàng", "ĐT"], [1]),
        (["SĐT nhà", "SĐT 2", "SĐT"], [2, 1, 0]),
        (["SĐT người thân", "Tel"], [1]),
    ],
)
def test_columns_of_numbers_come_by_place_and_clearness(header: list[str], order: list[int]) -> None:
    assert columns(*header).phones == tuple(order)


@pytest.mark.parametrize(
    "name",
    [
        "SĐT khách hàng", "Điện thoại khách hàng", "Số điện thoại KH", "sdt_khach_hang", "customer_phone",
        "Client phone",
        "Số ĐT liên hệ", "Số liên hệ", "Thuê bao", "Số phone", "SĐT (Zalo)", "Số Điện Thoại\n(bắt buộc)", "SĐT chính",
        "SĐT phụ", "ĐT di động", "ĐT bàn", "Phone (required)", "Contact phone", "KH - SĐT", "Số điện thoại KH 2",
    ],
)  # fmt: skip
def test_number_may_be_named_with_words_around(name: str) -> None:
    assert columns("Họ tên", name).phones == (1,)


@pytest.mark.parametrize(
    "name",
    ["SĐT NVKD", "SĐT người thân", "Liên hệ khẩn cấp", "SĐT liên hệ khẩn cấp", "Khách hàng", "KH", "Mã KH", "Zalo",
     "DT KH", "Customer number", "Doanh thu", "contact", "2", "phone 100"],
)  # fmt: skip
def test_name_that_may_be_of_something_else_is_no_numbers(name: str) -> None:
    assert find_columns(["Họ tên", name]) is None


def test_header_without_a_number_says_what_to_do() -> None:
    assert no_phone(["id", "note"], "the header row").message.endswith(
        "the header row has id, note. Rename the heading of the phone numbers to phoneNumber"
    )


@pytest.mark.parametrize(
    ("header", "places"),
    [
        (["Họ đệm", "Tên", "SĐT"], (0, 1)),
        (["SĐT", "Tên", "Họ"], (2, 1)),
        (["Họ", "Tên đệm", "Tên", "SĐT"], (0, 1, 2)),
        (["phone", "first_name", "middle_initial", "last_name"], (1, 2, 3)),
        (["last name", "first name", "phone"], (1, 0)),
        (["Surname", "Name", "phone"], (1, 0)),
        (["phone", "First name"], (1,)),
        (["phone", "Full name", "First name", "Last name"], (1,)),
        (["Họ", "Tên", "Họ và tên", "SĐT"], (2,)),
        (["phone", "Tên"], (1,)),
    ],
)
def test_name_in_parts_is_joined_in_the_order_in_which_it_is_written(header: list[str], places: tuple[int]) -> None:
    assert columns(*header).values[0] == places


@pytest.mark.parametrize(
    ("header", "places", "fallbacks"),
    [
        (["Họ", "Tên", "SĐT", "Họ tên"], (3,), ((0, 1),)),
        (["SĐT", "Họ tên", "Họ", "Tên đệm", "Tên"], (1,), ((2, 3, 4),)),
        (["phone", "name", "Name"], (1,), ((2,),)),
        (["phone", "Tên", "Họ tên"], (2,), ((1,),)),
        (["phone", "Họ", "Tên"], (1, 2), ()),
    ],
)
def test_file_of_failed_rows_may_name_a_field_as_several_sheets_did(
    header: list[str], places: tuple[int, ...], fallbacks: tuple[tuple[int, ...], ...]
) -> None:
    found = columns(*header, "failedRow", "failedCode", "failedReason")
    assert (found.values[0], found.fallbacks[0]) == (places, fallbacks)


def test_order_of_several_columns_of_numbers_is_noted() -> None:
    assert list(columns("Di động", "SĐT", "Họ tên").notes()) == [
        "A row has the number of the first of these columns that has a usable one: SĐT, Di động"
    ]
    assert list(columns("SĐT", "Họ tên").notes()) == []


def test_each_column_tells_its_use() -> None:
    assert uses("STT", "phone_code", "phone", "SĐT 2", "Họ", "Tên", "Mã KH", "Múi giờ", "failedReason", "") == {
        "STT": Use.ATTRIBUTE,
        "phone_code": Use.COUNTRY,
        "phone": Use.PHONE,
        "SĐT 2": Use.PHONE,
        "Họ": "name",
        "Tên": "name",
        "Mã KH": "externalId",
        "Múi giờ": Use.TIME_ZONE,
        "failedReason": Use.IGNORED,
        "column 10": Use.ATTRIBUTE,
    }


def test_attributes_are_all_other_columns_with_the_country_and_further_numbers() -> None:
    named = [
        name for _, name in columns("country", "phone", "tel", "Họ", "Tên", "failedRow", "note", "note").attributes
    ]
    assert named == ["country", "tel", "note", "note (2)"]


@pytest.mark.parametrize("twice", [["name", "Name"], ["Mã KH", "ma kh"], ["country", "Country"], ["Họ", "ho"]])
def test_field_that_is_named_twice_is_refused(twice: list[str]) -> None:
    with pytest.raises(InvalidInput, match=f"Columns 2 and 3 are both named {twice[0]}"):
        find_columns(["phone", *twice])


def test_signs_in_the_name_of_a_column_are_kept() -> None:
    assert columns("phone", 'Màn hình 16"', "Có\\Không", "a\x07b").attributes == (
        (1, 'Màn hình 16"'),
        (2, "Có\\Không"),
        (3, "ab"),
    )
