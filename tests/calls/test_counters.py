"""Counters equal the rows that they count after any sequence of steps of calls."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.support import call_steps
from tests.support.call_scene import LEASE, ZONE, due_contacts, now_of, running_campaign, terms_of
from tests.support.calls import new_dnc_list
from tests.support.contacts import must_be_consistent, number
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, store
from tongdai.calls.model import Call, Ending
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, TenantId
from tongdai.testing import factories

HOUR = timedelta(hours=1)
AGENT = AgentId(7)


class Calls:
    """Random steps of the calls of two campaigns that share numbers."""

    def __init__(
        self, conn: Connection, tenant_id: TenantId, campaign_ids: list[CampaignId], rng: random.Random
    ) -> None:
        self.conn, self.tenant_id, self.campaign_ids, self.rng = conn, tenant_id, campaign_ids, rng
        self.done: Counter[object] = Counter()
        self.old: list[Call] = []
        """All calls that were claimed, live or ended."""

    async def step(self) -> None:
        kind = self.rng.choice(("claim", "dial", "dial", "rang", "answered", "connected", "end", "end", "list_number"))
        await getattr(self, kind)()

    async def calls(self) -> list[Call]:
        """Some live calls, and some that may have ended: what is reported of these comes late."""
        live = [call for call in await store.active(self.conn) if call.tenant_id == self.tenant_id]
        some = self.rng.sample(live, min(len(live), self.rng.randrange(5)))
        return some + self.rng.sample(self.old, min(2, len(self.old)))

    async def claim(self) -> None:
        terms = terms_of(self.tenant_id, self.rng.choice(self.campaign_ids), "", ZONE)
        limit = self.rng.randrange(12)
        claims = await claim.claim(self.conn, terms, limit)
        assert claims.examined <= limit
        self.done["claimed"] += len(claims.calls)
        self.done["closed"] += claims.closed
        self.done["rescheduled"] += claims.rescheduled
        self.old += claims.calls

    async def dial(self) -> None:
        for refusal in (await store.dial(self.conn, await self.calls(), LEASE)).values():
            self.done[refusal or "dialled"] += 1

    async def rang(self) -> None:
        for call in await self.calls():
            self.done["rang", await call_steps.rang(self.conn, call, await now_of(self.conn))] += 1

    async def answered(self) -> None:
        for call in await self.calls():
            self.done["answered", await call_steps.answered(self.conn, call, await now_of(self.conn), LEASE)] += 1

    async def connected(self) -> None:
        for call in await self.calls():
            await call_steps.connected(self.conn, call, await now_of(self.conn), AGENT)

    async def end(self) -> None:
        for call in await self.calls():
            ending = Ending(self.rng.choice(list(Outcome)))
            again_at = self.rng.choice((None, await now_of(self.conn)))
            self.done["ended", await call_steps.end(self.conn, call, ending, again_at)] += 1

    async def list_number(self) -> None:
        expires_at = self.rng.choice((None, await now_of(self.conn) + HOUR))
        if self.rng.random() < 0.2:
            await new_dnc_list(self.conn, self.tenant_id, [number(self.rng.randrange(30))], expires_at=expires_at)


IN_CALL = """
select (
        select sum(contacts) from contact_counter where tenant_id = $1 and process_status = 1
    ) as in_call, count(*) as live, count(*) filter (where c.process_status = 0) as both
from call a left join contact c using (tenant_id, contact_id) where tenant_id = $1 and state <> 'ended'
"""
ROW_HOURS = """
select campaign_id, outcome, count(*) as calls, count(dialled_at) as placed, count(answered_at) as answered
from call where tenant_id = $1 and state = 'ended' group by 1, 2 order by 1, 2
"""
COUNTER_HOURS = """
select campaign_id, outcome, sum(calls)::bigint as calls, sum(placed)::bigint as placed,
    sum(answered)::bigint as answered
from call_hour where tenant_id = $1 group by 1, 2 order by 1, 2
"""


@pytest.mark.slow
async def test_counters_are_exact_after_any_sequence_of_steps(conn: Connection) -> None:
    done: Counter[object] = Counter()
    for seed in range(4):  # ids, and the order that follows from them, are the database's: a seed alone may miss a step
        done += await stepped(conn, await factories.tenant(conn), random.Random(seed))
    sometimes = ("claimed", "rescheduled", "dialled", *((step, reported) for step in ("rang", "answered", "ended")
                                                    for reported in (True, False)))  # fmt: skip
    assert all(done[what] for what in sometimes), done


async def stepped(conn: Connection, tenant_id: TenantId, rng: random.Random) -> Counter[object]:
    """Take random steps in a tenant's calls, compare the counters with the rows on the way; how often each step
    happened."""
    campaign_ids = [await running_campaign(conn, tenant_id) for _ in range(2)]
    for i, campaign_id in enumerate(campaign_ids):
        await due_contacts(conn, tenant_id, campaign_id, range(30), ("", ZONE)[i])
    calls = Calls(conn, tenant_id, campaign_ids, rng)
    for _ in range(4):
        for _ in range(25):
            await calls.step()
        await must_be_consistent(conn, tenant_id)
        (row,) = await conn.fetch(IN_CALL, tenant_id)
        assert row["in_call"] == row["live"] == row["both"]
        assert await conn.fetch(COUNTER_HOURS, tenant_id) == await conn.fetch(ROW_HOURS, tenant_id)
    return calls.done
