"""Passwords are taken out of the URLs of databases."""

import pytest

from tongdai.db.dsn import without_password


@pytest.mark.parametrize(
    ("dsn", "bare", "password"),
    [
        ("postgresql://u:p%40ss@h:5432/db?sslmode=require", "postgresql://u@h:5432/db?sslmode=require", "p@ss"),
        ("postgresql://u:p@a:1,b:2/db", "postgresql://u@a:1,b:2/db", "p"),
        ("postgresql://u:p@/db?host=%2Frun", "postgresql://u@/db?host=%2Frun", "p"),
        ("postgresql://u@/db?host=%2Frun&password=p%26q&port=1", "postgresql://u@/db?host=%2Frun&port=1", "p&q"),
        ("postgresql:///db?password=p", "postgresql:///db", "p"),
        ("postgresql://u:p@h/db?password=q", "postgresql://u@h/db", "q"),
        ("postgresql://u@h/db", "postgresql://u@h/db", None),
        ("postgresql:///db", "postgresql:///db", None),
        ("postgresql://h:5432/db?user=u", "postgresql://h:5432/db?user=u", None),
    ],
)
def test_password_is_taken_out(dsn: str, bare: str, password: str | None) -> None:
    assert without_password(dsn) == (bare, password)
