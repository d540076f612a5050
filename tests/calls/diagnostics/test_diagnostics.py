"""Why nobody is being called: each pending contact has one reason, and they add up."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import refused
from tests.support.calls import a_call, agent, dnc, due, in_call, settings
from tongdai.calls.diagnostics import pending
from tongdai.calls.diagnostics.rules import Reason, ZoneCount
from tongdai.calls.live.campaign_snapshot import Place, snapshot
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.settings.rules import number_caps
from tongdai.campaigns.settings.values import FrequencyCap
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT, Heartbeat, Kind

REASONS = [str(reason) for reason in Reason]
HOUR = timedelta(hours=1)
UP = Heartbeat(Kind.SIMULATED, True, "simulated", "tongdai", "here", 0, 0)


async def diagnostics(tenant, campaign_id):
    found = await tenant.done("GET", f"/v1/campaigns/{campaign_id}/diagnostics")
    assert sum(found[reason] for reason in REASONS) == found["pending"]
    return found


async def counts(tenant, campaign_id):
    """The reasons that there are, and how many contacts have them."""
    found = await diagnostics(tenant, campaign_id)
    return {reason: found[reason] for reason in REASONS if found[reason]}


async def why(tenant, campaign_id, contact_id):
    return await tenant.done("GET", f"/v1/campaigns/{campaign_id}/contacts/{contact_id}/why")


async def blocked(tenant, campaign_id):
    return [blocker["code"] for blocker in (await diagnostics(tenant, campaign_id))["blockers"]]


def instant(text):
    return datetime.fromisoformat(text)


def now():
    return datetime.now(UTC)


def phone(n):
    return f"+8490{n:07}"


@pytest.fixture
async def campaign_id(tenant):
    return await tenant.campaign()


@pytest.fixture
def add(tenant, conn, campaign_id):
    """Adds the n-th number, due then and in that zone; the contact's id."""

    async def added(n, due_at=None, zone="Asia/Ho_Chi_Minh", campaign=None):
        contact_id = (await tenant.contact(campaign or campaign_id, phone(n)))["contactId"]
        await due(conn, tenant.tenant_id, contact_id, due_at or now() - HOUR, zone)
        return contact_id

    return added


async def closed_windows(conn, tenant, campaign_id):
    """Calling hours of one minute a week, far from now."""
    day = (now() + timedelta(days=3)).weekday()
    week = [[[720, 721]] if number == day else [] for number in range(7)]
    await settings(conn, tenant.tenant_id, campaign_id, windows=week)


async def test_due_contact_in_an_open_window_is_callable_now(tenant, campaign_id, add):
    contact_id = await add(1)
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["processStatus"], reported["callStatus"]) == ("callableNow", 0, None)
    assert reported["message"].startswith("It may be called now. The campaign is not started yet.")


async def test_contact_that_is_due_later_waits_for_its_retry(tenant, campaign_id, add):
    soon, later = now() + HOUR, now() + 2 * HOUR
    contact_id = await add(1, later)
    await add(2, soon)
    found = await diagnostics(tenant, campaign_id)
    assert found["waitingForRetry"] == 2
    assert instant(found["nextDueAt"]) == soon
    reported = await why(tenant, campaign_id, contact_id)
    assert reported["reason"] == "waitingForRetry"
    assert instant(reported["nextCallAt"]) == later


async def test_next_due_is_of_a_contact_that_may_be_called_then(tenant, conn, campaign_id, add):
    soon, later = now() + HOUR, now() + 2 * HOUR
    await add(1, soon)
    await add(2, later)
    await dnc(conn, tenant.tenant_id, [phone(1)])
    found = await diagnostics(tenant, campaign_id)
    assert (found["waitingForRetry"], found["doNotCall"]) == (1, 1)
    assert instant(found["nextDueAt"]) == later


async def test_contact_outside_the_calling_hours_waits_for_them(tenant, conn, campaign_id, add):
    await closed_windows(conn, tenant, campaign_id)
    contact_id = await add(1)
    found = await diagnostics(tenant, campaign_id)
    assert found["waitingForWindow"] == 1
    opens = instant(found["nextOpenAt"])
    assert now() < opens < now() + timedelta(days=8)
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("waitingForWindow", opens)
    assert "Asia/Ho_Chi_Minh" in reported["message"]


