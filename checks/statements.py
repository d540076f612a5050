"""Find every SQL statement of a package, composed as the program sends it.

Statements are literals at module level, so importing a module composes its f-strings. What is collected:

1. every string at module level (also within a tuple, list or dict) that begins with an SQL verb and parses;
2. every literal that a function passes to a connection's method directly;
3. what a module's `STATEMENTS` hook below generates, where a function composes its text at run time.

Text in SQL that is none of these is reported: a fragment at module level must be part of a collected statement, and so
must every piece of SQL in a function. Thus no statement escapes by being written in an unusual place.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pglast

METHODS = frozenset({"fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor", "prepare", "by_index"})
"""Calls that take a statement: methods of a connection, and functions of ours that pass it on."""

_VERB = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*\(?\s*(?:select|with|insert into|update|delete from|merge into|set local|set|reset|copy"
    r"|listen|notify|create|alter|drop|lock table|truncate|begin|savepoint)\s",
)
_CLAUSE = re.compile(r"\b(?:from|where|join|insert into|delete from|on conflict|returning|order by|for update)\b")
_LEAST = 12
"""Characters of a piece of SQL that is looked for in the collected statements; a shorter one says too little."""


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    """`tongdai.queues.store.FIND`; of a literal within a function `tongdai.db.migrate._apply`."""
    sql: str


@dataclass(slots=True)
class Collection:
    statements: list[Statement] = field(default_factory=list)
    unparsed: list[Statement] = field(default_factory=list)
    """Fragments at module level, to be found within a statement."""
    pieces: list[Statement] = field(default_factory=list)
    """SQL within functions, likewise."""

    def escaped(self) -> list[Statement]:
        """Text in SQL that is part of no collected statement."""
        known = [_squeezed(statement.sql) for statement in self.statements]

        def is_known(text: str) -> bool:
            parts = [_squeezed(part) for part in re.split(r"\{[^{}]*\}", text)]
            return all(len(part) < _LEAST or any(part in sql for sql in known) for part in parts)

        return [found for found in (*self.unparsed, *self.pieces) if not is_known(found.sql)]


def collect(package: str, generated: Mapping[str, Callable[[], Iterable[str]]]) -> Collection:
    """The statements of a package and all its modules; `generated` tells those that a module composes at run time."""
    found = Collection()
    for name in _modules(package):
        module = importlib.import_module(name)
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        _of_module(module, tree, found)
        for function in _functions(tree):
            _of_function(module, function, found)
        found.statements += [Statement(f"{name}[generated]", sql) for sql in generated.get(name, list)()]
    return found


def _modules(package: str) -> Iterator[str]:
    yield package
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not info.name.endswith(".__main__"):
            yield info.name


def _of_module(module: types.ModuleType, tree: ast.Module, found: Collection) -> None:
    for name in _assigned(tree):
        for text in _strings(getattr(module, name, None)):
            _add(found, f"{module.__name__}.{name}", text)


def _add(found: Collection, name: str, text: str) -> None:
    if not _VERB.match(text):
        return
    if _parses(text):
        found.statements.append(Statement(name, text))
    elif _CLAUSE.search(text):
        found.unparsed.append(Statement(name, text))


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                continue


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case tuple() | list() | frozenset() | set():
            for part in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _strings(part)  # pyright: ignore[reportUnknownArgumentType]
        case dict():
            yield from _strings(list(value.values()))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def _of_function(module: types.ModuleType, function: Function, found: Collection) -> None:
    name = f"{module.__name__}.{function.name}"
    docs = {id(node) for node in _docstrings(function)}
    for node in _own(function):
        if isinstance(node, ast.Call) and node.args and _called(node.func) in METHODS:
            for argument in node.args[:2]:  # `by_index` takes the connection first
                if (text := _composed(argument, module)) is not None and _VERB.match(text):
                    _add(found, name, text)
                    docs.update(id(part) for part in ast.walk(argument))
        if id(node) in docs:
            continue
        if isinstance(node, ast.JoinedStr):
            docs.update(id(part) for part in ast.walk(node))
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if _VERB.match(text) and _CLAUSE.search(text):
            found.pieces.append(Statement(name, text))


def _own(function: Function) -> Iterator[ast.AST]:
    """A function's nodes, parents first, without those of functions within it, which are visited by themselves."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, Function):
            waiting = list(ast.iter_child_nodes(node)) + waiting


def _docstrings(function: Function) -> Iterator[ast.AST]:
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _called(function: ast.expr) -> str:
    match function:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _composed(node: ast.expr, module: types.ModuleType) -> str | None:
    """The text of a literal, also of one composed of the module's names; None for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            parts = [_composed(part, module) for part in values]
            return None if None in parts else "".join(part for part in parts if part is not None)
        case ast.FormattedValue(value=inner):
            value = _value(inner, module)
            return None if value is None else str(value)
        case _:
            return None


def _value(node: ast.expr, module: types.ModuleType) -> Any:
    match node:
        case ast.Name(id=name):
            return getattr(module, name, None)
        case ast.Attribute(value=inner, attr=name):
            return getattr(_value(inner, module), name, None)
        case _:
            return None


def _parses(sql: str) -> bool:
    try:
        pglast.parse_sql(sql)
    except pglast.parser.ParseError:
        return False
    return True


def _squeezed(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split())
