"""docs/settings.md: every setting, from its declaration in tongdai/settings/declarations.py.

python -m checks.settings_reference            # as `make check` does: fails when the file is not as it would be
python -m checks.settings_reference --write    # writes it
"""

import ast
import inspect
import itertools
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from tongdai.settings.declarations import Settings
from tongdai.settings.sources import ENV_PREFIX

FILE = Path(__file__).parent.parent / "docs" / "settings.md"
_HEAD = """# Settings

<!-- Written by `python -m checks.settings_reference --write`; change tongdai/settings/declarations.py instead. -->

`tongdai serve` and `tongdai demo` read settings from a TOML file (`--config FILE`), from the environment, and from
their options; later ones win. In the environment a setting is called `TONGDAI_` and its name in capitals
(`TONGDAI_PORT`), and a list is written `a,b`. In TOML it has the name below, and a list is `["a", "b"]`. A name that is
not known, or a value that is not possible, ends the start with a message. Settings marked with * have an option of
`tongdai serve`, with `-` for `_`.

| setting | type | default | |
| --- | --- | --- | --- |
"""
_TYPES = {str: "text", int: "integer", float: "number", bool: "true, false"}


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each setting, in the order of their declaration."""
    meanings, kinds = _meanings(), typing.get_type_hints(Settings)
    for each in fields(Settings):
        yield each.name, _type(kinds[each.name]), _default(each.name, each.default), meanings.get(each.name, "")


def text(options: frozenset[str]) -> str:
    """The file, for these settings that have an option."""
    lines = [
        f"| `{name}`{' *' if name in options else ''} | {kind} | {default} | {meaning} |\n"
        for name, kind, default, meaning in rows()
    ]
    return _HEAD + "".join(lines)


def _meanings() -> dict[str, str]:
    """The docstring below each setting, in one line."""
    source = textwrap.dedent(inspect.getsource(Settings))
    body = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)).body
    found: dict[str, str] = {}
    for declared, following in itertools.pairwise(body):
        match declared, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                found[name] = " ".join(meaning.split()).replace("|", "\\|")
            case _:
                pass
    return found


def _type(kind: Any) -> str:
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if typing.get_origin(kind) is tuple:
        return "list of texts"
    if isinstance(kind, types.UnionType):
        return _type(next(one for one in arguments if one is not types.NoneType))
    return _TYPES[kind]


def _default(name: str, value: Any) -> str:
    if name == "data_dir":
        return "`/var/lib/tongdai` for root, else `~/.local/share/tongdai`"
    assert value is not MISSING, f"{name} has no default"
    if value is None or value in ((), ""):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in typing.cast("tuple[str, ...]", value))
    return f"`{value}`"


def options() -> frozenset[str]:
    """The settings that `tongdai serve` has an option for."""
    from tongdai.cli.commands.serve import serve  # noqa: PLC0415 - half of a start is imports

    return frozenset(str(parameter.name) for parameter in serve.params) & {each.name for each in fields(Settings)}


def main() -> None:
    expected = text(options())
    if "--write" in sys.argv[1:]:
        FILE.write_text(expected, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != expected:
        raise SystemExit(
            f"{FILE.name} is not as {Settings.__module__} has it: python -m checks.settings_reference --write"
        )
    if silent := [f"{ENV_PREFIX}{name.upper()}" for name, _, _, meaning in rows() if not meaning]:
        raise SystemExit(f"settings without a docstring: {', '.join(silent)}")
    print(f"{len(list(rows()))} settings are documented")  # noqa: T201


if __name__ == "__main__":
    main()
