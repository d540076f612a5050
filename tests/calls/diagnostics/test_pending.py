"""Counts of pending contacts by reason: each contact has one reason, and they add up."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.support.api import Tenant
from tests.support.calls import a_call, configure, in_call, new_dnc_list
from tests.support.contacts import number, put_due
from tests.support.diagnostics import (
    HOUR,
    REASONS,
    Add,
    closed_windows,
    counts,
    diagnostics,
    instant,
    now,
    why,
)
from tongdai.calls.diagnostics import pending
from tongdai.calls.diagnostics.campaign_snapshot import CampaignKey, snapshot
from tongdai.calls.diagnostics.rules import ZoneCount
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.settings.rules import number_caps
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId

ZONES = ["", "Asia/Ho_Chi_Minh", "America/New_York", "America/New_York,Pacific/Honolulu", "Pacific/Auckland"]


async def random_campaign(tenant: Tenant, conn: Connection, rng: random.Random) -> tuple[CampaignId, list[ContactId]]:
    """A campaign in a random state, and the ids of its 30 contacts, 4 of them not pending."""
    mine, other = await tenant.campaign(), await tenant.campaign("other")
    t = tenant.tenant_id
    await configure(
        conn, t, mine, preset=rng.choice(["none", "none", "us_telemarketing", "vn_advertising"]),
        number_calls=(cap := rng.choice([None, 1, 2])), number_period_h=cap and rng.choice([1, 24]),
    )  # fmt: skip
    if rng.random() < 0.3:
        await closed_windows(conn, tenant, mine)
    contact_ids = [(await tenant.contact(mine, number(n)))["contactId"] for n in range(30)]
    for contact_id in contact_ids:
        await put_due(conn, t, contact_id, now() + rng.choice([-3, -1, -1, -1, 1, 5]) * HOUR, rng.choice(ZONES))
    for _ in range(rng.randrange(4)):
        expires, where = rng.choice([None, now() + HOUR, now() - HOUR]), rng.choice([None, mine, other])
        await new_dnc_list(
            conn, t, rng.sample([number(n) for n in range(60)], 5), campaign_id=where, expires_at=expires
        )
    for n in [n for n in rng.sample(range(40), 8) for _ in range(rng.randrange(4))]:
        opened, dialled = now() - rng.choice([0.3, 2, 20, 30]) * HOUR, rng.choice([0.2, 0.2, None])
        await a_call(
            conn, t, rng.choice([mine, other]), ContactId(10**9 + n), number(n), opened_at=opened, dialled_s=dialled
        )
    busy = rng.sample(range(40), 4)
    for n in busy:
        await in_call(conn, t, ContactId(2 * 10**9 + n), number(n), other, opened_at=now())
    for n in rng.sample(range(30), 4):
        await tenant.move(contact_ids[n], 2 if n in busy else rng.choice([1, 2]))
    return mine, contact_ids


@pytest.mark.parametrize("seed", range(12))
async def test_reasons_exclude_each_other_add_up_and_agree_with_each_contacts_own(
    tenant: Tenant, conn: Connection, seed: int
) -> None:
    mine, contact_ids = await random_campaign(tenant, conn, random.Random(seed))
    found = await diagnostics(tenant, mine)
    each = [await why(tenant, mine, contact_id) for contact_id in contact_ids]
    pending = [reported for reported in each if reported["processStatus"] == 0]
    assert found["pending"] == len(pending) == 26
    assert Counter(reported["reason"] for reported in pending) == {name: found[name] for name in REASONS if found[name]}
    known = [reported for reported in pending if reported["nextCallAt"] is not None]
    assert all(instant(reported["nextCallAt"]) >= instant(found["at"]) for reported in known)
    waiting = [instant(reported["nextCallAt"]) for reported in known if reported["reason"] == "waitingForWindow"]
    assert (found["nextOpenAt"] is None) == (not waiting)
    assert not waiting or instant(found["nextOpenAt"]) <= min(waiting)


@pytest.mark.parametrize("seed", range(12))
async def test_numbers_that_are_kept_are_the_same_from_whichever_side_they_are_found(
    tenant: Tenant, conn: Connection, seed: int
) -> None:
    mine, _ = await random_campaign(tenant, conn, random.Random(seed))
    place = CampaignKey(tenant.tenant_id, mine)
    settings = await campaigns.call_settings(conn, *place)
    assert settings is not None
    caps = number_caps(settings)
    async with snapshot(conn):
        found = [
            set(await pending.blocked_counts(conn, place, 26, caps, way))
            for way in (pending.BY_NUMBER, pending.BY_BOTH, pending.BY_CONTACT)
        ]
    assert found[0] == found[1] == found[2]
    assert found[0]


async def test_cap_that_is_named_twice_counts_a_call_once(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    contact_id, cap = await add(1), FrequencyCap(2, timedelta(hours=24))
    place = CampaignKey(tenant.tenant_id, campaign_id)
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id, number(1), opened_at=now() - HOUR)
    async with snapshot(conn):
        assert await pending.blocked_counts(conn, place, 1, [cap, cap]) == []


async def test_few_numbers_are_looked_up_and_few_contacts_and_both_are_read_when_both_are_many() -> None:
    assert pending.fastest(0, 0) == pending.fastest(0, 100) == pending.fastest(100_000, 5_000_000) == pending.BY_NUMBER
    assert pending.fastest(5_000_000, 5_000_000) == pending.fastest(1_000_000, 5_000_000) == pending.BY_BOTH
    assert pending.fastest(5_000_000, 1000) == pending.fastest(1, 0) == pending.BY_CONTACT


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_ranges_of_any_length_are_counted_exactly(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add, limit: int
) -> None:
    """However many of them are longer than what is counted at first."""
    zones = {"Asia/Ho_Chi_Minh": (9, 4), "America/New_York": (1, 0), "": (0, 3)}
    n = 0
    for zone, (due_now, later) in zones.items():
        for due_at in [now() - HOUR] * due_now + [now() + HOUR] * later:
            await add(n := n + 1, due_at, zone)
    async with snapshot(conn):
        found = await pending.zone_counts(conn, CampaignKey(tenant.tenant_id, campaign_id), n, limit)
    assert found == [ZoneCount(zone, sum(zones[zone]), zones[zone][1]) for zone in sorted(zones)]


HOLD_MANY = """
with added as (
    insert into contact (tenant_id, campaign_id, list_id, number, zone, in_run)
    select $1, $2, l.list_id, 84900000000 + n, z.zone, n % 2 = 0 and n % 5 <> 0
    from generate_series(1, 4000) n cross join contact_list l join time_zone z on z.name = 'Asia/Ho_Chi_Minh'
    where l.tenant_id = $1 and l.campaign_id = $2 order by n
    returning contact_id, number, zone, in_run
), due as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, now() + case number % 5 when 0 then 1 else -1 end * interval '1 hour', zone
    from added where not in_run
), runs as (
    insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
    select $1, $2, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
    from added where in_run group by zone, number / 500
)
insert into contact_counter (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
select tenant_id, campaign_id, list_id, 0, '', 8, 4000 from contact_list where tenant_id = $1 and campaign_id = $2
"""

CALL_MANY = """
insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, opened_at, dialled_at,
    ended_at, ended_month, dial_until, lease_until)
