"""The period of a report in a query, and its file."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

from tongdai_client.operation import Operation, Query

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def period(since: date | None, before: date | None, interval: str | None) -> Query:
    return {
        "from": None if since is None else since.isoformat(),
        "to": None if before is None else before.isoformat(),
        "interval": interval,
    }


def as_file(asked: Operation[None], file: str | os.PathLike[str]) -> Operation[None]:
    """The same as CSV or XLSX, by the name of a file."""
    kind = Path(file).suffix.lower()
    if kind not in {".csv", ".xlsx"}:
        raise ValueError(f"the name of the file must end with .csv or .xlsx, not {Path(file).name!r}")
    return replace(asked, query={**asked.query, "format": kind[1:]}, accept="text/csv" if kind == ".csv" else XLSX)
