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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pglast
from pglast import ast as sql
from pglast import enums

from checks.sql_all_tenants import ALL_TENANTS, GENERATED, SESSION
from checks.statements import Statement, collect

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "tongdai" / "db" / "migrations"

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

Level = sql.SelectStmt | sql.InsertStmt | sql.UpdateStmt | sql.DeleteStmt | sql.MergeStmt


@dataclass(frozen=True, slots=True, order=True)
class Offence:
    statement: str
    rule: int
    why: str

    def __str__(self) -> str:
        return f"{self.statement}: rule {self.rule}: {self.why}"


def tenant_tables(folder: Path = MIGRATIONS) -> frozenset[str]:
    """The tables whose primary key has `tenant_id`, and their partitions; not `tenant`, which every node has whole.

    Not a default partition either: statements of a tenant go through its parent.
    """
    found: set[str] = set()
    for path in sorted(folder.glob("*.sql")):
        for raw in pglast.parse_sql(path.read_text(encoding="utf-8")):
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
        name = _name(call)
        if name == "set_config":
            self._offend(6, "set_config; write `set local`")
        if name in SESSION_LOCKS and not self._session:
            self._offend(3, f"{name} locks for the session; use a lock of the transaction or the session's connection")

    def _level(self, level: Level, ctes: frozenset[str]) -> None:
        if level.withClause is not None:
            ctes |= {cte.ctename for cte in level.withClause.ctes or ()}
        filters = self._filters(level)
        relations = list(_relations(level))
        owned = {
            alias for alias, table in relations if table in self._tables and table not in ctes
        }  # a CTE hides a table of its name
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
        for condition, aliases in _conditions(level):
            pair = _tenant_equality(condition)
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
        for value in _inserted(level.selectStmt, columns.index("tenant_id")):
            number = _parameter(value)
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
        for name, within_case in _calls(parts, conditional=conditional):
            if name in VOLATILE:
                self._offend(4, f"{name}() within {kind}; take it from a CTE")
            elif name in STABLE and within_case:
                where = kind if conditional else f"CASE or COALESCE of {kind}"
                self._offend(4, f"{name}() within {where}; take it from a CTE")
        for column in _shifted_times(parts):
            self._offend(4, f"time arithmetic with {column} within {kind}, which is stable; do it in a CTE")

    def _offend(self, rule: int, why: str) -> None:
        self.found.append(Offence(self._name, rule, why))


def _relations(level: Level) -> Iterator[tuple[str, str]]:
    """Alias and name of the tables of a level itself, without those of its subqueries."""
    if isinstance(level, sql.UpdateStmt | sql.DeleteStmt | sql.MergeStmt):
        yield from _tables_of(level.relation)
    for name in ("fromClause", "usingClause", "sourceRelation"):
        yield from _tables_of(getattr(level, name, None))


def _tables_of(node: object) -> Iterator[tuple[str, str]]:
    match node:
        case tuple():
            for part in node:
                yield from _tables_of(part)
        case sql.RangeVar():
            yield str(node.alias.aliasname if node.alias else node.relname), str(node.relname)
        case sql.JoinExpr():
            yield from _tables_of((node.larg, node.rarg))
        case _:
            return


def _conditions(level: Level) -> Iterator[tuple[object, set[str] | None]]:
    """Conditions that hold of each row of a level, and the aliases that they restrict (None: all)."""
    yield from ((part, None) for part in _conjuncts(getattr(level, "whereClause", None)))
    yield from ((part, None) for part in _conjuncts(getattr(level, "joinCondition", None)))
    for name in ("fromClause", "usingClause"):
        for item in getattr(level, name, None) or ():
            yield from _joined(item)


