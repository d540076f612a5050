"""Rows come out as they went in, a chunk at a time, or the whole body is refused with the place of what is wrong."""

import io
import subprocess
import sys

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tongdai.errors import InvalidInput
from tongdai.imports import readers
from tongdai.imports.readers import CHUNK, HEAD, REFUSED, Head, Row, read_json, rows_of

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
scalars |= st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
rows = st.builds(
    Row,
    scalars,
    scalars,
    scalars,
    st.none() | st.dictionaries(st.text(st.characters(codec="utf-8")), scalars, max_size=3),
)


def body(contacts: object, **fields: object) -> bytes:
    return msgspec.json.encode({"contacts": contacts} | fields)


def parts(data: bytes, chunk_rows: int = 2) -> tuple[Head, list[bytes]]:
    head, *chunks = read_json(data, chunk_rows)
    assert isinstance(head, Head)
    return head, chunks


def refusal(data: bytes, chunk_rows: int = 2) -> str:
    with pytest.raises(InvalidInput) as refused:
        list(read_json(data, chunk_rows))
    assert len(refused.value.message) < 300
    return refused.value.message


@given(st.lists(rows, min_size=1, max_size=9), st.integers(1, 4), st.none() | st.text(st.characters(codec="utf-8")))
def test_rows_are_told_whole_in_order_and_in_chunks(sent, chunk_rows, list_name):
    sent = [*sent, Row("0901234567")]
    head, chunks = parts(body(sent, listName=list_name), chunk_rows)
    assert head == Head(list_name, len(sent))
    read = [rows_of(chunk) for chunk in chunks]
    assert [row for chunk in read for row in chunk] == sent
    assert all(len(chunk) == chunk_rows for chunk in read[:-1])
    assert 0 < len(read[-1]) <= chunk_rows


@given(st.binary(max_size=80))
@example(b'{"contacts":[{"phoneNumber":"\xff"}]}')
@example(b'{"contacts":[{"phoneNumber":"\\ud800"}]}')
@example(b'{"contacts":' + b"[" * 100_000)
@example(b'{"contacts":[{"attributes":' + b'{"a":' * 100_000)
@example(b'{"contacts":[{"phoneNumber":' + b"9" * 5000 + b"}]}")
@example(b'{"contacts":[{"phoneNumber":1e999}]}')
def test_bytes_that_are_no_bulk_request_are_refused_and_nothing_else_happens(data):
    refusal(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "Object missing required field `contacts`"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"contacts":null}', "contacts: Expected `array`, got `null`"),
        (b'{"contacts":{}}', "contacts: Expected `array`, got `object`"),
        (b'{"contacts":[]}', "contacts is empty: expected at least one contact"),
        (b'{"contacts":[null]}', "contacts[0]: Expected `object`, got `null`"),
        (b'{"contacts":[{"phoneNumber":"1"},[]]}', "contacts[1]: Expected `object`, got `array`"),
        (b'{"contacts":[{"name":"A"},{"phoneNumber":null},{"phoneNumber":""}]}', "contacts: no item has a phoneNumber"),
        (b'{"contacts":[{"phone":"1"}]}', "contacts[0]: Object contains unknown field `phone`"),
        (b'{"contacts":[{"phoneNumber":"1"}],"x":1}', "Object contains unknown field `x`"),
        (b'{"contacts":[{"phoneNumber":"1"}],"listName":5}', "listName: Expected `str | null`, got `int`"),
    ],
)
def test_refusal_names_the_place_and_what_is_expected(data, message):
    assert refusal(data) == message


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
def test_refusal_counts_items_over_all_chunks(at):
    contacts = [{"phoneNumber": "1"}] * 5
    contacts[at] = {"phoneNumber": {}}
    assert refusal(body(contacts)).startswith(f"contacts[{at}].phoneNumber: ")


def test_row_with_a_value_of_the_wrong_kind_is_told_and_fails_by_itself():
    _, chunks = parts(body([{"phoneNumber": 901234567}, {"phoneNumber": "1", "name": 5}]))
    assert rows_of(chunks[0]) == [Row(901234567), Row("1", 5)]


def frames(data: bytes) -> list[tuple[bytes, bytes]]:
    found, stream = [], io.BytesIO(data)
    while head := stream.read(readers.FRAME_HEAD):
        kind, length = readers.frame_head(head)
        payload = stream.read(length)
        assert len(payload) == length
        found.append((kind, payload))
    return found


def read_apart(tmp_path, data: bytes) -> list[tuple[bytes, bytes]]:
    (tmp_path / "body").write_bytes(data)
    with (tmp_path / "body").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", readers.__name__, "2"], stdin=file, capture_output=True, check=True
        )
    return frames(done.stdout)


def test_process_of_its_own_tells_the_same(tmp_path):
    data = body([{"phoneNumber": str(n)} for n in range(5)], listName="A")
    head, chunks = parts(data)
    told = [(HEAD, msgspec.json.encode(head)), *((CHUNK, chunk) for chunk in chunks)]
    assert read_apart(tmp_path, data) == told


def test_process_of_its_own_ends_with_the_refusal(tmp_path):
    *told, last = read_apart(tmp_path, body([{"phoneNumber": "1"}] * 3 + [[]]))
    assert [kind for kind, _ in told] == [HEAD, CHUNK]
    assert last == (REFUSED, b"contacts[3]: Expected `object`, got `array`")
