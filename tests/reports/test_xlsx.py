"""Workbooks, as a library reads them that this project did not write."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from python_calamine import CalamineWorkbook

from tongdai.reports.xlsx import PIECE_ROWS, workbook

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def read(*rows: tuple[object, ...]) -> list[list[object]]:
    file = io.BytesIO(b"".join(workbook("Báo cáo & <1>", ["a", "b"], rows)))
    book = CalamineWorkbook.from_filelike(file)
    assert book.sheet_names == ["Báo cáo & <1>"]
    return [list(row) for row in book.get_sheet_by_index(0).to_python()]


def test_cells_are_text_numbers_and_instants_by_their_own_clock() -> None:
    at = datetime(2026, 3, 10, 2, 0, 30, tzinfo=UTC).astimezone(ZONE)
    assert read(("Lan & <b>", 5), (1.5, at), (None, "=1+1"), (True, "\x00\ud800 x")) == [
        ["a", "b"],
        ["Lan & <b>", 5.0],
        [1.5, datetime(2026, 3, 10, 9, 0, 30)],  # noqa: DTZ001 - a spreadsheet's dates have no zone
        ["", "=1+1"],
        [1.0, "\ufffd\ufffd x"],
    ]


def test_large_workbook_comes_in_pieces() -> None:
    rows = [(f"name {n}", n) for n in range(20 * PIECE_ROWS)]
    pieces = list(workbook("x", ["a", "b"], rows))
    assert len(pieces) > 2
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(pieces))).get_sheet_by_index(0)
    assert [list(row) for row in sheet.to_python()[1:]] == [[name, float(n)] for name, n in rows]
