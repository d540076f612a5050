"""Which SQLSTATEs mean that the database is unavailable, over all that asyncpg knows."""

import asyncpg
import pytest
from asyncpg import exceptions

from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.errors import InvalidInput

CLASSES = ("08", "28", "53", "55", "57", "58")
SINGLE = ("25006", "25P03", "25P04", "3D000")
OWN_FAULT = ("21000", "22001", "22P02", "23503", "23505", "25P02", "40001", "40P01", "42501", "42P01", "54000", "XX000")
KNOWN: dict[str, type[asyncpg.PostgresError]] = {
    kind.sqlstate: kind
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and isinstance(kind.sqlstate, str)
}


@pytest.mark.parametrize("state", [state for state in KNOWN if state[:2] in CLASSES or state in SINGLE])
def test_state_means_unavailable(state: str) -> None:
    error = KNOWN[state]("…")
    assert unavailable(error)
    assert isinstance(error, UNAVAILABLE)


def test_every_class_has_states() -> None:
    assert {state[:2] for state in KNOWN} >= set(CLASSES)
    assert KNOWN.keys() >= {*SINGLE, *OWN_FAULT, "28P01", "53100", "53300", "55000", "55P03", "57014", "57P03", "58030"}


@pytest.mark.parametrize("state", OWN_FAULT)
def test_fault_of_the_statement_does_not(state: str) -> None:
    assert not unavailable(KNOWN[state]("…"))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.DataError("invalid input for query argument $1"), False),
        (ValueError(), False),
        (InvalidInput("…"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_state(error: Exception, says: bool) -> None:
    assert unavailable(error) is says
