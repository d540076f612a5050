"""Text of cells, without what spreadsheets do to it."""

import re

_NUMBER = re.compile(r"(\+?[0-9]+)[.,]00?")
_QUOTED = re.compile(r"=?[\"'](.*?)[\"']?")


def phone_text(cell: str) -> str:
    """Without what spreadsheets do to numbers: `912345678.0`, `="0912345678"`, `'0912345678`."""
    cell = cell.strip()
    if cell[:1] in {"=", "'", '"'} and (quoted := _QUOTED.fullmatch(cell)):
        cell = quoted[1].strip()
    whole = _NUMBER.fullmatch(cell)
    return cell if whole is None else whole[1]
