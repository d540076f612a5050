"""CSV files as an import reads them."""

import io

import pytest

from tests.support.imports.sent_rows import Row, rows_of
from tongdai.errors import InvalidInput
from tongdai.files.detected import Detected
from tongdai.files.frames import drained
from tongdai.imports.readers import BodyFormat, Format, Limits, Totals
from tongdai.imports.readers.read import read, read_rows


def read_csv(data: bytes, charset: str | None = None, **limits: int) -> list[Row]:
    limits = {"chunk_rows": 3} | limits
    parts, totals = drained(read_rows(io.BytesIO(data), BodyFormat(Format.CSV, charset), Limits(**limits)))
    rows = [row for part in parts for row in rows_of(part)]
    assert totals == Totals(len(rows))
    return rows


def refusal(data: bytes, charset: str | None = None, **limits: int) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_csv(data, charset, **limits)
    assert len(refused.value.message) < 300
    return refused.value.message


def detected_of(data: bytes) -> Detected:
    """The findings of a reader about a file."""
    return drained(read(io.BytesIO(data), BodyFormat(Format.CSV), Limits(3), "VN"))[1].detected
