"""Signed paths lead to the files that they were made for; whatever is changed in one leads nowhere."""

import re

import pytest

from tongdai.ids import SoundId, TenantId
from tongdai.queues.sounds.signed import path_of, read

PEPPER, DIGEST = b"p" * 32, bytes(range(32))
PATH = path_of(PEPPER, TenantId(20260310), SoundId(31), DIGEST)
FILE = PATH.removeprefix("/v1/sounds/")


def test_path_is_one_that_a_switch_can_fetch() -> None:
    assert re.fullmatch(r"/v1/sounds/20260310-31-0001020304050607-[0-9a-f]{32}\.wav", PATH)
    assert read(PEPPER, FILE) == (20260310, 31)


def test_other_contents_have_another_path() -> None:
    assert path_of(PEPPER, TenantId(20260310), SoundId(31), DIGEST[::-1]) != PATH


@pytest.mark.parametrize("at", range(len(FILE)))
def test_changed_path_leads_nowhere(at: int) -> None:
    for character in {"0", "1", "a", "-", "/", "\n"} - {FILE[at]}:
        assert read(PEPPER, FILE[:at] + character + FILE[at + 1 :]) is None
    assert read(PEPPER, FILE[:at] + FILE[at + 1 :]) is None


def test_path_that_another_installation_signed_leads_nowhere() -> None:
    assert read(b"q" * 32, FILE) is None


@pytest.mark.parametrize("file", ["", "1.wav", "1-2-3-4.wav", f"{FILE}.wav", f"{FILE}\n", f"0{FILE}"])
def test_what_is_no_path_leads_nowhere(file: str) -> None:
    assert read(PEPPER, file) is None
