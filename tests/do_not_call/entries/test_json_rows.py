"""JSON and NDJSON files of numbers that are not called, as rows of cells."""

import io

import pytest

from tongdai.do_not_call.entries.json_rows import format_of, rows_of
from tongdai.errors import InvalidInput
from tongdai.files import Format


def rows(data: str) -> list[list[str]]:
    file = io.BytesIO(data.encode())
    format_ = format_of(file)
    assert format_ is not None
    return list(rows_of(file, format_))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"phoneNumber": "0901234567"}\n', [["phoneNumber"], ["0901234567"]]),
        (
            '\ufeff{"phoneNumber": "0901"}\n\n{"sdt": 902, "reason": null}',
            [["phoneNumber", "sdt", "reason"], ["0901", "", ""], ["", "902", ""]],
        ),
        ('["0901234567", 84901234568]', [["phoneNumber"], ["0901234567"], ["84901234568"]]),
        ('[{"phone": 901234567.0}, "0902"]', [["phone", "phoneNumber"], ["901234567", ""], ["", "0902"]]),
        ('{\n  "numbers": [\n    {"phoneNumber": "0901"}\n  ]\n}\n', [["phoneNumber"], ["0901"]]),
        ('{"numbers": ["0901"]}', [["phoneNumber"], ["0901"]]),
        ('{"phones": ["0901", "0902"]}\n{"phones": []}\n', [["phones"], ["0901 ; 0902"], [""]]),
        ('{"phoneNumber": "0901", "more": {"a": 1}}', [["phoneNumber", "more"], ["0901", '{"a":1}']]),
    ],
)  # fmt: skip
def test_item_is_a_row_and_a_name_a_column(data: str, expected: list[list[str]]) -> None:
    assert rows(data) == expected


@pytest.mark.parametrize("data", ["", "phone\n0901", "[DNC]\n0901", "{x}", "0901234567", '"0901"\n', "[x"])
def test_other_text_is_no_json(data: str) -> None:
    assert format_of(io.BytesIO(data.encode())) is None


def test_format_is_detected() -> None:
    assert format_of(io.BytesIO(b'{"phone": 1}\n{"phone": 2}')) is Format.NDJSON
    assert format_of(io.BytesIO(b'[{"phone": 1}]')) is Format.JSON


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"phone": "0901"}\n{"phone"\n', "Line 2 is not valid JSON in UTF-8"),
        ('{"phone": "0901"}\n\ntrue\n', "Line 3 is no number and no object with a phoneNumber: True"),
        ('["0901", [1]]', "Item 2 is no number and no object with a phoneNumber"),
        ('["0901"', "The file is not valid JSON in UTF-8"),
        ("[]", "The file has no items"),
        ("[{}]", "The file has no items"),
        ('{"a": "' + "x" * 1024**2, "A line is longer than 1024 KB"),
    ],
)
def test_file_that_cannot_be_read_is_refused(data: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        rows(data)
    assert message in refused.value.message


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"numbers": [', "]}")])
def test_array_of_one_long_line_is_read(start: str, end: str) -> None:
    assert len(rows(start + ",".join(['"0901234567"'] * 100_000) + end)) == 100_001


def test_array_that_would_take_long_to_parse_is_refused() -> None:
    with pytest.raises(InvalidInput, match="JSON of more than 4 MB: send it as NDJSON, or as CSV"):
        rows("[" + ",".join(['"0901234567"'] * 400_000) + "]")