def _joined(node: object) -> Iterator[tuple[object, set[str] | None]]:
    if not isinstance(node, sql.JoinExpr):
        return
    yield from _joined(node.larg)
    yield from _joined(node.rarg)
    kind = enums.JoinType
    sides = {kind.JOIN_INNER: (node.larg, node.rarg), kind.JOIN_LEFT: (node.rarg,), kind.JOIN_RIGHT: (node.larg,)}
    aliases = {
        alias
        for side in (sides.get(node.jointype, ()) if node.jointype is not None else ())
        for alias, _ in _tables_of(side)
    }
    yield from ((part, aliases) for part in _conjuncts(node.quals))


def _conjuncts(node: object) -> Iterator[object]:
    if isinstance(node, sql.BoolExpr) and node.boolop == enums.BoolExprType.AND_EXPR:
        for part in node.args or ():
            yield from _conjuncts(part)
    elif node is not None:
        yield node


def _tenant_equality(node: object) -> tuple[str, int] | None:
    """Alias ('' when unqualified) and parameter of `alias.tenant_id = $n`, either way round."""
    if (
        not isinstance(node, sql.A_Expr)
        or node.kind != enums.A_Expr_Kind.AEXPR_OP
        or not node.name
        or node.name[0].sval != "="
    ):
        return None
    for column, value in ((node.lexpr, node.rexpr), (node.rexpr, node.lexpr)):
        number = _parameter(value)
        if number is not None and isinstance(column, sql.ColumnRef):
            path = [getattr(part, "sval", "*") for part in column.fields or ()]
            if path[-1] == "tenant_id":
                return (path[-2] if len(path) > 1 else ""), number
    return None


def _parameter(node: object) -> int | None:
    while isinstance(node, sql.TypeCast):
        node = node.arg
    return node.number if isinstance(node, sql.ParamRef) else None


def _inserted(select: sql.Node | None, place: int) -> Iterator[object]:
    """The expressions that an insert puts into the column at `place`."""
    if not isinstance(select, sql.SelectStmt):
        yield None
    elif select.valuesLists:
        yield from (values[place] for values in select.valuesLists)
    elif select.op != enums.SetOperation.SETOP_NONE:
        yield from _inserted(select.larg, place)
        yield from _inserted(select.rarg, place)
    else:
        targets = select.targetList or ()
        yield targets[place].val if place < len(targets) else None


def _calls(node: object, *, conditional: bool) -> Iterator[tuple[str, bool]]:
    """Functions called by an expression, and whether within CASE or COALESCE; not those of its CTEs."""
    match node:
        case tuple():
            for part in node:
                yield from _calls(part, conditional=conditional)
        case sql.WithClause():
            return
        case sql.SQLValueFunction():
            yield "now", conditional
        case sql.Node():
            if isinstance(node, sql.FuncCall):
                yield _name(node), conditional
            inside = conditional or isinstance(node, sql.CaseExpr | sql.CoalesceExpr)
            for attribute in node:
                yield from _calls(getattr(node, attribute), conditional=inside)
        case _:
            return


def _shifted_times(node: object) -> Iterator[str]:
    """Columns of times, by their names, that something is added to or taken from; not within CTEs."""
    match node:
        case tuple():
            for part in node:
                yield from _shifted_times(part)
        case sql.WithClause():
            return
        case sql.Node():
            if isinstance(node, sql.A_Expr) and node.name and node.name[0].sval in {"+", "-"}:
                for side in (node.lexpr, node.rexpr):
                    if isinstance(side, sql.ColumnRef) and _is_time(side):
                        yield _last_name(side)
            for attribute in node:
                yield from _shifted_times(getattr(node, attribute))
        case _:
            return


def _last_name(column: sql.ColumnRef) -> str:
    assert column.fields, "a column has a name"
    return str(getattr(column.fields[-1], "sval", ""))


def _is_time(column: sql.ColumnRef) -> bool:
    return _last_name(column).endswith(("_at", "_until", "_since", "_before"))


def _name(call: sql.FuncCall) -> str:
    assert call.funcname, "a call names its function"
    return str(call.funcname[-1].sval)


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
