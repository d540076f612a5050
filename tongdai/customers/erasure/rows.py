"""A number in the rows of imports, which are kept as they were sent. Pure."""

from msgspec.structs import replace

from tongdai.contacts.numbers import phone
from tongdai.imports.chunk import Original, decode_sent, encode_sent

_LAST = 6
"""Digits at the end by which rows are looked at more closely: normalising each would take a second for a million."""


def without(sent: bytes, number: str, country: str) -> tuple[bytes, int] | None:
    """The rows of a chunk without those values that are, or have in them, a number in E.164, and how many had it.

    None: no row has it.
    """
    rows = decode_sent(sent)
    places = {place for place, text in enumerate(rows.phones) if text is not None and _is(text, number, country)}
    failed = {place for place, original in enumerate(rows.originals or ()) if original and _has(original, number)}
    places |= {rows.problems[place][0] for place in failed}
    if not places:
        return None
    left = replace(
        rows,
        phones=[None if place in places else text for place, text in enumerate(rows.phones)],
        external_ids=rows.external_ids
        and [None if place in places else text for place, text in enumerate(rows.external_ids)],
        originals=rows.originals
        and [None if rows.problems[at][0] in places else original for at, original in enumerate(rows.originals)],
    )
    return encode_sent(left), len(places)


def _is(text: str, number: str, country: str) -> bool:
    digits = "".join(filter(str.isdigit, text))
    return digits.endswith(number[-_LAST:]) and phone.normalise(text, country) == number


def _has(original: Original, number: str) -> bool:
    """Whether a row as the file has it has the digits of the number, as a country writes them or with its code."""
    text = original if isinstance(original, str) else " ".join(original)
    return number[-9:] in "".join(filter(str.isdigit, text))
