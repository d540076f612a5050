"""Countries are known by the codes and names that files have."""

import pytest

from tongdai.contacts.numbers.countries import country_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("VN", "VN"), ("vn", "VN"), (" Việt Nam ", "VN"), ("VIETNAM", "VN"), ("vnm", "VN"), ("84", "VN"), ("+84", "VN"),
        ("0084", "VN"), ("+ 84", "VN"), ("1", "US"), ("USA", "US"), ("Mỹ", "US"), ("MY", "MY"), ("Hàn Quốc", "KR"),
        ("886", "TW"), ("Đài Loan", "TW"), ("Anh", "GB"), ("gb", "GB"),
    ],
)  # fmt: skip
def test_country_is_known_however_it_is_written(text: str, code: str) -> None:
    assert country_of(text) == code


@pytest.mark.parametrize("text", ["", "Hà Nội", "999", "800", "0", "ZZ", "0901234567", "８４０"])
def test_other_text_is_no_country(text: str) -> None:
    assert country_of(text) is None
