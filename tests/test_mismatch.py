"""Explanations of refused JSON: field, value and expectation, in JSON's words."""

from datetime import datetime
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.errors import SHOWN_INPUT
from tongdai.mismatch import expected, explain

Scalar = str | int | float | bool | None


class Part(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str  # noqa: N815
    amount: float = 0.0


class Open(msgspec.Struct):
    size: int = 0


class Body(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    times: int | None = None
    until: datetime | None = None
    mode: Literal["fast", "slow"] = "fast"
    active: bool = True
    parts: list[Part] = []
    rules: dict[str, Part] = {}
    pair: tuple[int, int] = (0, 0)
    words: tuple[str, ...] = ()
    attributes: dict[str, Scalar] | None = None
    inner: Open | None = None


REFUSED = {
    "null": "The body must be an object, not null",
    "[]": "The body must be an object, not a list",
    "{}": "name is missing: expected a string",
    '{"name":5}': "name must be a string, not 5",
    '{"name":"A","times":"2"}': 'times must be a whole number or null, not "2"',
    '{"name":"A","times":2.0}': "times must be a whole number or null, not 2.0",
    '{"name":"A","times":true}': "times must be a whole number or null, not true",
    '{"name":"A","until":"soon"}': (
        'until must be a date and time such as 2030-01-31T17:00:00+07:00 or null, not "soon"'
    ),
    '{"name":"A","mode":"idle"}': 'mode must be fast or slow, not "idle"',
    '{"name":"A","active":1}': "active must be true or false, not 1",
    '{"name":"A","parts":{}}': "parts must be a list, not an object",
    '{"name":"A","parts":[{"phoneNumber":"1"},7]}': "parts[1] must be an object, not 7",
    '{"name":"A","parts":[{"phoneNumber":"1","amount":"2"}]}': 'parts[0].amount must be a number, not "2"',
    '{"name":"A","rules":{"busy":{}}}': "rules.busy.phoneNumber is missing: expected a string",
    '{"name":"A","pair":[1]}': "pair must be a list of 2, not a list",
    '{"name":"A","words":["a",1]}': "words[1] must be a string, not 1",
    '{"name":"A","attributes":{"a":[]}}': "attributes.a must be a string, a number, true, false or null, not a list",
    '{"name":"A","inner":{"size":"1"}}': 'inner.size must be a whole number, not "1"',
}


@pytest.mark.parametrize("raw", REFUSED)
def test_field_value_and_expectation_are_named(raw: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(raw, type=Body)
    assert explain(Body, raw.encode(), refused.value) == REFUSED[raw]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("phone", "phoneNumber"),
        ("phone_number", "phoneNumber"),
        ("PHONENUMBER", "phoneNumber"),
        ("phonNumber", "phoneNumber"),
        ("colour", "one of phoneNumber, amount"),
    ],
)
def test_unknown_field_gets_the_name_that_is_meant_or_all_names(name: str, meant: str) -> None:
    raw = msgspec.json.encode({"name": "A", "parts": [{name: "1"}]})
    assert explain(Body, raw, "") == f"parts[0].{name} is an unknown field: expected {meant}"


def test_a_single_known_name_stands_alone() -> None:
    class Single(msgspec.Struct, forbid_unknown_fields=True):
        size: int = 0

    assert explain(Single, b'{"colour":1}', "") == "colour is an unknown field: expected size"


def test_paths_begin_where_the_value_is() -> None:
    assert explain(Part, b"[]", "", "contacts[3]") == "contacts[3] must be an object, not a list"
    assert explain(Part, b"{}", "", "contacts[3]") == "contacts[3].phoneNumber is missing: expected a string"
    assert explain(Part, b"[]", "", whole="the row") == "the row must be an object, not a list"


def test_bytes_behind_the_refused_part_that_are_no_json_are_reported() -> None:
    assert explain(Body, b'{"name":5,', "").startswith("The body is not valid JSON in UTF-8: ")


def test_a_message_repeats_no_more_of_the_input_than_it_may() -> None:
    raw = msgspec.json.encode({"name": "A", "attributes": {"k" * 500: ["v" * 500]}})
    assert explain(Body, raw, "").count("k") < SHOWN_INPUT
    said = explain(Body, msgspec.json.encode({"name": "A", "rules": {"k" * 500: "v" * 500}}), "")
    assert said.count("k") + said.count("v") <= SHOWN_INPUT
    assert explain(Body, b'{"\\u0000\\u001b":1}', "") == (
        "?? is an unknown field: expected one of name, times, until, mode, active, parts, rules, pair, words, "
        "attributes, inner"
    )


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "times", "parts", "phoneNumber", "rules", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def refusal_of(raw: bytes) -> msgspec.ValidationError | None:
    try:
        msgspec.json.decode(raw, type=Body)
    except msgspec.ValidationError as error:
        return error
    return None


@given(_JSON)
def test_whatever_is_refused_is_explained_without_words_of_python(value: object) -> None:
    raw = msgspec.json.encode(value)
    refused = refusal_of(raw)
    said = explain(Body, raw, "fits")
    if refused is None:
        assert said == "fits"
    else:
        assert any(
            words in said for words in (" must be ", " is missing: expected ", " is an unknown field: expected ")
        )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "a whole number"),
        (int | None, "a whole number or null"),
        (int | float, "a number"),
        (Literal["a", "b", "c"], "a, b or c"),
        (tuple[str, str], "a list of 2"),
        (list[int], "a list"),
    ],
)
def test_what_a_type_expects_in_words(kind: object, words: str) -> None:
    assert expected(kind) == words
