"""Bodies of requests: their size, and what decoding one costs the event loop."""

import json
import time
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from tongdai.errors import InvalidInput
from tongdai.http import body

LOOP_HELD_S = 0.05
"""Processor time that a request may hold the event loop for."""


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    ids: list[int] = []
    names: dict[str, str] = {}


def filled(value: Any) -> bytes:
    """JSON as large as a body may be: an array or object of as many small parts as fit."""
    return json.dumps(value, separators=(",", ":")).encode()[: 1024 * 1024]


LARGE = {
    "numbers": filled({"ids": [1] * 500_000}),
    "one_wrong_at_the_end": filled({"ids": [*[1] * 500_000, "x"]}),
    "texts": filled({"names": {str(n): "" for n in range(85_000)}}),
    "text_of_a_wrong_type": filled({"names": {str(n): "" for n in range(85_000)} | {"x": 1}}),
    "nested": b'{"ids":' + b"[" * 1024 * 1024,
    "digits": b'{"ids":[' + b"1" * 1024 * 1024,
    "unknown": filled({"a": [{}] * 300_000}),
}


@pytest.mark.parametrize("raw", LARGE.values(), ids=LARGE)
def test_decoding_does_not_hold_the_event_loop(raw: bytes) -> None:
    """Processor time, which other processes do not change, and the best of three."""
    assert len(raw) > 900_000
    decoder = msgspec.json.Decoder(Sent)
    assert min(_decoded_s(raw, decoder) for _ in range(3)) < LOOP_HELD_S


def _decoded_s(raw: bytes, decoder: msgspec.json.Decoder[Sent]) -> float:
    began = time.thread_time()
    with suppress(InvalidInput):
        body.decode(raw, decoder)
    return time.thread_time() - began


@pytest.mark.parametrize(
    ("limit", "size"), [(1024 * 1024, "1 MB"), (3 * 1024 * 1024, "3 MB"), (1500 * 1024, "1500 KB")]
)
def test_error_names_the_limit(limit: int, size: str) -> None:
    assert str(body.too_large(limit)) == f"The body is larger than {size}"
