"""Bodies taken apart as they arrive, however they are cut into pieces."""

import gzip
import os
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.errors import ApiError, InvalidInput, UnsupportedMediaType
from tongdai.imports.intake.decode import FREE, MAX_FIELD, Form, Gunzip, file_name
from tongdai.imports.readers import BodyFormat, Format

BOUNDARY = "------x7f"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class Taken:
    """Record what a sink was given."""

    def __init__(self) -> None:
        self.data = b""
        self.size = 0
        self.ended = False
        self.body_format: BodyFormat | None = None
        self.name: str | None = None

    def opened(self, body_format: BodyFormat, name: str | None) -> None:
        self.source, self.name = body_format, name

    def take(self, data: bytes) -> None:
        self.data += data[: max(0, 100_000 - len(self.data))]
        self.size += len(data)

    def end(self) -> None:
        self.ended = True


def feed(sink, data: bytes, size: int) -> None:
    for at in range(0, len(data), size):
        sink.take(data[at : at + size])
    sink.end()


# --- gzip ---


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 50))
def test_gzip_is_decompressed_in_whatever_pieces_and_members_it_comes(members, size):
    taken = Taken()
    feed(Gunzip(taken), b"".join(map(gzip.compress, members)), size)
    assert (taken.data, taken.ended) == (b"".join(members), True)


@pytest.mark.parametrize("cut", [1, 5, 12, 30])
def test_gzip_that_is_cut_off_is_refused(cut):
    compressed = gzip.compress(os.urandom(1000))
    with pytest.raises(InvalidInput, match="cut off"):
        feed(Gunzip(Taken()), compressed[:-cut], 100)


@pytest.mark.parametrize("data", [b"phone\n1\n", gzip.compress(b"x", mtime=0) + b"more", b"\x1f\x8b\x09"])
def test_what_is_no_gzip_is_refused(data):
    with pytest.raises(InvalidInput, match=r"not gzip|cut off"):
        feed(Gunzip(Taken()), data, 100)


def test_empty_body_is_no_gzip():
    with pytest.raises(InvalidInput, match="cut off"):
        Gunzip(Taken()).end()


def test_gzip_bomb_is_refused_before_it_fills_memory():
    bomb = gzip.compress(b"\0" * 2**20 * 300)
    assert len(bomb) < 2**19
    taken = Taken()
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="times its size"):
        feed(Gunzip(taken), bomb, 2**16)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
    assert FREE < taken.size + 2**21 < 2 * FREE


# --- forms ---


def part(data: bytes, *headers: str) -> bytes:
    return b"\r\n".join([b"--" + BOUNDARY.encode(), *(h.encode() for h in headers), b"", data, b""])


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def disposition(name: str, file: str | None = None) -> str:
    return f'Content-Disposition: form-data; name="{name}"' + ("" if file is None else f'; filename="{file}"')


CSV = "Content-Type: text/csv; charset=utf-16"
CONTENT = b"phone\r\n0901\r\n--x\r\n" + BOUNDARY.encode() + b"\r\n"


def taken_of(data: bytes, size: int = 10**6) -> tuple[Taken, dict[str, str]]:
    taken = Taken()
    read = Form(TYPE, taken, taken.opened)
    feed(read, data, size)
    return taken, read.fields


@pytest.mark.parametrize("size", [1, 2, 7, 40, 10**6])
def test_form_is_taken_apart_in_whatever_pieces_it_comes(size):
    sent = form(
        part("Tháng 4".encode(), disposition("listName")),
        part(CONTENT, disposition("file", "a.csv"), CSV),
        part(b"true", disposition("dry_run")),
    )
    taken, fields = taken_of(sent, size)
    assert (taken.data, taken.ended) == (CONTENT, True)
    assert fields == {"listName": "Tháng 4", "dry_run": "true"}
    assert (taken.source, taken.name) == (BodyFormat(Format.CSV), "a.csv")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((disposition("file", "a.csv"),), Format.CSV),
        ((disposition("file", "A.CSV"), "Content-Type: application/vnd.ms-excel"), Format.CSV),
        ((disposition("f", "a.xlsx"), "Content-Type: application/octet-stream"), Format.XLSX),
        ((disposition("f", "a.b.jsonl"),), Format.NDJSON),
        ((disposition("f", "a.json"),), Format.JSON),
        ((disposition("f", "a.tsv"),), Format.CSV),
        ((disposition("f", "whatever"), "Content-Type: application/x-ndjson"), Format.NDJSON),
        ((disposition("f"), "Content-Type: text/csv"), Format.CSV),
    ],
)
def test_format_of_a_file_is_known_by_its_type_or_its_name(headers, found):
    taken, _ = taken_of(form(part(b"x", *headers)))
    assert taken.source is not None
    assert taken.source.format is found


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (form(), "The form has no file"),
        (form(part(b"A", disposition("listName"))), "The form has no file"),
        (form(*[part(b"x", disposition("file", "a.csv"))] * 2), "The form has more than one file"),
        (form(part(b"x", disposition("colour"))), "The form has an unknown field colour"),
        (form(*[part(b"x", disposition("listName"))] * 2), "listName is given 2 times"),
        (form(part(b"x" * (MAX_FIELD + 1), disposition("listName"))), f"listName is longer than {MAX_FIELD} bytes"),
        (form(part(b"\xff", disposition("listName"))), "listName is not text in UTF-8"),
        (form(part(b"x", disposition("file", "a.csv")))[:-10], "The form cannot be read"),
        (form(part(b"x", "Content-Type: text/csv")), "The form cannot be read"),
        (form(part(b"x", disposition("file", "a.csv"), "X-Long: " + "x" * 10_000)), "The form cannot be read"),
        (form(*[part(b"", disposition("listName"))] * 50), "listName is given 2 times"),
        (b"phone\n0901\n", "The form cannot be read"),
        (b"", "The form cannot be read"),
        (form(part(b"x", disposition("file", "a.pdf"), "Content-Type: application/pdf")), "File a.pdf is not"),
        (form(part(b"x", disposition("file", "a.csv"), "Content-Type: text/csv; charset=koi8-r")), "charset koi8-r is"),
    ],
)
def test_form_that_has_not_exactly_one_file_is_refused_by_name(sent, message):
    with pytest.raises(ApiError) as refused:
        taken_of(sent)
    assert refused.value.message.startswith(message)


@pytest.mark.parametrize(
    "header", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x=y"]
)
def test_form_without_a_boundary_is_refused(header):
    with pytest.raises(InvalidInput, match="names no boundary"):
        Form(header, Taken(), Taken().opened)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_bytes_are_a_form_or_refused_and_nothing_else_happens(data, size):
    for sent in (data, form(part(data, disposition("f", "a.csv"))), form(data)):
        with suppress(InvalidInput, UnsupportedMediaType):
            assert taken_of(sent, size)[0].ended


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.csv", "a.csv"),
        ("Khách hàng.xlsx", "Khách hàng.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\An\\a.csv", "a.csv"),
        ("a\x00\r\nb\u2028.csv", "ab.csv"),
        ("", None),
        ("a/", None),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
    ],
)
def test_name_of_a_file_is_its_last_part_without_control_characters(sent, kept):
    assert file_name(sent) == kept
