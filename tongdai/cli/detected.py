"""How the server read an imported file, in lines for a person."""

from collections.abc import Iterator, Sequence

import click

from tongdai.cli.tables import counted
from tongdai_client import ImportColumn, ImportDetected, ImportTable

SHOWN_COLUMNS = 20
"""Columns of one use that a line names."""
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


def lines(detected: ImportDetected | None, remedy: str, skip_hidden: str = "") -> Iterator[str]:
    """Say what was detected, then what the sender of the file may not expect.

    `remedy` says what to do when the encoding is wrong, `skip_hidden` how hidden rows are left out.
    """
    if detected is None:
        return
    for table in detected.tables:
        yield f"Read as {', '.join(_facts(detected, table))}."
        yield f"Columns: {'; '.join(_uses(table))}."
        yield from _surprises(table, skip_hidden)
    if detected.encoding_doubt:
        yield f"The encoding is in doubt. {detected.encoding_doubt}. If they are wrong, {remedy}."
    for sheet in detected.left_out:
        yield f"Sheet {sheet.sheet} was not read ({counted(sheet.rows, 'row')}): {sheet.reason}."
    if detected.skipped_hidden_rows:
        yield f"Hidden rows skipped: {detected.skipped_hidden_rows:,}."
    yield from (f"{note}." for note in detected.notes)


def _facts(detected: ImportDetected, table: ImportTable) -> Iterator[str]:
    yield detected.format.upper()
    if table.sheet is not None:
        yield f"sheet {table.sheet}"
    if detected.encoding is not None:
        yield detected.encoding
    if detected.separator is not None:
        yield f"separated by {_SEPARATORS.get(detected.separator, detected.separator)}"
    if table.header_row is not None:
        yield f"header in row {table.header_row}"
    elif detected.separator is not None or table.sheet is not None:
        yield "no header"
    yield counted(table.rows, "row")


def _uses(table: ImportTable) -> Iterator[str]:
    """`phoneNumber: Di động, Điện thoại`, a part for each use."""
    by_use: dict[str, list[ImportColumn]] = {}
    for column in table.columns:
        by_use.setdefault(column.use, []).append(column)
    for use, columns in by_use.items():
        named = ", ".join(
            column.column if column.numbers is None else f"{column.column} ({counted(column.numbers, 'row')})"
            for column in columns[:SHOWN_COLUMNS]
        )
        more = len(columns) - SHOWN_COLUMNS
        yield f"{use}: {named}{f' and {more} more' if more > 0 else ''}"


def _surprises(table: ImportTable, skip_hidden: str) -> Iterator[str]:
    if table.hidden_rows:
        yield f"Rows that the workbook hides: {table.hidden_rows:,}{skip_hidden}."
    for column in table.columns:
        if column.left_empty:
            cells = f"{counted(column.left_empty, 'cell')} with an error or a formula without a result"
            yield f"{column.column}: {cells} {'was' if column.left_empty == 1 else 'were'} left empty."


def uses_by_hand(columns: Sequence[str]) -> dict[str, str] | None:
    """The uses by heading; a heading may contain `=`. None: all are detected."""
    uses: dict[str, str] = {}
    for column in columns:
        heading, equals, use = column.rpartition("=")
        if not equals or heading in uses:
            raise click.UsageError(f"--column {column}: expected HEADING=USE, once for each heading.")
        uses[heading] = use
    return uses or None
