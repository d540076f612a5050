"""Rows come out as they went in, a chunk at a time, or the whole body is refused with the place of what is wrong."""

import io
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.imports.sent_rows import Row, rows_of
from tongdai.errors import InvalidInput
from tongdai.files.frames import REFUSED, drained, last_frame, read_frames
from tongdai.files.process import TOO_MUCH
from tongdai.imports import readers
from tongdai.imports.chunk import Chunk, decode_payload, decode_sent
from tongdai.imports.readers import BodyFormat, Format, Limits, Totals, read
from tongdai.imports.readers.__main__ import Task
from tongdai.imports.readers.ipc import CHUNK, TOTALS, decode_chunk
from tongdai.imports.readers.read import read_rows

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
scalars |= st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
rows = st.builds(
    Row,
    scalars,
    scalars,
    scalars,
    st.none() | st.dictionaries(st.text(st.characters(codec="utf-8")), scalars, max_size=3),
)


def as_sent(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def body(contacts: object, **fields: object) -> bytes:
    return msgspec.json.encode({"contacts": contacts} | fields)


def lines_of(sent: list[Row], end: bytes = b"\n") -> bytes:
    return end.join(msgspec.json.encode(as_sent(row)) for row in sent)


def reported(data: bytes, source: Format = Format.JSON, chunk_rows: int = 2) -> tuple[Totals, list[list[Row]]]:
    parts, end = drained(read_rows(io.BytesIO(data), BodyFormat(source), Limits(chunk_rows)))
    return end, [rows_of(part) for part in parts]


def chunks_of(data: bytes, source: Format, chunk_rows: int = 2) -> tuple[Totals, list[Chunk]]:
    chunks, end = drained(read(io.BytesIO(data), BodyFormat(source), Limits(chunk_rows), "VN"))
    return end, chunks


def refusal(data: bytes, source: Format = Format.JSON, chunk_rows: int = 2) -> str:
    with pytest.raises(InvalidInput) as refused:
        reported(data, source, chunk_rows)
    assert len(refused.value.message) < 300
    return refused.value.message


@given(st.lists(rows, min_size=1, max_size=9), st.integers(1, 4), st.none() | st.text(st.characters(codec="utf-8")))
def test_rows_of_a_body_are_read_whole_in_order_and_in_chunks(
    sent: list[Row], chunk_rows: int, list_name: str | None
) -> None:
    sent = [*sent, Row("0901234567")]
    end, chunks = reported(body([as_sent(row) for row in sent], listName=list_name), chunk_rows=chunk_rows)
    assert end == Totals(len(sent), list_name)
    assert [row for chunk in chunks for row in chunk] == sent
    assert all(len(chunk) == chunk_rows for chunk in chunks[:-1])
    assert 0 < len(chunks[-1]) <= chunk_rows


@given(st.lists(rows, min_size=1, max_size=9), st.integers(1, 4), st.sampled_from([b"\n", b"\r\n", b"\n\n \n"]))
def test_rows_of_lines_are_read_whole_in_order(sent: list[Row], chunk_rows: int, end: bytes) -> None:
    sent = [Row("0901234567"), *sent]
    head, chunks = reported(b"\xef\xbb\xbf" + lines_of(sent, end) + end, Format.NDJSON, chunk_rows)
    assert head == Totals(len(sent))
    assert [row for chunk in chunks for row in chunk] == sent


@given(st.binary(max_size=80), st.sampled_from([Format.JSON, Format.NDJSON]))
@example(b'{"contacts":[{"phoneNumber":"\xff"}]}', Format.JSON)
@example(b'{"contacts":[{"phoneNumber":"\\ud800"}]}', Format.JSON)
@example(b'{"contacts":' + b"[" * 100_000, Format.JSON)
@example(b'{"contacts":[{"attributes":' + b'{"a":' * 100_000, Format.JSON)
@example(b'{"contacts":[{"phoneNumber":' + b"9" * 5000 + b"}]}", Format.JSON)
@example(b'{"contacts":[{"phoneNumber":1e999}]}', Format.JSON)
@example(b'{"phoneNumber":"\xff"}', Format.NDJSON)
@example(b'{"phoneNumber":"1"}\n' + b"[" * 100_000, Format.NDJSON)
@example(b"\x0b", Format.NDJSON)
def test_bytes_that_are_no_bulk_request_are_refused_and_nothing_else_happens(data: bytes, source: Format) -> None:
    refusal(data, source)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The body is empty: expected a JSON object"),
        (b" \n\t ", "The body is empty: expected a JSON object"),
        (b"{}", "contacts is missing: expected a list"),
        (b"null", "The body must be an object, not null"),
        (b'{"contacts":null}', "contacts must be a list, not null"),
        (b'{"contacts":{}}', "contacts must be a list, not an object"),
        (b"[1]", "The body must be an object, not a list"),
        (b'{"contacts":null,', "The body is not valid JSON in UTF-8: Input data was truncated"),
        (b'{"contacts":[]}', "contacts is empty: expected at least one contact"),
        (b'{"contacts":[null]}', "contacts[0] must be an object, not null"),
        (b'{"contacts":[{"phoneNumber":"1"},[]]}', "contacts[1] must be an object, not a list"),
        (b'{"contacts":[{"name":"A"},{"phoneNumber":null},{"phoneNumber":""}]}', "contacts: no item has a phoneNumber"),
        (b'{"contacts":[{"phone":"1"}]}', "contacts[0].phone is an unknown field: expected phoneNumber"),
        (b'{"contacts":[{"phoneNumber":"1"}],"x":1}', "x is an unknown field: expected one of contacts, listName"),
        (b'{"contacts":[{"phoneNumber":"1"}],"listName":5}', "listName must be a string or null, not 5"),
    ],
)
def test_refusal_names_the_place_and_what_is_expected(data: bytes, message: str) -> None:
    assert refusal(data) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The body is empty: expected a JSON object in each line"),
        (b"\n \n", "The body is empty: expected a JSON object in each line"),
        (b'{"name":"A"}\n{"phoneNumber":""}', "No line has a phoneNumber"),
        (b'{"phoneNumber":"1"}\n\n{"phone":"1"}', "Line 3: phone is an unknown field: expected phoneNumber"),
        (b'{"phoneNumber":"1"}\n{"phoneNumber":[]}', "Line 2: phoneNumber must be a string, "),
        (b'{"phoneNumber":"1"}\n[]', "Line 2: the row must be an object, not a list"),
        (b'{"phoneNumber":"1"}\n{"phoneNumber":"2"', "Line 2 is not valid JSON in UTF-8: "),
        (b'{"phoneNumber":"1"}\n{"phoneNumber":"\xff"}', "Line 2 is not valid JSON in UTF-8: "),
        (b'{"phoneNumber":"1"}\n{"name":"\0"}', "Line 2 is not valid JSON in UTF-8: "),
        (b'{"phoneNumber":"' + b"1" * 2**21 + b'"}', "A line is longer than 1024 KB"),
    ],
)
def test_refusal_names_the_line(data: bytes, message: str) -> None:
    assert refusal(data, Format.NDJSON).startswith(message)