select $1, gen_random_uuid(), $2, 1, phone, 'ended', 'busy', now() - interval '2 hours', now() - interval '2 hours',
    now(), date_trunc('month', now() at time zone 'UTC')::date, 'infinity', 'infinity'
from unnest($3::text[]) as called (phone)
"""


def kept_by(n: int) -> str:
    """The reason of the n-th of many."""
    if n % 7 == 0:
        return "doNotCall"
    if n % 5 == 0:
        return "waitingForRetry"
    if n % 1000 == 1:
        return "numberInCall"
    return "overNumberCeiling" if n % 3 == 0 else "callableNow"


async def test_many_numbers_are_counted_as_each_of_them_is(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId, add: Add
) -> None:
    t, other = tenant.tenant_id, await tenant.campaign("other")
    await configure(conn, t, campaign_id, number_calls=1, number_period_h=24)
    extra = (await tenant.contact(campaign_id, number(9_999_999)))["contactId"]
    await tenant.move(extra, 2)
    await conn.execute(HOLD_MANY, t, campaign_id)
    numbers = range(1, 8001)
    await new_dnc_list(conn, t, [number(n) for n in numbers if n % 7 == 0])
    await conn.execute(CALL_MANY, t, other, [number(n) for n in numbers if n % 3 == 0])
    for n in (1, 1001, 2001, 3001):
        await in_call(conn, t, ContactId(10**9 + n), number(n), other, opened_at=now())
    assert await counts(tenant, campaign_id) == Counter(kept_by(n) for n in range(1, 4001))
    ids = await conn.fetch(
        "select '+' || number as phone, contact_id from contact where tenant_id = $1 and process_status = 0", t
    )
    contact_ids = {row["phone"]: row["contact_id"] for row in ids}
    for n in (1, 2, 3, 5, 7, 15, 21, 35, 1001, 2001, 4000):
        assert (await why(tenant, campaign_id, contact_ids[number(n)]))["reason"] == kept_by(n)
