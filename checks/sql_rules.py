"""Refuse SQL that would not shard by tenant, or that a transaction pooler would break.

    python -m checks.sql_rules

Each statement of the package is parsed by PostgreSQL's own parser and held to these rules (docs/decisions/0020):

1. Every table of a tenant has an equality `alias.tenant_id = $n` of its own, with one and the same parameter, also in
   laterals, `exists` and CTEs: an equality with another table's column is no filter there. An insert writes $n.
2. One tenant for a statement: no arrays of tenants. Work over all tenants is a plain select of candidates, listed in
   checks/sql_all_tenants.py with its reason; a transaction for each tenant then locks and changes.
3. Rows and advisory locks are taken within one tenant. A lock of the session is for the session's own connection.
4. An update and a delete call no volatile function in expressions of their own, no stable one within CASE or COALESCE,
   and add no interval to a column; `on conflict do update` calls neither kind: times come from a CTE.
6. Planner settings by `set local`: no `set_config`, no `force_generic_plan`, nothing that outlives a transaction.

Rule 5, that a statement ends in a select, is a matter of style that this check leaves to the reader.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pglast
from pglast import ast as sql
from pglast import enums

from checks.sql_all_tenants import ALL_TENANTS, GENERATED, SESSION
from checks.sql_tree import (
    Level,
    calls,
    conditions,
    function_name,
    inserted,
    parameter,
    relations,
    shifted_times,
    tenant_equality,
)
from checks.statements import Statement, collect
from tongdai.db import migrate

VOLATILE = frozenset({
    "clock_timestamp", "timeofday", "random", "gen_random_uuid", "nextval", "setval", "currval", "lastval", "pg_notify",
    "pg_sleep", "set_config", "txid_current", "pg_current_xact_id",
})  # fmt: skip
STABLE = frozenset({
    "now", "statement_timestamp", "transaction_timestamp", "current_setting", "pg_backend_pid", "to_char", "age",
})  # fmt: skip
SESSION_LOCKS = frozenset({
    "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
    "pg_advisory_unlock", "pg_advisory_unlock_shared", "pg_advisory_unlock_all",
})  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Offence:
    statement: str
    rule: int
    why: str

    def __str__(self) -> str:
        return f"{self.statement}: rule {self.rule}: {self.why}"


def tenant_tables(folder: Path = migrate.FOLDER) -> frozenset[str]:
    """The tables whose primary key has `tenant_id`, and their partitions; not `tenant`, which every node has whole.

    Not a default partition either: statements of a tenant go through its parent. Migrations that are not numbered
    without a gap are refused.
    """
    found: set[str] = set()
    for migration in migrate.read(folder):
        for raw in pglast.parse_sql(migration.sql):
            table = raw.stmt
            if not isinstance(table, sql.CreateStmt) or table.relation is None:
                continue
            parents = {parent.relname for parent in table.inhRelations or ()}
            default = table.partbound is not None and table.partbound.is_default
            if "tenant_id" in _primary_key(table) or (parents & found and not default):
                found.add(str(table.relation.relname))
    return frozenset(found - {"tenant"})


def _primary_key(table: sql.CreateStmt) -> set[str]:
    keys: set[str] = set()
    for element in table.tableElts or ():
        constraints = (element,) if isinstance(element, sql.Constraint) else element.constraints or ()
        for constraint in constraints:
            if constraint.contype == enums.ConstrType.CONSTR_PRIMARY:
                columns = [key.sval for key in constraint.keys or ()]
                keys.update(columns or [getattr(element, "colname", "")])
    return keys


def offences_in(
    statement: Statement, tables: frozenset[str], *, all_tenants: bool = False, session: bool = False
) -> list[Offence]:
    """The rules that a statement breaks.

    `all_tenants`: it is work over all tenants, and may be a plain select of any of them. `session`: it is sent on a
    connection that no pooler shares.
    """
    if "force_generic_plan" in statement.sql:
        return [Offence(statement.name, 6, "force_generic_plan; plans of a distributed table need their parameters")]
    found: list[Offence] = []
    for raw in pglast.parse_sql(statement.sql):
        visit = _Visit(statement.name, tables, session=session)
        visit.node(raw.stmt, frozenset())
        found += visit.found
        if all_tenants:
            found = [offence for offence in found if offence.rule not in {1, 2}]
            if visit.writes:
                found.append(Offence(statement.name, 2, "work over all tenants selects candidates and changes nothing"))
        elif len(visit.parameters) > 1:
            numbers = ", ".join(f"${number}" for number in sorted(visit.parameters))
            found.append(Offence(statement.name, 1, f"one parameter is the tenant, not several: {numbers}"))
    return sorted(set(found))


class _Visit:
    """A walk through one statement, query level by query level."""

    def __init__(self, name: str, tables: frozenset[str], *, session: bool) -> None:
        self._name = name
        self._tables = tables
        self._session = session
        self.found: list[Offence] = []
        self.parameters: set[int] = set()
        """The numbers of the parameters that the tenant is compared with."""
        self.writes = False
        """Whether it changes a table of a tenant, or locks rows of one."""

    def node(self, node: object, ctes: frozenset[str]) -> None:
        """Visit a node and all below it; `ctes` are names that hide a table's."""
        match node:
            case tuple():
                for part in node:
                    self.node(part, ctes)
            case sql.SelectStmt() | sql.InsertStmt() | sql.UpdateStmt() | sql.DeleteStmt() | sql.MergeStmt():
                self._level(node, ctes)
            case sql.FuncCall():
                self._call(node)
                self._children(node, ctes)
            case sql.VariableSetStmt():
                if not node.is_local:
                    self._offend(6, "a setting that outlives the transaction; write `set local`")
            case sql.Node():
                self._children(node, ctes)
            case _:
                return

    def _children(self, node: sql.Node, ctes: frozenset[str]) -> None:
        for attribute in node:
            self.node(getattr(node, attribute), ctes)

    def _call(self, call: sql.FuncCall) -> None:
        name = function_name(call)
        if name == "set_config":
            self._offend(6, "set_config; write `set local`")
        if name in SESSION_LOCKS and not self._session:
            self._offend(3, f"{name} locks for the session; use a lock of the transaction or the session's connection")

    def _level(self, level: Level, ctes: frozenset[str]) -> None:
        if level.withClause is not None:
            ctes |= {cte.ctename for cte in level.withClause.ctes or ()}
        filters = self._filters(level)
        # A CTE hides a table of its name.
        owned = {alias for alias, table in relations(level) if table in self._tables and table not in ctes}
        target = level.relation if isinstance(level, sql.UpdateStmt | sql.DeleteStmt) else None
        if isinstance(level, sql.InsertStmt):
            self._insert(level)
        for alias in sorted(owned):
            parameters = filters.get(alias, set()) | (filters.get("", set()) if len(owned) == 1 else set())
            if not parameters:
                self._offend(1, f"{alias} has no `{alias}.tenant_id = $n` of its own")
            self.parameters |= parameters
        self._writes(level, owned, filters, target)
        self._children(level, ctes)

    def _filters(self, level: Level) -> dict[str, set[int]]:
        """By alias ('' for an unqualified column), the parameters that its tenant_id must equal at this level."""
        found: dict[str, set[int]] = {}
        for condition, aliases in conditions(level):
            pair = tenant_equality(condition)
            if pair is not None and (aliases is None or pair[0] in aliases or pair[0] == ""):
                found.setdefault(pair[0], set()).add(pair[1])
        return found

    def _writes(
        self, level: Level, owned: set[str], filters: Mapping[str, set[int]], target: sql.RangeVar | None
    ) -> None:
        if target is not None:
            self.writes |= target.relname in self._tables
            self._own_expressions(level)
        if isinstance(level, sql.MergeStmt):
            self.writes = True
            self._own_expressions(level)
        for clause in (level.lockingClause or ()) if isinstance(level, sql.SelectStmt) else ():
            locked = {name.relname for name in clause.lockedRels or ()} or owned
            self.writes |= bool(locked & owned)
            for alias in sorted(locked & owned):
                if not filters.get(alias) and not filters.get(""):
                    self._offend(3, f"locks rows of {alias} of all tenants")

    def _insert(self, level: sql.InsertStmt) -> None:
        table = level.relation.relname if level.relation else None
        if table not in self._tables:
            return
        self.writes = True
        columns = [column.name for column in level.cols or ()]
        if "tenant_id" not in columns:
            self._offend(1, f"an insert into {table} without tenant_id")
            return
        for value in inserted(level.selectStmt, columns.index("tenant_id")):
            number = parameter(value)
            if number is None:
                self._offend(1, f"an insert into {table} whose tenant_id is not $n itself")
            else:
                self.parameters.add(number)
        conflict = level.onConflictClause
        if conflict is not None and conflict.targetList:
            self._expressions((conflict.targetList, conflict.whereClause), "on conflict do update", conditional=True)

    def _own_expressions(self, level: Level) -> None:
        kind = {sql.UpdateStmt: "an update", sql.DeleteStmt: "a delete"}.get(type(level), "a merge")
        parts = [getattr(level, name, None) for name in ("targetList", "whereClause", "returningList")]
        self._expressions((*parts, getattr(level, "mergeWhenClauses", None)), kind)

    def _expressions(self, parts: tuple[object, ...], kind: str, *, conditional: bool = False) -> None:
        for name, within_case in calls(parts, conditional=conditional):
            if name in VOLATILE:
                self._offend(4, f"{name}() within {kind}; take it from a CTE")
            elif name in STABLE and within_case:
                where = kind if conditional else f"CASE or COALESCE of {kind}"
                self._offend(4, f"{name}() within {where}; take it from a CTE")
        for column in shifted_times(parts):
            self._offend(4, f"time arithmetic with {column} within {kind}, which is stable; do it in a CTE")

    def _offend(self, rule: int, why: str) -> None:
        self.found.append(Offence(self._name, rule, why))


def check(
    package: str, tables: frozenset[str], generated: Mapping[str, Callable[[], Any]] = GENERATED
) -> tuple[list[Offence], int]:
    """All offences of a package, and how many statements it has."""
    found = collect(package, generated)
    offences = [
        Offence(escaped.name, 0, f"SQL that is part of no statement found: {' '.join(escaped.sql.split())[:60]}")
        for escaped in found.escaped()
    ]
    for statement in found.statements:
        listed = {"all_tenants": statement.name in ALL_TENANTS, "session": statement.name in SESSION}
        offences += offences_in(statement, tables, **listed)
    names = {statement.name for statement in found.statements}
    offences += [
        Offence(name, 0, "listed in checks/sql_all_tenants.py, and there is no such statement")
        for name in (*ALL_TENANTS, *SESSION)
        if name not in names
    ]
    return sorted(set(offences)), len(names)


def main() -> int:
    offences, statements = check("tongdai", tenant_tables())
    sys.stdout.writelines(f"{offence}\n" for offence in offences)
    sys.stdout.write(f"{statements} statements, {len(offences)} offences\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
