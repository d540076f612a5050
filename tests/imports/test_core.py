"""What becomes of rows, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.imports import accounted, told
from tongdai.contacts import phone
from tongdai.ids import ContactId
from tongdai.imports import core, readers
from tongdai.imports.outcomes import codec

NUMBERS = [f"090000000{n}" for n in range(6)]
PHONES = st.sampled_from([*NUMBERS, "+84900000001", "0900 000 002", "12", "", None, "0900000003x"])
ROWS = st.lists(st.builds(lambda number: {"phoneNumber": number}, PHONES), max_size=40)


def e164(number: str) -> str:
    return f"+84{number[1:]}"


@given(ROWS, st.sets(st.sampled_from(NUMBERS)), st.integers(1, 10), st.booleans())
def test_rows_are_settled_as_the_simplest_way_would(
    rows: list[dict[str, object]], known: set[str], chunk_rows: int, dry_run: bool
) -> None:
    """Over several chunks, with a campaign that is a dict."""
    campaign = {e164(number): ContactId(n) for n, number in enumerate(sorted(known), 1)}
    seen, ours, first, kept = set[str](), set[ContactId](), None, list[codec.RowResult]()
    for start in range(0, len(rows), chunk_rows):
        chunk = [readers.Row(**row) for row in rows[start : start + chunk_rows]]
        checked = core.checked(chunk, phone.normaliser("VN"))
        phones = list(dict.fromkeys(row.phone for row in core.contacts_of(checked)))
        made = {number for number in phones if number not in campaign and number not in seen}
        if dry_run:
            seen |= made
            standing = core.Standing({n: campaign[n] for n in phones if n in campaign}, made)
        else:
            for number in phones:
                campaign.setdefault(number, ContactId(100 + len(campaign)))
            contact_ids = {number: campaign[number] for number in phones}
            repeated = set(core.perhaps_repeated(contact_ids, made, first)) & ours
            standing = core.Standing(contact_ids, made, repeated)
            ours |= {campaign[number] for number in made}
            first = min((one for one in (first, standing.first_made) if one is not None), default=None)
        settled = core.settle(chunk, checked, standing)
        kept += codec.results(settled, start + 1)
    assert told(kept) == accounted(rows, map(e164, known))
    for row in kept:
        assert (row.contact_id is None) == (
            row.outcome == "failed" or (dry_run and row.reason_code != "in_campaign")
        ), row


def test_nothing_is_perhaps_repeated_before_the_job_has_made_anything() -> None:
    assert core.perhaps_repeated({"+84900000001": ContactId(5)}, set(), None) == []


def test_contacts_from_before_the_first_that_the_job_made_are_not_looked_up() -> None:
    contact_ids = {"a": ContactId(4), "b": ContactId(5), "c": ContactId(6)}
    assert core.perhaps_repeated(contact_ids, {"c"}, ContactId(5)) == [5]