async def test_unknown_zone_keeps_a_contact_under_a_preset_and_not_without(tenant, conn, campaign_id, add):
    contact_id = await add(1, zone="")
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    await settings(conn, tenant.tenant_id, campaign_id, preset="vn_advertising")
    assert await counts(tenant, campaign_id) == {"zoneUnknown": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["nextCallAt"]) == ("zoneUnknown", None)


async def test_listed_number_is_counted_as_such_whatever_else_keeps_it(tenant, conn, campaign_id, add):
    other = await tenant.campaign("other")
    await settings(conn, tenant.tenant_id, campaign_id, preset="vn_advertising")
    later = await add(1, now() + HOUR)
    await add(2, zone="")
    await add(3)
    await dnc(conn, tenant.tenant_id, [phone(1), phone(2)])
    await dnc(conn, tenant.tenant_id, [phone(1)], campaign_id=campaign_id)
    await dnc(conn, tenant.tenant_id, [phone(3)], campaign_id=other)
    found = await diagnostics(tenant, campaign_id)
    assert (found["doNotCall"], found["pending"]) == (2, 3)
    reported = await why(tenant, campaign_id, later)
    assert (reported["reason"], reported["nextCallAt"]) == ("doNotCall", None)


async def test_listing_that_ends_tells_when_and_one_that_has_ended_keeps_nobody(tenant, conn, campaign_id, add):
    until = now() + timedelta(days=2)
    kept, free = await add(1), await add(2)
    await dnc(conn, tenant.tenant_id, [phone(1)], expires_at=until)
    await dnc(conn, tenant.tenant_id, [phone(2)], expires_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"doNotCall": 1, "callableNow": 1}
    reported = await why(tenant, campaign_id, kept)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("doNotCall", until)
    assert (await why(tenant, campaign_id, free))["reason"] == "callableNow"


async def test_lists_longer_than_the_campaign_are_looked_up_by_contact(tenant, conn, campaign_id, add):
    await dnc(conn, tenant.tenant_id, [phone(n) for n in range(50, 150)])
    await add(100)
    await add(1)
    assert await counts(tenant, campaign_id) == {"doNotCall": 1, "callableNow": 1}


async def test_number_that_another_campaign_has_on_the_line_waits(tenant, conn, campaign_id, add):
    other = await tenant.campaign("other")
    contact_id = await add(1)
    theirs = await add(1, campaign=other)
    await in_call(conn, tenant.tenant_id, theirs, phone(1), other)
    assert await counts(tenant, campaign_id) == {"numberInCall": 1}
    reported = await why(tenant, campaign_id, contact_id)
    assert reported["reason"] == "numberInCall"
    assert now() < instant(reported["nextCallAt"]) < now() + 2 * HOUR


async def test_number_called_as_often_as_it_may_be_waits_until_a_call_is_old_enough(tenant, conn, campaign_id, add):
    other = await tenant.campaign("other")
    await settings(conn, tenant.tenant_id, campaign_id, number_calls=2, number_period_h=24)
    twice, once, long_ago, not_placed = [await add(n) for n in range(1, 5)]
    t, first = tenant.tenant_id, now() - 5 * HOUR
    await a_call(conn, t, other, twice, phone(1), opened_at=first, dialled_s=0)
    await a_call(conn, t, campaign_id, twice, phone(1), opened_at=now() - 2 * HOUR)
    await a_call(conn, t, other, once, phone(2), opened_at=first)
    for hours in (30, 31):
        await a_call(conn, t, other, long_ago, phone(3), opened_at=now() - hours * HOUR)
    for hours in (2, 3):
        opened = now() - hours * HOUR
        await a_call(conn, t, other, not_placed, phone(4), outcome="cancelled", dialled_s=None, opened_at=opened)
    assert await counts(tenant, campaign_id) == {"overNumberCeiling": 1, "callableNow": 3}
    reported = await why(tenant, campaign_id, twice)
    assert (reported["reason"], instant(reported["nextCallAt"])) == ("overNumberCeiling", first + 24 * HOUR)


async def test_many_calls_to_others_do_not_keep_a_cap_from_being_seen(tenant, conn, campaign_id, add):
    """More calls than ten for each contact: found from the contacts."""
    await settings(conn, tenant.tenant_id, campaign_id, number_calls=1, number_period_h=24)
    contact_id = await add(1)
    for n in range(12):
        await a_call(conn, tenant.tenant_id, campaign_id, 10**6 + n, phone(100 + n), opened_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"callableNow": 1}
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id, phone(1), opened_at=now() - HOUR)
    assert await counts(tenant, campaign_id) == {"overNumberCeiling": 1}