def test_lines_that_are_far_too_heavy_for_contacts_are_refused() -> None:
    line = b'{"phoneNumber":"1","name":"' + b"x" * 1_000_000 + b'"}\n'
    with pytest.raises(InvalidInput, match="Rows 1 to 4 hold 3 MB"):
        chunks_of(line * 4, Format.NDJSON, 4)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("source", [Format.JSON, Format.NDJSON])
def test_refusal_counts_items_over_all_chunks(at: int, source: Format) -> None:
    contacts: list[dict[str, object]] = [{"phoneNumber": "1"}] * 5
    contacts[at] = {"phoneNumber": {}}
    data = body(contacts) if source is Format.JSON else b"\n".join(map(msgspec.json.encode, contacts))
    place = f"contacts[{at}]." if source is Format.JSON else f"Line {at + 1}: "
    assert refusal(data, source).startswith(f"{place}phoneNumber must be ")


def test_row_with_a_value_of_the_wrong_kind_is_kept_and_fails_by_itself() -> None:
    sent = [{"phoneNumber": 901234567}, {"phoneNumber": "1", "name": 5}]
    assert reported(body(sent))[1] == [[Row(901234567), Row("1", 5)]]


# --- a process of its own ---


def read_apart(tmp_path: Path, data: bytes, source: Format, **limits: int) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Its exit code and the frames that it wrote."""
    (tmp_path / "body").write_bytes(data)
    task = Task(BodyFormat(source), Limits(2, **limits), "VN", os.getpid())
    with (tmp_path / "body").open("rb") as file, (tmp_path / "frames").open("w+b") as out:
        code = subprocess.run(
            [sys.executable, "-m", readers.__name__, msgspec.json.encode(task).decode()],
            stdin=file,
            stdout=out,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
        frames = list(read_frames(out))
        if frames:
            assert last_frame(out) == frames[-1]
    return code, frames


@pytest.mark.parametrize(
    ("source", "data"),
    [
        (Format.JSON, body([{"phoneNumber": str(n)} for n in range(5)], listName="A")),
        (Format.NDJSON, lines_of([Row(str(n)) for n in range(5)])),
        (Format.CSV, b"phone\n" + b"".join(b"%d\n" % n for n in range(5))),
    ],
)
def test_process_of_its_own_tells_the_same(tmp_path: Path, source: Format, data: bytes) -> None:
    end, chunks = chunks_of(data, source)
    code, frames = read_apart(tmp_path, data, source)
    assert code == 0
    assert [kind for kind, _ in frames] == [CHUNK, CHUNK, CHUNK, TOTALS]
    assert [decode_chunk(payload) for kind, payload in frames if kind == CHUNK] == chunks
    assert msgspec.json.decode(frames[-1][1], type=Totals) == end


def test_process_of_its_own_ends_with_the_refusal(tmp_path: Path) -> None:
    code, frames = read_apart(tmp_path, body([{"phoneNumber": "1"}] * 3 + [[]]), Format.JSON)
    assert code == 0
    assert [kind for kind, _ in frames] == [CHUNK, REFUSED]
    assert frames[-1][1] == b"contacts[3] must be an object, not a list"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded where the kernel does it")
@pytest.mark.parametrize(
    ("source", "data"),
    [
        (Format.JSON, b'{"contacts":[' + b",".join([b"{}"] * 3_000_000) + b"]}"),
        (Format.CSV, b'phone,name\n1,"' + b'x","y\n' * 4_000_000 + b'"\n'),
    ],
)
def test_file_that_takes_too_much_memory_ends_the_process_with_a_code_that_says_so(
    tmp_path: Path, source: Format, data: bytes
) -> None:
    code, frames = read_apart(tmp_path, data, source, memory_mb=128)
    assert code == TOO_MUCH
    assert frames == []


@pytest.mark.parametrize("value", ["[1]", "[]", '{"b": 1}', "{}"])
def test_list_or_object_as_an_attribute_fails_the_row_of_ndjson(value: str) -> None:
    data = f'{{"phoneNumber":"0901234567","attributes":{{"a":{value}}}}}\n{{"phoneNumber":"0901234568"}}\n'
    _, (chunk,) = chunks_of(data.encode(), Format.NDJSON)
    sent = decode_sent(chunk.sent)
    assert sent.problems == [
        (0, "not_text", "attributes must have texts, numbers, true or false, not lists or objects")
    ]
    assert decode_payload(chunk.payload).contacts.phones() == ["+84901234568"]
