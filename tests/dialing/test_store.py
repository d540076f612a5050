"""Holds and beats in the database, and how many contacts a release names."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from tests.support.call_scene import contacts_in_runs, due_contacts, running_campaign, terms_of
from tongdai.call_outcome import Outcome
from tongdai.calls import claim
from tongdai.calls import store as calls
from tongdai.db.pool import Connection, connect
from tongdai.dialing import store
from tongdai.dialing.model import Hold, HoldReason, Identity
from tongdai.ids import KeyId
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT
from tongdai.testing import factories

LEASE = timedelta(seconds=30)
AUDIT = """
select tenant_id, key_id, action, detail ->> 'reason' as reason from audit
where action like 'dialing.%' order by audit_id
"""


async def now_of(conn: Connection) -> datetime:
    return await conn.fetchval("select clock_timestamp()")


async def released(conn: Connection, hold: Hold, by: KeyId | None = None) -> Hold:
    found = await store.release(conn, hold.hold_id, by)
    assert found is not None
    assert found.released_at is not None
    return found


# Holds


async def test_operators_hold_is_released_and_both_are_kept(own_conn: Connection) -> None:
    assert await store.current(own_conn) is None
    hold = await store.hold(own_conn, HoldReason.OPERATOR, by=KeyId(5))
    assert (await store.current(own_conn), await store.is_held(own_conn)) == (hold, True)
    assert (hold.reason, hold.held_by, hold.calls_known_until, hold.released_at) == (HoldReason.OPERATOR, 5, None, None)
    after = await released(own_conn, hold, KeyId(6))
    assert (after.held_by, after.released_by, after.contacts) == (5, 6, None)
    assert not await store.is_held(own_conn)
    assert await store.newest(own_conn, 20) == [after]


async def test_second_hold_is_the_first_one_unless_it_tells_more(own_conn: Connection) -> None:
    first = await store.hold(own_conn, HoldReason.STARTED_HELD)
    assert await store.hold(own_conn, HoldReason.OPERATOR) == first
    of_database = await store.hold(own_conn, HoldReason.WENT_BACK, remembered=9)
    assert of_database.reason is HoldReason.WENT_BACK
    assert await store.hold(own_conn, HoldReason.OTHER_DATABASE) == of_database
    assert await store.hold(own_conn, HoldReason.OPERATOR) == of_database
    assert await store.current(own_conn) == of_database


async def test_release_of_a_hold_that_another_took_the_place_of_releases_nothing(own_conn: Connection) -> None:
    seen = await store.hold(own_conn, HoldReason.OPERATOR)
    await store.hold(own_conn, HoldReason.WENT_BACK)
    await released(own_conn, seen)
    assert await store.is_held(own_conn)


async def test_released_twice_is_released_once(own_conn: Connection) -> None:
    hold = await store.hold(own_conn, HoldReason.OPERATOR)
    first = await released(own_conn, hold, KeyId(6))
    assert await released(own_conn, hold, KeyId(7)) == first
    assert await store.release(own_conn, hold.hold_id + 1, None) is None


async def test_request_that_is_repeated_has_its_hold_and_makes_no_other(own_conn: Connection) -> None:
    first = await store.hold(own_conn, HoldReason.OPERATOR, request="7 abc")
    after = await released(own_conn, first)
    assert await store.hold(own_conn, HoldReason.OPERATOR, request="7 abc") == after
    assert not await store.is_held(own_conn)


async def test_holds_at_once_are_one(own_dsn: str) -> None:
    conns = [await connect(own_dsn, name="tests") for _ in range(8)]
    reasons = [HoldReason.OPERATOR, HoldReason.WENT_BACK] * 4
    await asyncio.gather(*(store.hold(conn, reason) for conn, reason in zip(conns, reasons, strict=True)))
    current = await store.current(conns[0])
    assert current is not None
    assert current.reason is HoldReason.WENT_BACK
    assert await conns[0].fetchval("select count(*) from dialing_hold where released_at is null") == 1
    for conn in conns:
        await conn.close()


async def test_two_holds_in_force_cannot_be_stored(own_conn: Connection) -> None:
    await store.hold(own_conn, HoldReason.OPERATOR)
    with pytest.raises(asyncpg.UniqueViolationError):
        await own_conn.execute("insert into dialing_hold (reason, held_at) values ('operator', now())")


async def test_tenants_whose_campaigns_run_have_it_in_their_audit(own_conn: Connection) -> None:
    running, idle = await factories.tenant(own_conn), await factories.tenant(own_conn)
    await running_campaign(own_conn, running)
    hold = await store.hold(own_conn, HoldReason.OPERATOR, by=KeyId(5))
    await released(own_conn, hold)
    found = [tuple(row) for row in await own_conn.fetch(AUDIT)]
    assert found == [(running, 5, "dialing.hold", "operator"), (running, None, "dialing.release", "operator")]
    assert idle not in {row[0] for row in found}


# What dials


async def test_nothing_is_claimed_or_dialled_while_held(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    campaign_id = await running_campaign(own_conn, tenant_id)
    await due_contacts(own_conn, tenant_id, campaign_id, range(3))
    terms = terms_of(tenant_id, campaign_id)
    (claimed,) = (await claim.claim(own_conn, terms, 1)).calls
    hold = await store.hold(own_conn, HoldReason.OPERATOR)
    assert (await claim.claim(own_conn, terms, 9)).examined == 0
    assert await calls.dial(own_conn, [claimed], LEASE) == {claimed.call_id: Outcome.CANCELLED}
    assert await own_conn.fetchval("select state from live_call") == "claimed"
    await released(own_conn, hold)
    assert await calls.dial(own_conn, [claimed], LEASE) == {claimed.call_id: None}
    assert (await claim.claim(own_conn, terms, 9)).examined == 2


async def test_nothing_is_claimed_or_dialled_on_a_database_with_an_earlier_beat(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    campaign_id = await running_campaign(own_conn, tenant_id)
    await due_contacts(own_conn, tenant_id, campaign_id, range(3))
    beat = await store.begin(own_conn, DEFAULT, Identity(), after=0)
    (claimed,) = (await claim.claim(own_conn, terms_of(tenant_id, campaign_id), 1)).calls
    for known, verdict in ((beat + 1, Outcome.CANCELLED), (beat, None)):
        terms = terms_of(tenant_id, campaign_id, beat=known)
        assert (await claim.claim(own_conn, terms, 1)).examined == (verdict is None)
        assert await calls.dial(own_conn, [claimed], LEASE, beat=known) == {claimed.call_id: verdict}


# Beats


async def test_beats_only_grow_and_follow_what_is_known(own_conn: Connection) -> None:
    first = await store.begin(own_conn, DEFAULT, Identity(1, 2, 3), after=0)
    second = await store.beat(own_conn, DEFAULT, first)
    assert second is not None
    assert second.beat > first
    assert await store.beat(own_conn, DEFAULT, second.beat + 1) is None, "the database has only earlier ones"
    ahead = second.beat + 10**9
    third = await store.begin(own_conn, DEFAULT, Identity(1, 2, 4), after=ahead)
    assert third == ahead + 1
    fourth = await store.beat(own_conn, DEFAULT, third)
    assert fourth is not None
    assert fourth.beat == third + 1, "also while the clock is behind it"


async def test_identity_is_that_of_the_database_and_asks_for_no_privilege(own_conn: Connection) -> None:
    before = await store.identity(own_conn)
    assert None not in {before.system_identifier, before.database_oid, before.timeline}
    await own_conn.execute("create role nobody_special; set role nobody_special")
    assert await store.identity(own_conn) == before
    await own_conn.execute("reset role; drop role nobody_special")


async def test_managed_server_that_does_not_tell_its_identity_is_not_compared(own_conn: Connection) -> None:
    await own_conn.execute("create role nobody_special; revoke execute on function pg_control_system() from public")
    async with own_conn.transaction():
        await own_conn.execute("set local role nobody_special")
        assert await store.identity(own_conn) == Identity()
        assert await own_conn.fetchval("select 1") == 1, "the transaction continues"
    await own_conn.execute("drop role nobody_special")


async def test_after_a_release_every_switch_continues_past_all_that_is_remembered(own_conn: Connection) -> None:
    await switches.find_or_add(own_conn, "hanoi")
    old = await store.begin(own_conn, DEFAULT, Identity(1, 2, 3), after=0)
    ahead = old + 10**9
    hold = await store.hold(own_conn, HoldReason.WENT_BACK, switch_id=DEFAULT, file="5:1", remembered=ahead)
    await released(own_conn, hold)
    rows = await own_conn.fetch("select switch_id from switch")
    found = [await store.recorded(own_conn, row["switch_id"]) for row in rows]
    here = await store.identity(own_conn)
    assert [(one.beat > ahead, one.identity, one.accepted_file) for one in found if one] == [(True, here, "5:1")] * 2


async def test_after_a_release_of_an_operators_hold_the_database_must_still_continue(own_conn: Connection) -> None:
    old = await store.begin(own_conn, DEFAULT, Identity(1, 2, 3), after=0)
    await released(own_conn, await store.hold(own_conn, HoldReason.STARTED_HELD))
    row = await store.recorded(own_conn, DEFAULT)
    assert row is not None
    assert (row.beat, row.identity, row.accepted_file) == (old, Identity(1, 2, 3), None)


# What may have been called


async def test_hold_says_how_many_contacts_may_have_been_called_since(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    running, paused = await running_campaign(own_conn, tenant_id), await running_campaign(own_conn, tenant_id)
    await contacts_in_runs(own_conn, tenant_id, running, range(600))  # 600 of them
    await due_contacts(own_conn, tenant_id, running, range(1000, 1004))  # and 4, of whom
    await _due(own_conn, 1, "now() + interval '1 hour'")  # one is due later
    await due_contacts(own_conn, tenant_id, paused, range(2000, 2005))
    await own_conn.execute("update campaign set status = 3 where campaign_id = $1", paused)
    await claim.claim(own_conn, terms_of(tenant_id, running), 10)  # 10 are in calls that the database knows
    known_until = await now_of(own_conn)
    await contacts_in_runs(own_conn, tenant_id, running, range(3000, 3500))  # added since
    await due_contacts(own_conn, tenant_id, running, range(4000, 4003))
    hold = await store.hold(own_conn, HoldReason.RESTORED, calls_known_until=known_until)
    assert await store.uncertain(own_conn, hold) == 600 + 4 - 1 - 10
    assert (await released(own_conn, hold)).contacts == 593


async def _due(conn: Connection, contacts: int, at: str) -> None:
    await conn.execute(
        f"update contact_due set due_at = {at} where contact_id in (select contact_id from contact_due limit $1)",
        contacts,
    )


async def test_what_is_known_reaches_to_the_last_beat(own_conn: Connection) -> None:
    await store.begin(own_conn, DEFAULT, Identity(), after=0)
    row = await store.recorded(own_conn, DEFAULT)
    assert row is not None
    for reason in (HoldReason.STARTED_HELD, HoldReason.RESTORED):
        hold = await store.hold(own_conn, reason)
        assert hold.calls_known_until == row.beat_at
        await released(own_conn, hold)
    assert (await store.hold(own_conn, HoldReason.OPERATOR)).calls_known_until is None


async def test_installation_in_which_nothing_ever_dialled_has_nothing_to_count(own_conn: Connection) -> None:
    hold = await store.hold(own_conn, HoldReason.STARTED_HELD)
    assert await store.uncertain(own_conn, hold) is None
