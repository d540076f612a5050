"""Names and passwords of phones' accounts."""

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from tongdai.agents.accounts.model import ALPHABET, REALM, SALT, digest_of, name_of, password_of
from tongdai.ids import TenantId
from tongdai.text import SWITCH_NAME

PEPPER, OTHER = b"a pepper for the tests, long enough", b"another pepper for the tests, long"


@given(st.integers(1, 2**63 - 1), st.binary(min_size=SALT, max_size=SALT))
def test_name_is_one_of_the_switch_and_says_whose_it_is(tenant_id: int, random: bytes) -> None:
    name = name_of(TenantId(tenant_id), random)
    assert re.fullmatch(SWITCH_NAME, name)
    assert name.startswith(f"t{tenant_id}-")


@given(st.binary(min_size=SALT, max_size=SALT))
def test_password_can_be_typed_and_is_always_the_same(salt: bytes) -> None:
    password = password_of(PEPPER, "t1-abc", salt)
    assert re.fullmatch(f"[{ALPHABET}]{{24}}", password)
    assert password == password_of(PEPPER, "t1-abc", salt)


def test_password_differs_by_pepper_name_and_salt() -> None:
    made = {
        password_of(pepper, name, salt)
        for pepper in (PEPPER, OTHER)
        for name in ("t1-abc", "t1-abd")
        for salt in (bytes(SALT), bytes(SALT - 1) + b"\1")
    }
    assert len(made) == 8


def test_alphabet_has_no_characters_that_look_alike() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set(ALPHABET) & set("l1o0ILO")


def test_digest_is_that_of_sip() -> None:
    """RFC 2617, 3.2.2.2: HA1."""
    assert digest_of("a", "secret") == hashlib.md5(f"a:{REALM}:secret".encode()).hexdigest()
