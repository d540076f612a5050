"""The dialer's store in PostgreSQL: combines the statements of calls, campaigns and agents into transactions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from tongdai.agents import phones
from tongdai.agents import store as agents
from tongdai.agents.model import AcceptedPreview, Agent, AgentState, OfflineReason
from tongdai.agents.phones import Phone
from tongdai.agents.previews import store as previews
from tongdai.agents.rows import COLUMNS, agent_of
from tongdai.agents.wrap_up import store as wrap_up
from tongdai.call_outcome import Outcome
from tongdai.calls import claim, finish
from tongdai.calls import store as call_store
from tongdai.calls.finish import FinishedCall
from tongdai.calls.live import pacing_inputs
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Call, ClaimConditions, Claims, Ending, RetryContext
from tongdai.calls.store import Step
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import PauseReason, RunningCampaign
from tongdai.campaigns.settings.model import CallSettings
from tongdai.db.plans import indexed
from tongdai.db.pool import Connection, Pool
from tongdai.dialer.group_commit import GroupCommit
from tongdai.dialer.options import WRITE_S
from tongdai.ids import AgentId, CampaignId, QueueId, SwitchId, TenantId
from tongdai.switches.model import DEFAULT
from tongdai.switches.sounds import store as sounds


class PostgresStore:
    """Implements `DialerStore`."""

    def __init__(self, pool: Pool, switch_id: SwitchId = DEFAULT, beat: Callable[[], int] = lambda: 0) -> None:
        """The store of one switch: its tenants, their calls and agents. `beat` tells the last one that is known: on a
        database with an earlier one nothing is claimed or dialled."""
        self._pool, self._switch_id, self._beat = pool, switch_id, beat
        self._rang = GroupCommit(self._all_rang, WRITE_S)
        self._answered = GroupCommit(self._all_answered, WRITE_S)
        self._connected = GroupCommit(self._all_connected, WRITE_S)
        self._ends = GroupCommit(self._all_end, WRITE_S)

    async def now(self) -> datetime:
        async with self._pool.acquire() as conn:
            return await conn.fetchval("select clock_timestamp()")

    async def running(self) -> list[RunningCampaign]:
        async with self._pool.acquire() as conn:
            return await campaigns.running(conn, self._switch_id)

    async def settings(self, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
        async with self._pool.acquire() as conn:
            return await campaigns.call_settings(conn, tenant_id, campaign_id)

    async def waiting_zones(self, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
        async with self._pool.acquire() as conn:
            return await claim.waiting_zones(conn, tenant_id, campaign_id)

    async def sounds_asked(self) -> list[str]:
        async with self._pool.acquire() as conn:
            return await sounds.asked(conn, self._switch_id)

    async def record_sounds(self, found: Mapping[str, bool | None], at: datetime) -> None:
        async with self._pool.acquire() as conn:
            await sounds.record(conn, self._switch_id, found, at)

    async def load(self, campaign: RunningCampaign) -> Load:
        async with self._pool.acquire() as conn:
            return await pacing_inputs.load(conn, campaign.tenant_id, campaign.campaign_id, campaign.settings.queue_id)

    async def recent(self, campaign: RunningCampaign) -> Recent:
        async with self._pool.acquire() as conn:
            ring_timeout_s = campaign.settings.ring_timeout_s
            return await pacing_inputs.recent(conn, campaign.tenant_id, campaign.campaign_id, ring_timeout_s)

    async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
        async with self._pool.acquire() as conn:
            return await claim.claim(conn, self._own(conditions), limit)

    async def claim_accepted(self, conditions: ClaimConditions, limit: int) -> list[Call]:
        async with self._pool.acquire() as conn:
            calls: list[Call] = []
            for one in await previews.accepted(conn, conditions.tenant_id, conditions.campaign_id):
                if len(calls) < limit:
                    calls += await _claim_accepted(conn, self._own(conditions), one)
            return calls

    def _own(self, conditions: ClaimConditions) -> ClaimConditions:
        return replace(conditions, switch_id=self._switch_id, beat=self._beat())

    async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
        found: dict[UUID, Outcome | None] = {}
        async with self._pool.acquire() as conn:
            for some in _by_tenant(calls, _of_call):
                found |= await call_store.dial(conn, some, lease, switch_id=self._switch_id, beat=self._beat())
        return found

    async def rang(self, call: Call, at: datetime) -> bool:
        return await self._rang(Step(call, at))

    async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool:
        return await self._answered((Step(call, at), lease))

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        return await self._connected(Step(call, at, agent_id))

    async def end(self, call: Call, ending: Ending) -> bool:
        return await self._ends((call, ending))

    # A statement serves one tenant; a transaction serves all tenants of the batch.

    async def _all_rang(self, steps: Sequence[Step]) -> list[bool]:
        changed: set[UUID] = set()
        async with self._pool.acquire() as conn, indexed(conn):
            for some in _by_tenant(steps, _of_step):
                changed |= await call_store.rang(conn, some)
        return [step.call.call_id in changed for step in steps]

    async def _all_answered(self, asked: Sequence[tuple[Step, timedelta]]) -> list[bool]:
        changed: set[UUID] = set()
        lease = max(lease for _, lease in asked)
        async with self._pool.acquire() as conn, indexed(conn):
            for some in _by_tenant([step for step, _ in asked], _of_step):
                changed |= await call_store.answered(conn, some, lease)
        return [step.call.call_id in changed for step, _ in asked]

    async def _all_connected(self, steps: Sequence[Step]) -> list[bool]:
        changed: set[UUID] = set()
        async with self._pool.acquire() as conn, indexed(conn):
            await conn.execute(IMPATIENT)
            for some in _by_tenant(steps, _of_step):
                connected = await call_store.connected(conn, some)
                if any(step.agent_id is not None for step in some):
                    await agents.talking(conn, some[0].call.tenant_id, list(connected))
                changed |= connected
        return [step.call.call_id in changed for step in steps]

    async def _all_end(self, asked: Sequence[tuple[Call, Ending]]) -> list[bool]:
        ended: set[UUID] = set()
        async with self._pool.acquire() as conn, indexed(conn):
            await conn.execute(IMPATIENT)
            for some in _by_tenant(asked, _of_end):
                ended |= await self._end(conn, some)
        return [call.call_id in ended for call, _ in asked]

    async def _end(self, conn: Connection, asked: Sequence[tuple[Call, Ending]]) -> set[UUID]:
        """End calls of one tenant."""
        calls, tenant_id = [call for call, _ in asked], asked[0][0].tenant_id
        contexts = await finish.retry_contexts(conn, calls)
        settings = await campaigns.settings_of(conn, tenant_id, {call.campaign_id for call in calls})
        sent = [
            FinishedCall(call, ending, _next_attempt_at(call, ending, settings, contexts)) for call, ending in asked
        ]
        ended = await finish.end(conn, sent)
        served = {campaign_id: one.queue_id for campaign_id, one in settings.items() if one.queue_id is not None}
        queues = {call.call_id: served[call.campaign_id] for call in calls if call.campaign_id in served}
        if any(agent.state is AgentState.WRAP_UP for agent in await agents.freed(conn, tenant_id, list(ended), queues)):
            await wrap_up.apply_rules(conn, tenant_id, list(ended))
        return ended

    async def pause(self, call: Call, reason: PauseReason, calls: int) -> bool:
        async with self._pool.acquire() as conn:
            return await campaigns.pause_itself(conn, call.tenant_id, call.campaign_id, reason, calls)

    async def extend(self, calls: Sequence[Call], lease: timedelta) -> None:
        async with self._pool.acquire() as conn:
            for some in _by_tenant(calls, _of_call):
                await call_store.extend(conn, *call_store.ids_of(some), lease)

    async def active_calls(self) -> list[Call]:
        async with self._pool.acquire() as conn:
            return await call_store.active(conn, self._switch_id)

    async def overdue(self) -> list[Call]:
        async with self._pool.acquire() as conn:
            return await call_store.overdue(conn, self._switch_id)

    async def ended(self, call_ids: Sequence[UUID]) -> list[UUID]:
        async with self._pool.acquire() as conn:
            return await call_store.ended(conn, call_ids)

    async def agents_to_call(self) -> list[Agent]:
        async with self._pool.acquire() as conn:
            return await agents.to_call(conn, self._switch_id)

    async def agents_to_hang_up(self) -> list[Agent]:
        async with self._pool.acquire() as conn:
            return await agents.to_hang_up(conn, self._switch_id)

    async def agents_present(self) -> list[Agent]:
        async with self._pool.acquire() as conn:
            return await agents.present(conn, self._switch_id)

    async def agent_answered(self, agent: Agent) -> bool:
        if agent.channel_id is None:
            return False
        async with self._pool.acquire() as conn:
            return await agents.answered(conn, agent.tenant_id, agent.agent_id, agent.channel_id)

    async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
        async with self._pool.acquire() as conn:
            return await agents.gone(conn, channel_id, why)

    async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
        async with self._pool.acquire() as conn, conn.transaction():
            # Locked, so that it cannot end in between: the agent would never be freed.
            if not await conn.fetchval(LOCK_CALL, call.tenant_id, call.call_id):
                return None
            taken = await conn.fetchrow(TAKEN, call.tenant_id, call.call_id)
            if taken is not None:
                return agent_of(taken)
            return await agents.reserve(conn, call.tenant_id, queue_id, call.call_id, self._switch_id)

    async def wrap_ups_over(self) -> int:
        async with self._pool.acquire() as conn:
            return await agents.wrap_ups_over(conn, self._switch_id)

    async def phones(self) -> list[Phone]:
        async with self._pool.acquire() as conn:
            return await phones.watched(conn, self._switch_id)

    async def phones_reachable(self, endpoints: Sequence[str]) -> int:
        async with self._pool.acquire() as conn:
            return await phones.reachable(conn, self._switch_id, endpoints)

    async def phones_unreachable(self, endpoints: Sequence[str]) -> int:
        async with self._pool.acquire() as conn:
            return await phones.unreachable(conn, self._switch_id, endpoints)

    async def phones_busy_elsewhere(self, endpoints: Sequence[str]) -> int:
        async with self._pool.acquire() as conn:
            return await phones.busy_elsewhere(conn, self._switch_id, endpoints)

    async def phones_free_elsewhere(self, endpoints: Sequence[str]) -> int:
        async with self._pool.acquire() as conn:
            return await phones.free_elsewhere(conn, self._switch_id, endpoints)


T = TypeVar("T")


def _of_step(step: Step) -> TenantId:
    return step.call.tenant_id


def _of_end(asked: tuple[Call, Ending]) -> TenantId:
    return asked[0].tenant_id


def _of_call(call: Call) -> TenantId:
    return call.tenant_id


def _by_tenant(sent: Sequence[T], tenant_of: Callable[[T], TenantId]) -> list[list[T]]:
    """Group by tenant, in ascending order: the order in which a transaction of several tenants locks."""
    found: dict[TenantId, list[T]] = {}
    for each in sent:
        found.setdefault(tenant_of(each), []).append(each)
    return [found[tenant_id] for tenant_id in sorted(found)]


LOCK_CALL = "select true from live_call where tenant_id = $1 and call_id = $2 for share"
TAKEN = f"select {COLUMNS} from agent where tenant_id = $1 and call_id = $2"  # noqa: S608 - columns


# A batch must not wait long for one locked row: it fails, and its requests are committed one by one. Shorter than the
# server's deadlock_timeout: docs/architecture.md, "Lock order".
IMPATIENT = "set local lock_timeout = '300ms'"


class _Taken(Exception):
    """The agent is no longer idle, or has skipped the contact."""


async def _claim_accepted(conn: Connection, conditions: ClaimConditions, accepted: AcceptedPreview) -> list[Call]:
    """Claim the contact, reserve the agent and delete the preview, or nothing of it."""
    try:
        async with conn.transaction():
            await _hold(conn, accepted)
            claims = await claim.claim_contact(conn, conditions, accepted.contact_id, accepted.agent_id)
            await _take(conn, accepted, claims)
            return claims.calls
    except _Taken:
        return []


async def _hold(conn: Connection, accepted: AcceptedPreview) -> None:
    """Lock the agent, who must be idle, and delete the preview."""
    if not await agents.hold_idle(conn, accepted.tenant_id, accepted.agent_id):
        raise _Taken
    if not await previews.done(conn, accepted.tenant_id, accepted.agent_id):
        raise _Taken


async def _take(conn: Connection, accepted: AcceptedPreview, claims: Claims) -> None:
    if not claims.examined:  # the contact is locked, or its window has closed: the preview stays accepted
        raise _Taken
    for call in claims.calls:
        if not await agents.reserve_for(conn, call.tenant_id, accepted.agent_id, call.call_id):
            raise _Taken


def _next_attempt_at(
    call: Call,
    ending: Ending,
    settings: Mapping[CampaignId, CallSettings],
    contexts: Mapping[UUID, RetryContext],
) -> datetime | None:
    """The next due time of the contact; None: it is processed, or was deleted."""
    context = contexts.get(call.call_id)
    return context and context.next_attempt_at(settings[call.campaign_id], ending)
