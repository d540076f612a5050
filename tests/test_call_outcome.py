"""Outcomes in the database are the declared ones."""

import re

from tongdai.call_outcome import LIVE_ANSWER_SQL, NOT_PLACED, InboundOutcome, OfferOutcome, Outcome

CHECKS = """
select conrelid::regclass::text || '.' || attname as column, pg_get_constraintdef(c.oid) as check
from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
where contype = 'c' and array_length(conkey, 1) = 1 and attname in ('outcome', 'call_status')
    and connamespace = 'public'::regnamespace and pg_get_constraintdef(c.oid) like '%no_answer%'
"""


async def test_checks_of_the_database_list_the_declared_outcomes(conn):
    checks = {row["column"]: set(re.findall(r"'(\w+)'", row["check"])) for row in await conn.fetch(CHECKS)}
    assert checks.pop("contact.call_status") == set(Outcome)
    assert checks.pop("offer.outcome") == set(OfferOutcome)
    assert "call.outcome" in checks
    assert all(outcomes == {*Outcome, *InboundOutcome} for outcomes in checks.values()), checks


def test_live_outcomes_are_those_of_the_abandonment_rate():
    assert LIVE_ANSWER_SQL == "('answered', 'abandoned')"


def test_outcome_without_a_placed_call_has_no_retry_rule():
    assert all(outcome.traits.retry is None for outcome in NOT_PLACED)
