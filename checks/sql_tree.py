"""Questions about one query level of a statement, answered from PostgreSQL's parse tree.

A level is a select, insert, update, delete or merge without its subqueries, which are levels of their own.
"""

from collections.abc import Iterator

from pglast import ast as sql
from pglast import enums

Level = sql.SelectStmt | sql.InsertStmt | sql.UpdateStmt | sql.DeleteStmt | sql.MergeStmt


def relations(level: Level) -> Iterator[tuple[str, str]]:
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


def conditions(level: Level) -> Iterator[tuple[object, set[str] | None]]:
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


def tenant_equality(node: object) -> tuple[str, int] | None:
    """Alias ('' when unqualified) and parameter of `alias.tenant_id = $n`, either way round."""
    if (
        not isinstance(node, sql.A_Expr)
        or node.kind != enums.A_Expr_Kind.AEXPR_OP
        or not node.name
        or node.name[0].sval != "="
    ):
        return None
    for column, value in ((node.lexpr, node.rexpr), (node.rexpr, node.lexpr)):
        number = parameter(value)
        if number is not None and isinstance(column, sql.ColumnRef):
            path = [getattr(part, "sval", "*") for part in column.fields or ()]
            if path[-1] == "tenant_id":
                return (path[-2] if len(path) > 1 else ""), number
    return None


def parameter(node: object) -> int | None:
    while isinstance(node, sql.TypeCast):
        node = node.arg
    return node.number if isinstance(node, sql.ParamRef) else None


def inserted(select: sql.Node | None, place: int) -> Iterator[object]:
    """The expressions that an insert puts into the column at `place`."""
    if not isinstance(select, sql.SelectStmt):
        yield None
    elif select.valuesLists:
        yield from (values[place] for values in select.valuesLists)
    elif select.op != enums.SetOperation.SETOP_NONE:
        yield from inserted(select.larg, place)
        yield from inserted(select.rarg, place)
    else:
        targets = select.targetList or ()
        yield targets[place].val if place < len(targets) else None


def calls(node: object, *, conditional: bool) -> Iterator[tuple[str, bool]]:
    """Functions called by an expression, and whether within CASE or COALESCE; not those of its CTEs."""
    match node:
        case tuple():
            for part in node:
                yield from calls(part, conditional=conditional)
        case sql.WithClause():
            return
        case sql.SQLValueFunction():
            yield "now", conditional
        case sql.Node():
            if isinstance(node, sql.FuncCall):
                yield function_name(node), conditional
            inside = conditional or isinstance(node, sql.CaseExpr | sql.CoalesceExpr)
            for attribute in node:
                yield from calls(getattr(node, attribute), conditional=inside)
        case _:
            return


def shifted_times(node: object) -> Iterator[str]:
    """Columns of times, by their names, that something is added to or taken from; not within CTEs."""
    match node:
        case tuple():
            for part in node:
                yield from shifted_times(part)
        case sql.WithClause():
            return
        case sql.Node():
            if isinstance(node, sql.A_Expr) and node.name and node.name[0].sval in {"+", "-"}:
                for side in (node.lexpr, node.rexpr):
                    if isinstance(side, sql.ColumnRef) and _is_time(side):
                        yield _last_name(side)
            for attribute in node:
                yield from shifted_times(getattr(node, attribute))
        case _:
            return


def _last_name(column: sql.ColumnRef) -> str:
    assert column.fields, "a column has a name"
    return str(getattr(column.fields[-1], "sval", ""))


def _is_time(column: sql.ColumnRef) -> bool:
    return _last_name(column).endswith(("_at", "_until", "_since", "_before"))


def function_name(call: sql.FuncCall) -> str:
    assert call.funcname, "a call names its function"
    return str(call.funcname[-1].sval)
