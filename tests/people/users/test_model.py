"""Logins and rules for passwords."""

import pytest

from tongdai.people.users.model import login_of, password_fault


@pytest.mark.parametrize(
    ("text", "login"),
    [
        (" Hoa.Le@Example.COM ", "hoa.le@example.com"),
        ("hoa+tongdai@example.com.vn", "hoa+tongdai@example.com.vn"),
        ("0901 234 567", "+84901234567"),
        ("+84901234567", "+84901234567"),
    ],
)
def test_login_has_one_form(text, login):
    assert login_of(text) == login


@pytest.mark.parametrize(
    "text", ["", " ", "hoa", "@", "hoa@", "@example.com", "hoa@example", "a@b@c.vn", "a b@c.vn", "a@c.vn\x00", "113",
             "a" * 250 + "@c.vn", "hoa@example.com\nx"],
)  # fmt: skip
def test_what_is_neither_address_nor_number_is_no_login(text):
    assert login_of(text) is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("nine char", "must have at least 10 characters"),
        ("x" * 201, "must have at most 200 characters"),
        ("MatKhau12345", "is one that many people use: choose another"),
        ("1212121212", "is one that many people use: choose another"),
        ("aaaaaaaaaaaaaaa", "is one that many people use: choose another"),
        ("Hoa.Nguyen@example.com", "is the login: choose another"),
        ("hoa.nguyen", "is the login: choose another"),
        ("ten chars!", None),
        ("mật khẩu của tôi", None),
    ],
)
def test_password_is_long_and_not_what_everybody_has(password, fault):
    assert password_fault(password, "hoa.nguyen@example.com") == fault
