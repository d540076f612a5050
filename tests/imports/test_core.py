"""Outcomes of rows, without a database."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.imports.jobs import accounted, reported
from tests.support.imports.sent_rows import Row, sent_of
from tongdai.ids import ContactId
from tongdai.imports import chunk, core
from tongdai.imports.outcomes import codec
from tongdai.imports.readers.prepare import prepared

NUMBERS = [f"090000000{n}" for n in range(6)]
PHONES = st.sampled_from([*NUMBERS, "+84900000001", "0900 000 002", "12", "", None, "0900000003x"])
ROWS = st.lists(st.builds(lambda number: {"phoneNumber": number}, PHONES), max_size=40)


def e164(number: str) -> str:
    return f"+84{number[1:]}"


@given(ROWS, st.sets(st.sampled_from(NUMBERS)), st.integers(1, 10), st.booleans())
def test_rows_are_settled_as_the_simplest_way_would(
    rows: list[dict[str, Any]], known: set[str], chunk_rows: int, dry_run: bool
) -> None:
    """Over several chunks, with a campaign that is a dict."""
    campaign = {e164(number): ContactId(n) for n, number in enumerate(sorted(known), 1)}
    seen, ours, first, kept = set[str](), set[ContactId](), None, list[codec.RowResult]()
    for start in range(0, len(rows), chunk_rows):
        sent = sent_of([Row(**row) for row in rows[start : start + chunk_rows]])
        (one,) = prepared(sent, "VN", start + len(sent))
        phones = [row.phone for row in chunk.decode_payload(one.payload).contacts.rows()]
        if dry_run:
            imported = core.dry_run_outcome([campaign.get(n) for n in phones], [n not in seen for n in phones])
            seen.update(phones)
        else:
            found = {campaign[number] for number in phones if number in campaign}
            for number in phones:
                campaign.setdefault(number, ContactId(100 + len(campaign)))
            contact_ids = [campaign[number] for number in phones]
            imported = core.import_outcome(contact_ids, found, set(core.possible_repeats(list(found), first)) & ours)
            ours |= set(contact_ids) - found
            first = min((one for one in (first, imported.first_created) if one is not None), default=None)
            assert imported.meets_known == bool(found)
        outcome = codec.decode(codec.encode(imported.outcome))
        kept += codec.results(chunk.decode_sent(one.sent), outcome, start + 1)
    assert reported(kept) == accounted(rows, map(e164, known))
    for row in kept:
        assert (row.contact_id is None) == (
            row.outcome == "failed" or (dry_run and row.reason_code != "in_campaign")
        ), row


def test_nothing_is_perhaps_repeated_before_the_job_has_created_anything() -> None:
    assert core.possible_repeats([ContactId(5)], None) == []


def test_contacts_from_before_the_first_that_the_job_created_are_not_looked_up() -> None:
    assert core.possible_repeats([ContactId(4), ContactId(5), ContactId(6)], ContactId(5)) == [5, 6]
