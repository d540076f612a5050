"""Rows of cells as contacts, and the notes about them."""

from tests.support.imports.csv_files import detected_of


def test_attributes_that_a_spreadsheet_has_rounded_are_noted() -> None:
    rows = "".join(f"090123456{n},9.7043{n}E+15,x,9.1E+10\n" for n in range(5))
    assert detected_of(f"phone,Số thẻ,note,SĐT 2\n{rows}0901234577,,E+,\n".encode()).notes[1:] == [
        "Column Số thẻ has 5 cells such as 9.70430E+15, rounded by a spreadsheet: the last digits are lost"
    ]


def test_rows_that_are_longer_than_the_header_are_counted() -> None:
    rows = "0901234561,An\n,\n0901234562,Tổ 5, Hà Nội\n0901234563,B,,\n0901234564,C,x\n0901234565,D,,y\n"
    (note,) = detected_of(f"phone,name\n{rows}".encode()).notes
    assert note == (
        "3 rows are longer than the header, first row 2 below it: cells beyond it are attributes. "
        "Is a separator not quoted?"
    )
    assert detected_of(b"phone,name\n0901234561,An,x\n").notes == [
        "1 row is longer than the header, row 1 below it: cells beyond it are attributes. Is a separator not quoted?"
    ]
    assert detected_of(b"phone,name\n0901234561,An,,\n").notes == []


def test_cells_beyond_the_header_are_among_the_columns() -> None:
    (table,) = detected_of(b"phone,name\n0901,A\n0902,B,x,,y\n").tables
    assert [(column.column, column.use) for column in table.columns[2:]] == [
        ("column 3", "attribute"),
        ("column 4", "attribute"),
        ("column 5", "attribute"),
    ]
