"""Settings of campaigns as stored, and running campaigns as the dialer reads them."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from tests.support.api import Tenant
from tests.support.databases import pid_of
from tongdai.campaigns import store
from tongdai.campaigns.hours import store as hours
from tongdai.campaigns.model import Action, PauseReason
from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import STANDARD_HOURS
from tongdai.campaigns.settings.values import FrequencyCap, MachineDetection, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import ALWAYS, Span, Week, every_day, week_of
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, QueueId, TenantId
from tongdai.queues import store as queues
from tongdai.queues.model import Change
from tongdai.switches.model import DEFAULT

HOUR = timedelta(hours=1)


def settings(queue_id: QueueId | None = None) -> CallSettings:
    """Settings that all differ from the defaults."""
    return CallSettings(
        purpose=Purpose.COLLECTION,
        mode=Mode.PROGRESSIVE,
        queue_id=queue_id,
        caller_id="+84901234567",
        trunk="carrier",
        audio_file="a",
        abandon_file="b",
        ring_timeout_s=59,
        max_calls=77,
        calls_per_second=3,
        preset=Preset.US_TELEMARKETING,
        windows=week_of([[Span(0, 1440)], [], [Span(1, 2), Span(3, 4)], [], [], [], []]),
        retries={"busy": RetryRule(timedelta(minutes=7), 2), "no_answer": RetryRule(timedelta(0), 0)},
        contact_cap=FrequencyCap(4, 48 * HOUR),
        number_cap=FrequencyCap(2, HOUR),
        abandon_cap=3.3,
        machine_detection=MachineDetection.HANG_UP,
        priority=-5,
    )


async def queue_of(conn: Connection, tenant: Tenant) -> QueueId:
    queue_id = await queues.create(conn, tenant.tenant_id, "A queue", None, Change(), None)
    assert isinstance(queue_id, int)
    return queue_id


async def campaign(conn: Connection, tenant: Tenant, held: CallSettings | None = None, *actions: Action) -> CampaignId:
    made = await store.create(conn, tenant.tenant_id, "A", "X", None, None, held or CallSettings())
    for action in actions:
        await store.move(conn, tenant.tenant_id, made.campaign_id, action, tenant.key.key_id)
    return made.campaign_id


async def test_settings_are_read_as_they_were_stored(conn: Connection, tenant: Tenant) -> None:
    held = settings(await queue_of(conn, tenant))
    campaign_id = await campaign(conn, tenant, held)
    assert await store.call_settings(conn, tenant.tenant_id, campaign_id) == held
    await store.change(conn, tenant.tenant_id, campaign_id, settings=(held, CallSettings()), by=None)
    assert await store.own_settings(conn, tenant.tenant_id, campaign_id) == (CallSettings(), ALWAYS)
    await store.change(conn, tenant.tenant_id, campaign_id, settings=(CallSettings(), held), by=None)
    assert await store.lock(conn, tenant.tenant_id, campaign_id) == held


async def test_settings_of_another_tenants_campaign_are_not_found(
    conn: Connection, tenant: Tenant, other_tenant: Tenant
) -> None:
    campaign_id = await campaign(conn, tenant)
    assert await store.call_settings(conn, other_tenant.tenant_id, campaign_id) is None
    assert await store.own_settings(conn, other_tenant.tenant_id, campaign_id) is None
    assert await store.lock(conn, other_tenant.tenant_id, campaign_id) is None


async def test_running_campaign_pauses_itself_once_and_whoever_moves_it_clears_the_reason(
    conn: Connection, tenant: Tenant, other_tenant: Tenant
) -> None:
    campaign_id = await campaign(conn, tenant, None)
    why = PauseReason.SOUND_NOT_PLAYED

    async def pauses(tenant_id: TenantId) -> bool:
        return await store.pause_itself(conn, tenant_id, campaign_id, why, 3)

    async def reason() -> PauseReason | None:
        found = await store.find(conn, tenant.tenant_id, campaign_id)
        assert found is not None
        return found.pause_reason

    assert not await pauses(tenant.tenant_id)
    await store.move(conn, tenant.tenant_id, campaign_id, Action.START, tenant.key.key_id)
    assert not await pauses(other_tenant.tenant_id)
    assert await pauses(tenant.tenant_id)
    assert await reason() is why
    assert not await pauses(tenant.tenant_id)
    row = await conn.fetchrow(
        "select key_id, action, detail from audit where tenant_id = $1 order by audit_id desc limit 1", tenant.tenant_id
    )
    assert row is not None
    assert tuple(row) == (None, "campaign.pause", {"by": "dialer", "reason": "sound_not_played", "calls": 3})
    for action in (Action.START, Action.PAUSE):
        await store.move(conn, tenant.tenant_id, campaign_id, action, tenant.key.key_id)
        assert await reason() is None


async def test_running_campaigns_come_with_name_zone_and_settings(conn: Connection, tenant: Tenant) -> None:
    await conn.execute("update tenant set zone = 'Asia/Ho_Chi_Minh' where tenant_id = $1", tenant.tenant_id)
    held = settings(await queue_of(conn, tenant))
    running = await campaign(conn, tenant, held, Action.START)
    for actions in ((), (Action.START, Action.PAUSE), (Action.START, Action.STOP)):
        await campaign(conn, tenant, held, *actions)
    (found,) = [one for one in await store.running(conn) if one.tenant_id == tenant.tenant_id]
    assert (found.campaign_id, found.name, found.tenant_zone, found.settings) == (
        running,
        "A",
        "Asia/Ho_Chi_Minh",
        held,
    )


async def test_campaigns_call_by_the_hours_of_their_tenant(
    conn: Connection, tenant: Tenant, other_tenant: Tenant
) -> None:
    office = every_day(9 * 60, 17 * 60)
    await hours.change(conn, tenant.tenant_id, office, None)
    await hours.change(conn, other_tenant.tenant_id, None, None)
    expected: dict[CampaignId, Week] = {}
    for one, week in ((tenant, office), (other_tenant, STANDARD_HOURS)):
        unset = await campaign(conn, one, CallSettings(), Action.START)
        said = await campaign(conn, one, CallSettings(preset=Preset.NONE), Action.START)
        own = await campaign(conn, one, CallSettings(windows=every_day(60, 120)), Action.START)
        weeks = {unset: week, said: ALWAYS, own: every_day(60, 120)}
        for campaign_id, expected_week in weeks.items():
            settings_in_force = await store.call_settings(conn, one.tenant_id, campaign_id)
            assert settings_in_force is not None
            assert rules.week(settings_in_force) == expected_week
        found = await store.settings_of(conn, one.tenant_id, weeks)
        assert {c: rules.week(held) for c, held in found.items()} == weeks
        expected |= weeks
    running = {one.campaign_id: rules.week(one.settings) for one in await store.running(conn)}
    assert {campaign_id: running[campaign_id] for campaign_id in expected} == expected


async def test_running_campaigns_come_by_tenant_and_id_whatever_their_priority(
    conn: Connection, tenant: Tenant, other_tenant: Tenant
) -> None:
    """In which order they are dialled is decided in tongdai/dialer/originator.py."""
    low = [await campaign(conn, tenant, CallSettings(priority=-99), Action.START) for _ in range(3)]
    other_low = await campaign(conn, other_tenant, CallSettings(priority=-99), Action.START)
    high = await campaign(conn, other_tenant, CallSettings(priority=99), Action.START)
    ours = {tenant.tenant_id, other_tenant.tenant_id}
    found = [(one.tenant_id, one.campaign_id) for one in await store.running(conn) if one.tenant_id in ours]
    own = [(tenant.tenant_id, campaign_id) for campaign_id in low]
    assert found == sorted([*own, *((other_tenant.tenant_id, campaign_id) for campaign_id in (other_low, high))])


async def test_running_campaigns_are_found_by_index(conn: Connection) -> None:
    async with conn.transaction():
        await conn.execute("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await conn.fetch(f"explain {store.RUNNING}", DEFAULT))
    assert "campaign_running" in plan


WAITS = "select exists (select from pg_locks where not granted and pid = $1)"


async def test_locked_queue_cannot_be_deleted_before_the_campaign_refers_to_it(
    conn: Connection, dsn: str, tenant: Tenant
) -> None:
    queue_id = await queue_of(conn, tenant)
    other = await connect(dsn, name="tests")
    try:
        async with conn.transaction():
            assert await store.lock_queue(conn, tenant.tenant_id, queue_id)
            deletion = asyncio.create_task(other.execute("delete from inbound_queue where queue_id = $1", queue_id))
            while not await conn.fetchval(WAITS, pid_of(other)):
                assert not deletion.done()
            await store.create(conn, tenant.tenant_id, "A", "X", None, None, CallSettings(queue_id=queue_id))
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await deletion
        assert await store.lock_queue(conn, tenant.tenant_id, queue_id)
    finally:
        await other.close()