async def test_contact_that_is_not_pending_is_no_riddle(tenant, conn, campaign_id, add):
    called, over = await add(1), await add(2)
    await tenant.move(called, 1)
    await in_call(conn, tenant.tenant_id, called, phone(1), campaign_id)
    await tenant.move(over, 2, "answered")
    assert await counts(tenant, campaign_id) == {}
    reported = await why(tenant, campaign_id, called)
    assert (reported["reason"], reported["message"], reported["blockers"]) == (
        "inCall",
        "It is being called: ringing.",
        [],
    )
    reported = await why(tenant, campaign_id, over)
    assert (reported["reason"], reported["callStatus"], reported["nextCallAt"]) == ("processed", "answered", None)
    assert reported["message"] == "It is called no more; its last call: answered."


async def test_contact_that_a_do_not_call_list_closed_is_not_said_to_have_been_called(tenant, add, campaign_id):
    contact_id = await add(1)
    await tenant.move(contact_id, 2, "dnc")
    reported = await why(tenant, campaign_id, contact_id)
    assert (reported["reason"], reported["message"]) == ("processed", "Its number is on a do-not-call list.")


ZONES = ["", "Asia/Ho_Chi_Minh", "America/New_York", "America/New_York,Pacific/Honolulu", "Pacific/Auckland"]


async def made_up(tenant, conn, rng):
    """A campaign that chance made, and the ids of its 30 contacts, 4 of them not pending."""
    mine, other = await tenant.campaign(), await tenant.campaign("other")
    t = tenant.tenant_id
    await settings(
        conn, t, mine, preset=rng.choice(["none", "none", "us_telemarketing", "vn_advertising"]),
        number_calls=(cap := rng.choice([None, 1, 2])), number_period_h=cap and rng.choice([1, 24]),
    )  # fmt: skip
    if rng.random() < 0.3:
        await closed_windows(conn, tenant, mine)
    contact_ids = [(await tenant.contact(mine, phone(n)))["contactId"] for n in range(30)]
    for contact_id in contact_ids:
        await due(conn, t, contact_id, now() + rng.choice([-3, -1, -1, -1, 1, 5]) * HOUR, rng.choice(ZONES))
    for _ in range(rng.randrange(4)):
        expires, where = rng.choice([None, now() + HOUR, now() - HOUR]), rng.choice([None, mine, other])
        await dnc(conn, t, rng.sample([phone(n) for n in range(60)], 5), campaign_id=where, expires_at=expires)
    for n in [n for n in rng.sample(range(40), 8) for _ in range(rng.randrange(4))]:
        opened, dialled = now() - rng.choice([0.3, 2, 20, 30]) * HOUR, rng.choice([0.2, 0.2, None])
        await a_call(conn, t, rng.choice([mine, other]), 10**9 + n, phone(n), opened_at=opened, dialled_s=dialled)
    busy = rng.sample(range(40), 4)
    for n in busy:
        await in_call(conn, t, 2 * 10**9 + n, phone(n), other, opened_at=now())
    for n in rng.sample(range(30), 4):
        await tenant.move(contact_ids[n], 2 if n in busy else rng.choice([1, 2]))
    return mine, contact_ids


@pytest.mark.parametrize("seed", range(12))
async def test_reasons_exclude_each_other_add_up_and_agree_with_each_contacts_own(tenant, conn, seed):
    mine, contact_ids = await made_up(tenant, conn, random.Random(seed))
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
async def test_numbers_that_are_kept_are_the_same_from_whichever_side_they_are_found(tenant, conn, seed):
    mine, _ = await made_up(tenant, conn, random.Random(seed))
    place = Place(tenant.tenant_id, mine)
    caps = number_caps(await campaigns.call_settings(conn, *place))
    async with snapshot(conn):
        found = [
            set(await pending.blocked_counts(conn, place, 26, caps, way))
            for way in (pending.BY_NUMBER, pending.BY_BOTH, pending.BY_CONTACT)
        ]
    assert found[0] == found[1] == found[2]
    assert found[0]


