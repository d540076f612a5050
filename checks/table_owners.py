"""Refuse a table that is written by more than one folder of the package.

    python -m checks.table_owners

A table has one writer: the folder of its noun, as `tongdai.contacts` for `contact`. Any module may read it by join. A
module of another folder that inserts, updates, deletes or copies into the table is refused unless WRITERS names it with
a reason. The owner of a table is the one folder that remains without the writers listed there; two are refused.

The statements are those that checks/statements.py finds. Exit status 1 if anything is refused.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pglast
from pglast import ast as sql

from checks.sql_all_tenants import GENERATED
from checks.statements import Statement, collect

_CLAIM = "the claim takes due contacts and opens their calls in one statement, so that no contact is in two calls"
_END = "the end of a call moves the contact and its counters in the same transaction, so that they always agree"
_AGAIN = "calling contacts again moves them and their counters in one statement, by the rules of the claim"
_CODED = "a wrap-up code after the call decides about the contact, as the end of the call would have"
_SKIP = "skipping a preview reschedules the contact in the same statement, so that no claim comes in between"
_FORGET = "deleting a list takes it from its imports in the same transaction, so that none names a list that is gone"
_DEMO = "demo data has fixed ids, which the API does not let a client choose"
_COUNTED = ("contact_change", "contact_counter", "contact_due")

WRITERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "tongdai.contacts.lists.store": (_FORGET, frozenset({"import_job"})),
    "tongdai.calls.claim": (_CLAIM, frozenset({"contact", *_COUNTED, "contact_run"})),
    "tongdai.calls.finish": (_END, frozenset({"contact", *_COUNTED})),
    "tongdai.calls.again.store": (_AGAIN, frozenset({"contact", *_COUNTED})),
    "tongdai.agents.previews.store": (_SKIP, frozenset({"contact", "contact_due", "contact_run"})),
    "tongdai.calls.codes.store": (_CODED, frozenset({"contact", *_COUNTED})),
    "tongdai.demo.tenant": (
        _DEMO,
        frozenset({
            "campaign", "contact", "contact_block", "contact_counter", "contact_due", "contact_list", "import_job",
            "import_outcome", "inbound_queue",
        }),
    ),
}  # fmt: skip
"""Module → the tables of other folders that it writes, and why."""

Written = Mapping[str, frozenset[str]]
"""Table → the modules that write it."""


@dataclass(frozen=True, slots=True, order=True)
class Offence:
    table: str
    why: str

    def __str__(self) -> str:
        return f"table {self.table}: {self.why}"


def tables_written(statement: str) -> Iterator[str]:
    """The tables that a statement changes, also in its CTEs."""
    for raw in pglast.parse_sql(statement):
        for node in _nodes(raw.stmt):
            match node:
                case sql.InsertStmt() | sql.UpdateStmt() | sql.DeleteStmt() | sql.MergeStmt():
                    yield _name(node.relation)
                case sql.CopyStmt(is_from=True):
                    yield _name(node.relation)
                case _:
                    continue


def _name(relation: sql.RangeVar | None) -> str:
    assert relation is not None, "a statement that changes rows names its table"
    return str(relation.relname)


def _nodes(value: Any) -> Iterator[sql.Node]:
    if isinstance(value, sql.Node):
        yield value
        for attribute in value:
            yield from _nodes(getattr(value, attribute))
    elif isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)


def writers_of(statements: Iterable[Statement]) -> Written:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for statement in statements:
        for table in tables_written(statement.sql):
            found[table].add(_module_of(statement))
    return {table: frozenset(modules) for table, modules in found.items()}


def _module_of(statement: Statement) -> str:
    name, generated, _ = statement.name.partition("[")
    return name if generated else name.rpartition(".")[0]


def offences_in(written: Written, allowed: Mapping[str, tuple[str, frozenset[str]]] = WRITERS) -> list[Offence]:
    found: list[Offence] = []
    for table, modules in written.items():
        owners = {_folder(module) for module in modules if not _allows(allowed, module, table)}
        if len(owners) > 1:
            found.append(Offence(table, f"written by {', '.join(sorted(owners))}; one of them is its owner"))
        if not owners:
            found.append(Offence(table, "every writer is listed in WRITERS; its owner must not be"))
    found += (
        Offence(table, f"{module} is listed in WRITERS and does not write it: remove it there")
        for module, (_, tables) in allowed.items()
        for table in tables
        if module not in written.get(table, ())
    )
    return sorted(found)


def _allows(allowed: Mapping[str, tuple[str, frozenset[str]]], module: str, table: str) -> bool:
    return module in allowed and table in allowed[module][1]


def _folder(module: str) -> str:
    """`tongdai.contacts` of `tongdai.contacts.bulk_store`."""
    return ".".join(module.split(".")[:2])


def main() -> int:
    written = writers_of(collect("tongdai", GENERATED).statements)
    offences = offences_in(written)
    sys.stdout.writelines(f"{offence}\n" for offence in offences)
    sys.stdout.write(f"{len(written)} tables are written, {len(offences)} offences\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
