"""Rows checked by columns are those that the check of a single contact accepts, and fail for the same reasons."""

import io
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.imports.sent_rows import Row, sent_of
from tongdai.contacts.fields import sent_of as values_of_row
from tongdai.contacts.model import NewContact
from tongdai.contacts.numbers import phone
from tongdai.contacts.validation import Problem, check
from tongdai.errors import InvalidInput
from tongdai.files.frames import drained
from tongdai.imports import chunk
from tongdai.imports.readers import BodyFormat, Format, Limits, prepare
from tongdai.imports.readers.prepare import prepared
from tongdai.imports.readers.read import read

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
PHONES = st.sampled_from(
    ["0901234567", "+84 901 234 567", "84901234567", "0912345678", "02838221234", "+12125550123", "+14165550123",
     "+6591234567", "01201234567", "12", "", " ", "abc", "0901\n234567", "113", "１２", None, 901234567, True, 5.5]
)  # fmt: skip
NAMES = st.none() | TEXT | st.sampled_from(["", "x" * 255, "x" * 256, "a\nb", "\x1a", "\u2028", "\u00a0", "Ấm", 5])
EXTERNAL_IDS = st.none() | st.sampled_from(["", "KH-1", "x" * 128, "x" * 129, "\t", True, 1])
VALUES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
ATTRIBUTES = st.none() | st.dictionaries(TEXT, VALUES, max_size=2)
ATTRIBUTES |= st.sampled_from([{}, {"a": "x" * 4087}, {"a": "x" * 4089}, {"a": "\\"}, {"a": "é" * 1000}, {"a\x7f": 1}])
ZONES = st.none() | st.sampled_from(["Asia/Bangkok", "UTC", "Mars/Base", "", 7])
ROWS = st.builds(Row, phoneNumber=PHONES, name=NAMES, externalId=EXTERNAL_IDS, attributes=ATTRIBUTES, timeZone=ZONES)


def one_by_one(
    rows: Sequence[Row], country: str
) -> tuple[list[NewContact], list[tuple[int, str, str]], list[list[int]]]:
    """The contacts, the failed rows, and the rows that repeat a contact: in the simplest way."""
    normalise = phone.normaliser(country)
    contacts: dict[str, NewContact] = {}
    problems: list[tuple[int, str, str]] = []
    repeats: list[list[int]] = []
    for at, row in enumerate(rows):
        number, external_id = (as_digits(value) for value in (row.phoneNumber, row.externalId))
        values = values_of_row(msgspec.structs.replace(row, externalId=external_id))
        checked = check(normalise, number, values, row.attributes, row.timeZone)
        if isinstance(checked, Problem):
            problems.append((at, checked.code, str(checked)))
        elif checked.phone in contacts:
            repeats.append([at, list(contacts).index(checked.phone)])
        else:
            contacts[checked.phone] = checked
    return list(contacts.values()), problems, repeats


def as_digits(value: object) -> object:
    """JSON's integers are read as their digits where digits may be."""
    return str(value) if type(value) is int else value


def facts(contacts: Sequence[NewContact]) -> list[tuple[object, ...]]:
    return [(c.phone, c.name, c.external_id, msgspec.json.encode(c.attributes), c.zone) for c in contacts]


@given(st.lists(ROWS, min_size=1, max_size=8), st.sampled_from(["VN", "US", "SG"]))
@example([Row("0901234567", "")], "VN")
@example([Row("0901234567", ""), Row("0912345678", "")], "VN")
@example([Row("0901234567", attributes={}), Row("0912345678", attributes=None)], "VN")
def test_rows_checked_by_columns_are_those_checked_one_by_one(rows: list[Row], country: str) -> None:
    (only,) = prepared(sent_of(rows), country, len(rows))
    payload, sent = chunk.decode_payload(only.payload), chunk.decode_sent(only.sent)
    contacts, problems, repeats = one_by_one(rows, country)
    assert facts(payload.contacts.rows()) == facts(contacts)
    assert payload.contacts.count == len(contacts)
    assert sent.problems == problems
    assert [list(pair) for pair in sent.repeats] == repeats
    assert (payload.rows, payload.failed) == (len(rows), len(problems))
    assert sent.phones == [chunk.as_sent(row.phoneNumber) for row in rows]
    external_ids = [chunk.as_sent(row.externalId) for row in rows]
    assert (sent.external_ids or [None] * len(rows)) == external_ids


def test_heavy_rows_are_stored_as_several_chunks_in_their_order() -> None:
    rows = [Row(f"09{n:08}", "x", attributes={"a": "y" * 4000}) for n in range(4000)]
    chunks = list(prepared(sent_of(rows), "VN", len(rows)))
    assert len(chunks) == 4
    assert all(len(one.payload) < prepare.CHUNK_BYTES + 1000 for one in chunks)
    stored = [number for one in chunks for number in chunk.decode_sent(one.sent).phones]
    assert stored == [row.phoneNumber for row in rows]


