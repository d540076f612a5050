"""The files that docs/telephony.md tells to write. The lab runs on them: the guide cannot drift from what works."""

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs/telephony.md"
_BLOCK = re.compile(r"^```\w+\n[;#] (/etc/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files(values: Mapping[str, str]) -> dict[str, str]:
    """Path → text of each, with `values` in place of what the guide leaves to the reader (an address, a password).

    AssertionError when one of these does not stand in the guide, or a file stands in it twice.
    """
    blocks = _BLOCK.findall(GUIDE.read_text("utf-8"))
    found = dict(blocks)
    assert len(found) == len(blocks), [path for path, _ in blocks]
    for placeholder, value in values.items():
        assert any(placeholder in text for text in found.values()), f"{placeholder!r} is not in {GUIDE.name}"
        found = {path: text.replace(placeholder, value) for path, text in found.items()}
    return found


def table(head: str) -> list[list[str]]:
    """The cells of the rows of the table whose first column is called so."""
    lines = GUIDE.read_text("utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"| {head} |")) + 2
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first:])
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
