"""A table that two folders write is refused, unless the second writer is listed with a reason."""

import pytest

from checks.statements import Statement
from checks.table_owners import WRITERS, offences_in, tables_written, writers_of

OWN = Statement("tongdai.contacts.store.ADD", "insert into contact (tenant_id) values ($1)")
FOREIGN = Statement("tongdai.calls.claim.CLAIM", "with x as (update contact set name = $2) select from x")


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("insert into a (x) select x from b", ["a"]),
        ("update a set x = 1 from b", ["a"]),
        ("delete from a using b", ["a"]),
        ("merge into a using b on a.x = b.x when matched then delete", ["a"]),
        ("copy a (x) from stdin", ["a"]),
        ("copy a (x) to stdout", []),
        ("with p as (insert into a (x) values (1)), q as (delete from b) update c set x = 1", ["a", "b", "c"]),
        ("select x from a for update", []),
    ],
)
def test_tables_that_a_statement_changes(statement: str, tables: list[str]) -> None:
    assert sorted(tables_written(statement)) == tables


def test_table_of_one_folder_is_accepted() -> None:
    other = Statement("tongdai.contacts.bulk_store[generated]", "delete from contact")
    assert offences_in(writers_of([OWN, other]), {}) == []


def test_table_that_two_folders_write_is_refused() -> None:
    (offence,) = offences_in(writers_of([OWN, FOREIGN]), {})
    assert str(offence) == "table contact: written by tongdai.calls, tongdai.contacts; one of them is its owner"


def test_listed_writer_is_accepted() -> None:
    allowed = {"tongdai.calls.claim": ("a reason", frozenset({"contact"}))}
    assert offences_in(writers_of([OWN, FOREIGN]), allowed) == []


def test_listed_writer_of_another_table_is_refused() -> None:
    allowed = {"tongdai.calls.claim": ("a reason", frozenset({"campaign"}))}
    assert [offence.table for offence in offences_in(writers_of([OWN, FOREIGN]), allowed)] == ["campaign", "contact"]


def test_list_may_not_keep_what_is_over() -> None:
    allowed = {"tongdai.calls.claim": ("a reason", frozenset({"contact"}))}
    (offence,) = offences_in(writers_of([OWN]), allowed)
    assert "remove it there" in offence.why


def test_owner_may_not_be_listed() -> None:
    allowed = {"tongdai.contacts.store": ("a reason", frozenset({"contact"}))}
    (offence,) = offences_in(writers_of([OWN]), allowed)
    assert "its owner must not be" in offence.why


def test_every_listed_writer_has_a_reason() -> None:
    assert all(reason for reason, _ in WRITERS.values())
