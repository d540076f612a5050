"""The configuration files in docs/telephony.md. The testbed runs with them, so that the guide stays correct."""

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs/telephony.md"
_BLOCK = re.compile(r"^```\w+\n[;#] (/etc/[^\s,]+)(, in addition)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files(values: Mapping[str, str]) -> dict[str, str]:
    """The text of each file by path, with `values` in place of the guide's placeholders (an address, a password).

    Asserts that each placeholder is in the guide, and that no file is in it twice but "in addition".
    """
    found: dict[str, str] = {}
    for path, more, text in _BLOCK.findall(GUIDE.read_text("utf-8")):
        assert (path in found) == bool(more), path
        found[path] = found.get(path, "") + text
    for placeholder, value in values.items():
        assert any(placeholder in text for text in found.values()), f"{placeholder!r} is not in {GUIDE.name}"
        found = {path: text.replace(placeholder, value) for path, text in found.items()}
    return found


def table(head: str) -> list[list[str]]:
    """The cells of the rows of the table whose first column has that head."""
    lines = GUIDE.read_text("utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"| {head} |")) + 2
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first:])
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