async def test_cap_that_is_named_twice_counts_a_call_once(tenant, conn, campaign_id, add):
    contact_id, cap = await add(1), FrequencyCap(2, timedelta(hours=24))
    place = Place(tenant.tenant_id, campaign_id)
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id, phone(1), opened_at=now() - HOUR)
    async with snapshot(conn):
        assert await pending.blocked_counts(conn, place, 1, [cap, cap]) == []


async def test_few_numbers_are_looked_up_and_few_contacts_and_both_are_read_when_both_are_many():
    assert pending.fastest(0, 0) == pending.fastest(0, 100) == pending.fastest(100_000, 5_000_000) == pending.BY_NUMBER
    assert pending.fastest(5_000_000, 5_000_000) == pending.fastest(1_000_000, 5_000_000) == pending.BY_BOTH
    assert pending.fastest(5_000_000, 1000) == pending.fastest(1, 0) == pending.BY_CONTACT


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_ranges_of_any_length_are_counted_exactly(tenant, conn, campaign_id, add, limit):
    """However many of them are longer than what is counted at first."""
    zones = {"Asia/Ho_Chi_Minh": (9, 4), "America/New_York": (1, 0), "": (0, 3)}
    n = 0
    for zone, (due_now, later) in zones.items():
        for due_at in [now() - HOUR] * due_now + [now() + HOUR] * later:
            await add(n := n + 1, due_at, zone)
    async with snapshot(conn):
        found = await pending.zone_counts(conn, Place(tenant.tenant_id, campaign_id), n, limit)
    assert found == [ZoneCount(zone, sum(zones[zone]), zones[zone][1]) for zone in sorted(zones)]


