"""The present state of a campaign: settings, calls and agents, in one snapshot of the database."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncpg

from tongdai.calls.diagnostics.rules import CampaignState, Rules, Sound, SoundState
from tongdai.calls.live import abandonment
from tongdai.calls.live.abandonment import CAP_PERIODS
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import PauseReason, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import played
from tongdai.db.pool import Connection
from tongdai.dialing.rule import HELD
from tongdai.ids import CampaignId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use
from tongdai.switches import store as switches
from tongdai.switches.model import Switch
from tongdai.switches.sounds import store as sounds


class CampaignKey(NamedTuple):
    tenant_id: TenantId
    campaign_id: CampaignId


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """A campaign, with its rules, state and switch."""

    rules: Rules
    state: CampaignState
    switch: Switch

    @property
    def settings(self) -> CallSettings:
        return self.rules.settings


@asynccontextmanager
async def snapshot(conn: Connection) -> AsyncGenerator[None]:
    """A transaction in which all statements read one snapshot, and `now()` is its instant."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        yield


async def fetch(conn: Connection, sql: str, *args: object) -> list[asyncpg.Record]:
    """Run a query planned for its arguments: a generic plan does not know that a campaign may be the whole table."""
    return await (await conn.prepare(sql)).fetch(*args)


async def value(conn: Connection, sql: str, *args: object) -> Any:
    """The first column of the first row, planned likewise."""
    return (await fetch(conn, sql, *args))[0][0]


CAMPAIGN = f"""
select c.status, c.pause_reason, t.zone, now() as now,
    (select coalesce(sum(contacts), 0)::bigint from contact_counter
     where tenant_id = $1 and campaign_id = $2 and process_status = 0) as pending,
    (select count(*) from live_call where tenant_id = $1 and campaign_id = $2) as active_calls,
    (select count(*) from preview where tenant_id = $1 and campaign_id = $2 and accepted_at is not null) as accepted,
    {HELD} as held, c.trunk is null or {may_use("$1", "t.switch_id", "c.trunk", EndpointKind.TRUNK)} as own_trunk
from campaign c join tenant t on t.tenant_id = c.tenant_id where c.tenant_id = $1 and c.campaign_id = $2
"""
AGENTS = """
select a.state, count(*) as agents from campaign c
join agent_queue m on m.tenant_id = $1 and m.queue_id = c.queue_id
join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id and a.mode = 'nailed_up'
where c.tenant_id = $1 and c.campaign_id = $2 group by a.state
"""


async def read_campaign(conn: Connection, key: CampaignKey, default_sound: str) -> CampaignSnapshot | None:
    """Read the state of a campaign; None when there is no such campaign."""
    row = next(iter(await fetch(conn, CAMPAIGN, *key)), None)
    settings = await campaigns.call_settings(conn, *key)
    if row is None or settings is None:
        return None
    agents = {found["state"]: found["agents"] for found in await fetch(conn, AGENTS, *key)}
    live_answers = await abandonment.live_answers(conn, key.tenant_id, [key.campaign_id], CAP_PERIODS)
    status = Status(row["status"])
    switch = await switches.of_tenant(conn, key.tenant_id)
    state = CampaignState(
        status,
        row["pending"],
        row["active_calls"],
        agents,
        row["accepted"],
        live_answers[key.campaign_id],
        row["held"],
        row["pause_reason"] and PauseReason(row["pause_reason"]),
        await _sound(conn, switch, settings, default_sound),
        row["own_trunk"],
    )
    return CampaignSnapshot(Rules(settings, row["zone"], row["now"]), state, switch)


async def _sound(conn: Connection, switch: Switch, settings: CallSettings, default: str) -> Sound | None:
    plays = played(settings)
    if plays is None:
        return None
    name = plays.name or default
    present = (await sounds.known(conn, switch.switch_id, [name])).get(name) if switch.up else None
    state = {True: SoundState.PRESENT, False: SoundState.MISSING, None: SoundState.UNCHECKED}[present]
    return Sound(plays.wire, name, state)