def test_rows_that_hold_more_than_contacts_can_are_refused_by_their_place() -> None:
    rows = sent_of([Row("0901234567", "x" * 1_000_000)] * 4)
    with pytest.raises(InvalidInput, match="Rows 97 to 100 hold 3 MB: are they contacts"):
        list(prepared(rows, "VN", 100))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("", ""), ("0901", "0901"), (901, "901"), (90.5, "90.5"), (True, "true"),
        ("x" * 256, "x" * 256), ("x" * 257, "x" * 255 + "…"),
    ],
)  # fmt: skip
def test_value_is_kept_as_sent_within_reason(value: object, text: str | None) -> None:
    assert chunk.as_sent(value) == text


def table(header: Sequence[str], *rows: Sequence[str]) -> tuple[list[NewContact], chunk.Sent, list[int | None]]:
    """The contacts of a CSV file, what its rows said, and rows by column of numbers."""
    text = "\n".join(",".join(row) for row in (header, *rows))
    (only,), totals = drained(read(io.BytesIO(text.encode()), BodyFormat(Format.CSV), Limits(100), "VN"))
    counts = [column.numbers for column in totals.detected.tables[0].columns]
    return chunk.decode_payload(only.payload).contacts.rows(), chunk.decode_sent(only.sent), counts


def test_row_whose_number_cannot_be_used_has_that_of_the_next_column_that_can() -> None:
    contacts, sent, counts = table(
        ["phone", "mobile", "tel"],
        ["0901234561", "0901234562", ""],
        ["", "0901234563", "0901234564"],
        ["ask Lan", "", "0901234565"],
        ["12", "13", "0901234566"],
        ["", "14", "15"],
        ["16", "17", ""],
        ["", "", ""],
        ["0901234561", "", ""],
    )
    assert [contact.phone[-1] for contact in contacts] == ["1", "3", "5", "6"]
    assert [contact.attributes for contact in contacts] == [
        {"mobile": "0901234562"},
        {"mobile": "0901234563", "tel": "0901234564"},
        {"phone": "ask Lan", "tel": "0901234565"},
        {"phone": "12", "mobile": "13", "tel": "0901234566"},
    ]
    assert counts == [3, 2, 2]
    assert sent.phones == ["0901234561", "0901234563", "0901234565", "0901234566", "14", "16", "0901234561"]
    assert [(row, code) for row, code, _ in sent.problems] == [(4, "too_short"), (5, "too_short")]
    assert sent.repeats == [(6, 0)]


@pytest.mark.parametrize("column", ["phone_code", "country"])
def test_number_is_read_in_the_country_of_its_row(column: str) -> None:
    contacts, sent, _ = table(
        [column, "phone"],
        ["84", "0901234567"],
        ["+1", "2125550123"],
        ["US", "(212) 555-0124"],
        ["", "0901234568"],
        ["Hà Nội", "0901234569"],
        ["US", "0901234567"],
    )
    assert [contact.phone for contact in contacts] == [
        "+84901234567", "+12125550123", "+12125550124", "+84901234568", "+84901234569",
    ]  # fmt: skip
    assert contacts[1].attributes == {column: "+1"}
    assert [(row, code) for row, code, _ in sent.problems] == [(5, "not_assignable")]


def test_integers_of_json_are_numbers_and_references() -> None:
    rows = [Row(901234567, externalId=42), Row(84901234568.0), Row(True), Row(9.5), Row("0901234569", externalId=True)]
    (only,) = prepared(sent_of(rows), "VN", len(rows))
    contacts = chunk.decode_payload(only.payload).contacts.rows()
    assert [(contact.phone, contact.external_id) for contact in contacts] == [
        ("+84901234567", "42"),
        ("+84901234568", None),
    ]
    sent = chunk.decode_sent(only.sent)
    assert [(row, code) for row, code, _ in sent.problems] == [(2, "missing"), (3, "missing"), (4, "not_text")]


@pytest.mark.parametrize("updates", [False, True])
def test_rounded_reference_fails_its_row(updates: bool) -> None:
    rows = [
        Row("0901234567", externalId="9.70436E+15"),
        Row("0901234568", externalId="9.704361234567890E+15"),
        Row("0901234567", externalId="KH-1"),
        Row("12", externalId="9.70436E+15"),
    ]
    (only,) = prepared(sent_of(rows), "VN", len(rows), updates=updates)
    contacts = chunk.decode_payload(only.payload).contacts.rows()
    assert [(c.phone, c.external_id) for c in contacts] == [
        ("+84901234568", "9704361234567890"),
        ("+84901234567", "KH-1"),
    ]
    (first, code, message), (second, other, _) = chunk.decode_sent(only.sent).problems
    assert (first, code, second, other) == (0, "rounded", 3, "too_short")
    assert message.startswith("externalId is 9.70436E+15, which a spreadsheet has rounded: its last digits are lost")