HOLD_MANY = """
with people as (
    insert into contact (tenant_id, campaign_id, list_id, number, zone, in_run)
    select $1, $2, l.list_id, 84900000000 + n, z.zone, n % 2 = 0 and n % 5 <> 0
    from generate_series(1, 4000) n cross join contact_list l join time_zone z on z.name = 'Asia/Ho_Chi_Minh'
    where l.tenant_id = $1 and l.campaign_id = $2 order by n
    returning contact_id, number, zone, in_run
), due as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, now() + case number % 5 when 0 then 1 else -1 end * interval '1 hour', zone
    from people where not in_run
), runs as (
    insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
    select $1, $2, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
    from people where in_run group by zone, number / 500
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


def kept_by(n):
    """The reason of the n-th of many."""
    if n % 7 == 0:
        return "doNotCall"
    if n % 5 == 0:
        return "waitingForRetry"
    if n % 1000 == 1:
        return "numberInCall"
    return "overNumberCeiling" if n % 3 == 0 else "callableNow"


async def test_many_numbers_are_counted_as_each_of_them_is(tenant, conn, campaign_id, add):
    t, other = tenant.tenant_id, await tenant.campaign("other")
    await settings(conn, t, campaign_id, number_calls=1, number_period_h=24)
    extra = (await tenant.contact(campaign_id, phone(9_999_999)))["contactId"]
    await tenant.move(extra, 2)
    await conn.execute(HOLD_MANY, t, campaign_id)
    numbers = range(1, 8001)
    await dnc(conn, t, [phone(n) for n in numbers if n % 7 == 0])
    await conn.execute(CALL_MANY, t, other, [phone(n) for n in numbers if n % 3 == 0])
    for n in (1, 1001, 2001, 3001):
        await in_call(conn, t, 10**9 + n, phone(n), other, opened_at=now())
    assert await counts(tenant, campaign_id) == Counter(kept_by(n) for n in range(1, 4001))
    ids = await conn.fetch(
        "select '+' || number as phone, contact_id from contact where tenant_id = $1 and process_status = 0", t
    )
    contact_ids = {row["phone"]: row["contact_id"] for row in ids}
    for n in (1, 2, 3, 5, 7, 15, 21, 35, 1001, 2001, 4000):
        assert (await why(tenant, campaign_id, contact_ids[phone(n)]))["reason"] == kept_by(n)


async def test_campaign_that_does_not_run_says_so(tenant, conn, campaign_id, add):
    await switches.beat(conn, DEFAULT, UP)
    await add(1)
    assert await blocked(tenant, campaign_id) == ["not_started"]
    for action, expected in (("start", []), ("pause", ["paused"]), ("stop", ["stopped"])):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
        assert await blocked(tenant, campaign_id) == expected


async def test_campaign_without_pending_contacts_says_so(tenant, conn, campaign_id):
    await switches.beat(conn, DEFAULT, UP)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    assert await blocked(tenant, campaign_id) == ["nothing_pending"]


@pytest.fixture
async def running(tenant, conn, campaign_id, add):
    await switches.beat(conn, DEFAULT, UP)
    await add(1)
    await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")
    return campaign_id


async def test_dialer_that_writes_no_heartbeat_is_reported_apart_from_a_switch_that_is_away(tenant, conn, running):
    await switches.beat(conn, DEFAULT, replace(UP, connected=False))
    assert await blocked(tenant, running) == ["switch_away"]
    await conn.execute("update switch set alive_at = now() - interval '11 seconds'")
    assert await blocked(tenant, running) == ["dialer_not_running"]
    await conn.execute("update switch set alive_at = null")
    assert await blocked(tenant, running) == ["dialer_not_running"]
    await switches.beat(conn, DEFAULT, UP)
    assert await blocked(tenant, running) == []


async def test_agents_that_are_missing_or_busy_are_reported(tenant, conn, running):
    queue_id = await tenant.queue()
    await settings(conn, tenant.tenant_id, running, mode="progressive")
    assert await blocked(tenant, running) == ["no_queue"]
    await settings(conn, tenant.tenant_id, running, queue_id=queue_id)
    await agent(conn, tenant.tenant_id, queue_id, "offline")
    await agent(conn, tenant.tenant_id, queue_id, "calling")
    assert await blocked(tenant, running) == ["no_agents_signed_in"]
    await agent(conn, tenant.tenant_id, queue_id, "wrap_up")
    assert await blocked(tenant, running) == ["no_agent_free"]
    await settings(conn, tenant.tenant_id, running, mode="predictive")
    assert await blocked(tenant, running) == []
    await agent(conn, tenant.tenant_id, queue_id, "idle")
    await settings(conn, tenant.tenant_id, running, mode="preview")
    assert await blocked(tenant, running) == ["no_preview_accepted"]


async def test_campaign_with_as_many_calls_as_it_may_have_says_so(tenant, conn, running, add):
    await settings(conn, tenant.tenant_id, running, max_calls=1)
    assert await blocked(tenant, running) == []
    contact_id = await add(2)
    await tenant.move(contact_id, 1)
    await in_call(conn, tenant.tenant_id, contact_id, phone(2), running)
    assert await blocked(tenant, running) == ["at_max_calls"]


async def test_switch_with_as_many_calls_as_the_server_may_have_keeps_every_campaign(tenant, conn, running, serving):
    at = f"/v1/campaigns/{running}/diagnostics"

    async def kept(live_calls):
        await switches.beat(conn, DEFAULT, replace(UP, live_calls=live_calls))
        answer = await client.get(at, headers=tenant.key.headers)
        return [(blocker["code"], blocker["message"]) for blocker in answer.json()["blockers"]]

    async with serving(max_calls=30) as client:
        assert await kept(29) == []
        assert await kept(30) == [("switch_full", "As many calls are active as the server may have at once.")]


async def test_share_of_the_abandoned_at_the_cap_is_reported_of_predictive(tenant, conn, running):
    queue_id = await tenant.queue()
    await agent(conn, tenant.tenant_id, queue_id)
    await settings(conn, tenant.tenant_id, running, mode="predictive", queue_id=queue_id)
    for n in range(97):
        await a_call(conn, tenant.tenant_id, running, n, phone(n), outcome="answered", answered_s=2, opened_at=now())
    for n in range(2):
        await a_call(conn, tenant.tenant_id, running, n, phone(n), outcome="abandoned", answered_s=2, opened_at=now())
    assert await blocked(tenant, running) == []
    await a_call(conn, tenant.tenant_id, running, 99, phone(99), outcome="abandoned", answered_s=2, opened_at=now())
    assert await blocked(tenant, running) == ["abandonment_cap_reached"]
    await settings(conn, tenant.tenant_id, running, mode="progressive")
    assert await blocked(tenant, running) == []


async def test_campaign_and_contact_of_another_tenant_are_not_found(tenant, other_tenant, campaign_id, add):
    contact_id = await add(1)
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/diagnostics"), 404, "NOT_FOUND")
    refused(await other_tenant.get(f"/v1/campaigns/{campaign_id}/contacts/{contact_id}/why"), 404, "NOT_FOUND")
