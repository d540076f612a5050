"""Lists on standard output: a table on a terminal, tab-separated lines in a pipe, or JSON."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click
import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 contact`, `1,000 contacts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def show(columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Print rows of these columns. JSON has the values as they are; a table formats them."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    elif sys.stdout.isatty():
        Console().print(_table(columns, rows))
    else:
        for line in (columns, *([_words(row[column]) for column in columns] for row in rows)):
            click.echo("\t".join(line))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Table:
    table = Table(box=SIMPLE)
    for column in columns:
        numbers = bool(rows) and all(isinstance(row[column], int) for row in rows)
        table.add_column(column, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_words(row[column])) for column in columns))  # Text, as a name may look like markup
    return table


def _words(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list):
        return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return str(value)
