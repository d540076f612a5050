"""Signed links lead to one recording until they expire; whatever is changed in one leads nowhere."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tongdai.ids import Author, ByUser, KeyId, TenantId, UserId
from tongdai.recordings.links import Link, path_of, read

PEPPER = b"p" * 32
AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
CALL = UUID("5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11")


def link_by(by: Author) -> Link:
    return Link(TenantId(20260310), CALL, AT + timedelta(seconds=60), by)


def text_of(link: Link) -> str:
    return path_of(PEPPER, link).removeprefix("/v1/recordings/")


TEXT = text_of(link_by(KeyId(31)))


@pytest.mark.parametrize("by", [KeyId(31), ByUser(UserId(31))], ids=str)
def test_link_says_whose_it_is_and_for_which_call(by: Author) -> None:
    assert read(PEPPER, text_of(link_by(by)), AT) == link_by(by)


def test_link_expires() -> None:
    assert read(PEPPER, TEXT, AT + timedelta(seconds=59)) is not None
    assert read(PEPPER, TEXT, AT + timedelta(seconds=60)) is None


@pytest.mark.parametrize("at", range(len(TEXT)))
def test_changed_link_leads_nowhere(at: int) -> None:
    for character in {"0", "1", "a", "-", "/", "u", "\n"} - {TEXT[at]}:
        assert read(PEPPER, TEXT[:at] + character + TEXT[at + 1 :], AT) is None
    assert read(PEPPER, TEXT[:at] + TEXT[at + 1 :], AT) is None


def test_link_that_another_installation_signed_leads_nowhere() -> None:
    assert read(b"q" * 32, TEXT, AT) is None


@pytest.mark.parametrize("text", ["", "1", f"{TEXT}\n", f"0{TEXT}", f"{TEXT}.mp3"])
def test_what_is_no_link_leads_nowhere(text: str) -> None:
    assert read(PEPPER, text, AT) is None
