"""Rows of cells as contacts, and the notes about them."""

from tests.support.imports.csv_files import detected_of


def test_attributes_that_a_spreadsheet_has_rounded_are_noted() -> None:
    rows = "".join(f"090123456{n},9.7043{n}E+15,x,9.1E+10\n" for n in range(5))
    assert detected_of(f"phone,Số thẻ,note,SĐT 2\n{rows}0901234577,,E+,\n".encode()).notes[1:] == [
        "Column Số thẻ has 5 cells such as 9.70430E+15, rounded by a spreadsheet: the last digits are lost"
    ]
