"""The ACD's store in PostgreSQL: combines the statements of calls, callers, queues and agents into transactions."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tongdai.acd.admission import QueueCounts
from tongdai.acd.callbacks.postgres_store import PostgresCallbacks
from tongdai.acd.caller import store as callers
from tongdai.acd.caller.model import NumberCall
from tongdai.acd.caller.preferred import preferred
from tongdai.acd.caller.store import CallerRow
from tongdai.acd.store import LEASE, ActiveCall, Line, Pace, QueueState, active_call
from tongdai.agents import available, phones
from tongdai.agents import store as agents
from tongdai.agents.model import AUTO_PAUSE_AFTER, Agent, AgentState, IdleAgent, Mode
from tongdai.agents.rows import COLUMNS, agent_of
from tongdai.agents.wrap_up import store as wrap_up
from tongdai.call_outcome import OfferOutcome, Outcome
from tongdai.callbacks import store as callbacks
from tongdai.calls import segments
from tongdai.calls import store as calls
from tongdai.calls.acts import controls
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventKind
from tongdai.calls.inbound import store as inbound
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import Call, Ending
from tongdai.calls.parties import store as parties
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, MenuId, QueueId, SwitchId, TenantId
from tongdai.numbers import store as numbers
from tongdai.queues.menus import store as menus
from tongdai.queues.menus.model import Menus
from tongdai.queues.model import Destination, QueueRules
from tongdai.queues.settings import store as settings
from tongdai.queues.sounds import store as sounds
from tongdai.queues.sounds.model import QueueSounds
from tongdai.switches.model import DEFAULT

EndToContact = Callable[[Call, Ending], Awaitable[bool]]


class PostgresAcdStore(PostgresCallbacks):
    """Implements `AcdStore`, for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId = DEFAULT, end_to_contact: EndToContact | None = None) -> None:
        """`end_to_contact` ends a call to a contact: as the dialer does it."""
        super().__init__(pool, switch_id)
        self._end_to_contact = end_to_contact

    async def arrive(self, arrival: Arrival, trunk: str | None) -> InboundCall | None:
        async with self._pool.acquire() as conn:
            owned = await numbers.resolve(conn, self._switch_id, trunk, arrival.called)
            if owned is None or owned.queue_id is None:
                return None
            country = await conn.fetchval(COUNTRY, owned.tenant_id)
            written = replace(arrival, called=owned.number, phone=_phone(arrival.phone, country))
            return await inbound.arrive(conn, owned.tenant_id, owned.queue_id, written, LEASE)

    async def queue(self, tenant_id: TenantId, queue_id: QueueId) -> QueueState | None:
        async with self._pool.acquire() as conn, conn.transaction(readonly=True):
            rules = await settings.rules(conn, tenant_id, queue_id)
            if rules is None:
                return None
            counts = QueueCounts(
                await callers.waiting(conn, tenant_id, queue_id),
                await conn.fetchval(SIGNED_IN, tenant_id, queue_id),
            )
            return QueueState(rules, counts)

    async def menus(self, tenant_id: TenantId) -> Menus:
        async with self._pool.acquire() as conn:
            return await menus.all_of(conn, tenant_id)

    async def sounds(self, tenant_id: TenantId, rules: QueueRules) -> QueueSounds:
        async with self._pool.acquire() as conn:
            return await sounds.of_queue(conn, tenant_id, rules.hold_music, rules.language or "en")

    async def pace(self, tenant_id: TenantId, queue_id: QueueId) -> Pace:
        async with self._pool.acquire() as conn:
            handling_s = await segments.handling_s(conn, tenant_id, queue_id)
            return Pace(handling_s, await conn.fetchval(SERVING, tenant_id, queue_id))

    async def announced(self, call: InboundCall, position: int) -> None:
        async with self._pool.acquire() as conn:
            await callers.announced(conn, call.tenant_id, call.call_id, position)

    async def join(self, call: InboundCall, rules: QueueRules, hops: int, at: datetime) -> CallerRow | None:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchrow(LOCK_CALL, call.tenant_id, call.call_id):
                return None
            before = await callers.find(conn, call.tenant_id, call.call_id)
            if before is not None and (before.hops >= hops or before.state != "waiting"):
                return before
            await parties.remove_unreached(conn, call.tenant_id, call.call_id, hops)
            if not await inbound.join(conn, call.tenant_id, call.call_id, rules.queue_id, at, LEASE):
                return None
            places = (
                call.opened_at,
                await callers.place_of(conn, call.tenant_id, call.call_id),
                await callbacks.replace(conn, call.tenant_id, rules.queue_id, call.phone, call.call_id),
            )
            return await callers.join(
                conn,
                call.tenant_id,
                call.call_id,
                rules.queue_id,
                arrived_at=min(place for place in places if place is not None),
                at=at,
                hops=hops,
            )

    async def preferred_agent(self, call: InboundCall, rules: QueueRules) -> AgentId | None:
        days = rules.preferred_agent_days
        if days is None:
            return None
        async with self._pool.acquire() as conn:
            return await preferred(conn, call.tenant_id, call.call_id, rules.queue_id, days)

    async def take(self, tenant_id: TenantId, call_id: UUID) -> ActiveCall | None:
        async with self._pool.acquire() as conn:
            await inbound.take(conn, tenant_id, call_id)
            call = await inbound.find(conn, tenant_id, call_id)
            return None if call is None else (await self._active(conn, [call]))[0]

    async def transfer(self, call: InboundCall, queue_id: QueueId, hops: int, at: datetime) -> CallerRow | None:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await self._parted(conn, call, at):
                return None
            joined = await inbound.join(conn, call.tenant_id, call.call_id, queue_id, at, LEASE)
            assert joined, f"call {call.call_id} is held, and nobody talks"
            ids = (call.tenant_id, call.call_id, queue_id)
            return await callers.join(conn, *ids, arrived_at=call.opened_at, at=at, hops=hops)

    @staticmethod
    async def _parted(conn: Connection, call: InboundCall, at: datetime) -> bool:
        """The talk of a call is over, which continues: its agent wraps up. False: nobody talks."""
        ids = (call.tenant_id, call.call_id)
        if not await conn.fetchrow(LOCK_CALL, *ids) or not await segments.part(conn, *ids, at):
            return False
        if await agents.freed(conn, call.tenant_id, [call.call_id], {call.call_id: call.queue_id}):
            await wrap_up.apply_rules(conn, call.tenant_id, [call.call_id])
        await controls.unheld(conn, *ids)
        await parties.remove_all(conn, *ids)
        return True

    async def line(self, call: InboundCall) -> Line:
        async with self._pool.acquire() as conn:
            return Line(*await inbound.line(conn, call.tenant_id, call.call_id))

    async def forward(self, call: InboundCall, number: NumberCall, at: datetime, *, transfer: bool) -> bool:
        ids = (call.tenant_id, call.call_id)
        async with self._pool.acquire() as conn, conn.transaction():
            if transfer:
                if not await self._parted(conn, call, at):
                    return False
                await inbound.wait(conn, *ids, at)
            elif not await conn.fetchrow(LOCK_CALL, *ids) or await agents.talks(conn, *ids):
                return False
            await inbound.answer(conn, *ids, at, LEASE)
            await inbound.leave_menu(conn, *ids, at)
            await callers.leave(conn, *ids, OfferOutcome.WITHDRAWN, at)
            await parties.remove_numbers(conn, *ids)
            return await parties.add(
                conn,
                Party(
                    tenant_id=call.tenant_id, call_id=call.call_id, channel=number.channel, kind=PartyKind.NUMBER,
                    agent_id=None, target=number.number, state=PartyState.CALLED, called_at=at,
                ),
            )  # fmt: skip

    async def answer(self, call: InboundCall, at: datetime, menu_id: MenuId | None = None) -> bool:
        ids = (call.tenant_id, call.call_id)
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchrow(LOCK_CALL, *ids):
                return False
            await inbound.answer(conn, *ids, at, LEASE)
            await parties.remove_unreached(conn, *ids, None)
            await callers.leave(conn, *ids, OfferOutcome.WITHDRAWN, at)
            if menu_id is not None:
                await inbound.enter_menu(conn, *ids, at)
                await events.in_menu(conn, *ids, at, EventKind.MENU, menu_id)
            return True

    async def key(
        self, call: InboundCall, menu_id: MenuId, key: str | None, to: Destination | None, at: datetime
    ) -> None:
        kind = EventKind.OTHERWISE if key is None else EventKind.KEY
        async with self._pool.acquire() as conn:
            await events.in_menu(conn, call.tenant_id, call.call_id, at, kind, menu_id, key, to)

    async def offer(self, call: InboundCall, agent_id: AgentId, at: datetime) -> Agent | None:
        async with self._pool.acquire() as conn, conn.transaction():
            # Locked, so that it cannot end in between: the agent would never be freed.
            if not await conn.fetchrow(LOCK_CALL, call.tenant_id, call.call_id):
                return None
            agent = await agents.find(conn, call.tenant_id, agent_id)
            if agent is not None and agent.call_id == call.call_id:
                return agent
            row = await callers.find(conn, call.tenant_id, call.call_id)
            if row is None or (row.state != "waiting" and not await self._lapsed(conn, call, at)):
                return None
            rings = agent is not None and agent.mode is Mode.RING
            state = AgentState.ALERTING if rings else AgentState.RESERVED
            reserved = await agents.reserve_agent(conn, call.tenant_id, agent_id, call.call_id, state)
            if reserved is not None:
                offered = await callers.offer(conn, call.tenant_id, call.call_id, agent_id, at)
                assert offered, f"caller {call.call_id} is held, and cannot be offered"
            return reserved

    async def offer_all(self, call: InboundCall, agent_ids: Sequence[AgentId], at: datetime) -> list[Agent]:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchrow(LOCK_CALL, call.tenant_id, call.call_id):
                return []
            taken = await conn.fetch(OF_CALLS, call.tenant_id, [call.call_id])
            if taken:
                return [agent_of(row) for row in taken]
            row = await callers.find(conn, call.tenant_id, call.call_id)
            if row is None or (row.state != "waiting" and not await self._lapsed(conn, call, at)):
                return []
            reserved: list[Agent] = []
            for agent_id in sorted(agent_ids):  # in the order of ids, as every statement that takes several agents
                agent = await agents.reserve_agent(conn, call.tenant_id, agent_id, call.call_id, AgentState.ALERTING)
                if agent is not None:
                    also = bool(reserved)
                    made = await callers.offer(conn, call.tenant_id, call.call_id, agent_id, at, also=also)
                    assert made, f"caller {call.call_id} is held, and cannot be offered"
                    reserved.append(agent)
            return reserved

    @staticmethod
    async def _lapsed(conn: Connection, call: InboundCall, at: datetime) -> bool:
        """End an offer whose agent has gone, without anybody having heard of it; the caller waits then."""
        if await conn.fetchrow(OF_CALLS, call.tenant_id, [call.call_id]) is not None:
            return False
        return bool(await callers.offer_ended(conn, call.tenant_id, call.call_id, None, OfferOutcome.UNREACHABLE, at))

    async def offer_failed(
        self, call: InboundCall, agent_id: AgentId | None, outcome: OfferOutcome, at: datetime
    ) -> bool:
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.fetchrow(LOCK_CALL, call.tenant_id, call.call_id)
            ended = await callers.offer_ended(conn, call.tenant_id, call.call_id, agent_id, outcome, at)
            if not ended:
                return False
            queue = await settings.find(conn, call.tenant_id, call.queue_id)
            after = AUTO_PAUSE_AFTER if queue is None else queue.auto_pause_after
            for one in ended:
                await agents.released(conn, call.tenant_id, one, call.call_id, outcome, after)
            return True

    async def connect(self, call: InboundCall, at: datetime) -> bool:
        ids = (call.tenant_id, call.call_id)
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchrow(LOCK_CALL, *ids):
                return False
            now_talking = await agents.talking(conn, call.tenant_id, [call.call_id])
            assert len(now_talking) <= 1, f"call {call.call_id} is connected with {len(now_talking)} agents"
            if not now_talking:
                number = await parties.number(conn, *ids)
                if number is None or not await parties.move(conn, *ids, number.channel, PartyState.TALKING):
                    return number is not None or await agents.talks(conn, *ids)  # was recorded before, or is gone
            connected = await inbound.connect(conn, *ids, now_talking[0].agent_id if now_talking else None, at)
            assert connected, f"call {call.call_id} is held, and cannot be connected"
            await callers.leave(conn, *ids, OfferOutcome.ANSWERED, at)
            if call.called_back:
                await callbacks.connected(conn, *ids)
            return True

    async def end(self, call: InboundCall, ending: InboundEnding) -> bool:
        if call.to_contact:
            return await self._end_transferred(call, ending)
        async with self._pool.acquire() as conn, conn.transaction():
            if not await inbound.end(conn, call, ending):
                return False
            at = await self._left(conn, call)
            if call.called_back:
                await callbacks.try_ended(conn, call.tenant_id, call.call_id, ending.outcome, at)
            if await agents.freed(conn, call.tenant_id, [call.call_id], {call.call_id: call.queue_id}):
                await wrap_up.apply_rules(conn, call.tenant_id, [call.call_id])
            return True

    @staticmethod
    async def _left(conn: Connection, call: InboundCall) -> datetime:
        """The caller is gone: from the queue, and from whatever number was called for them. Returns when."""
        at: datetime = await conn.fetchval("select clock_timestamp()")
        await callers.leave(conn, call.tenant_id, call.call_id, OfferOutcome.CALLER_GONE, at)
        await parties.remove_numbers(conn, call.tenant_id, call.call_id)
        return at

    async def _end_transferred(self, call: InboundCall, ending: InboundEnding) -> bool:
        """A contact who was transferred is gone, whose call was answered. Repeated if a crash comes between."""
        assert self._end_to_contact is not None, "calls to contacts are transferred, and cannot be ended"
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.fetchrow(LOCK_CALL, call.tenant_id, call.call_id)
            await self._left(conn, call)
            contact_call = await calls.find(conn, call.tenant_id, call.call_id)
        if contact_call is None:
            return False
        return await self._end_to_contact(contact_call, Ending(Outcome.ANSWERED, ending.hangup_cause))

    async def extend(self, present: Sequence[InboundCall]) -> None:
        async with self._pool.acquire() as conn:
            for tenant_id, call_ids in _by_tenant(present):
                await calls.extend(conn, tenant_id, call_ids, LEASE)

    async def idle_agents(self) -> list[IdleAgent]:
        async with self._pool.acquire() as conn:
            return await available.idle(conn, self._switch_id)

    async def agents_of_calls(self, calls: Sequence[InboundCall]) -> set[tuple[UUID, AgentId]]:
        found: set[tuple[UUID, AgentId]] = set()
        async with self._pool.acquire() as conn:
            for tenant_id, call_ids in _by_tenant(calls):
                rows = await conn.fetch(IN_CALLS, tenant_id, call_ids)
                found |= {(row["call_id"], row["agent_id"]) for row in rows}
        return found

    async def try_phones_again(self) -> int:
        async with self._pool.acquire() as conn:
            return await phones.try_again(conn, self._switch_id)

    async def active(self) -> list[ActiveCall]:
        async with self._pool.acquire() as conn:
            return await self._active(conn, await inbound.active(conn, self._switch_id))

    @staticmethod
    async def _active(conn: Connection, found: Sequence[InboundCall]) -> list[ActiveCall]:
        rows: dict[UUID, CallerRow] = {}
        agents_of: dict[UUID | None, list[Agent]] = {}
        called: dict[UUID, NumberCall] = {}
        asked: set[UUID] = set()
        for tenant_id, call_ids in _by_tenant(found):
            asked |= await callbacks.asked_in(conn, tenant_id, call_ids)
            rows |= await callers.of_calls(conn, tenant_id, call_ids)
            for agent in map(agent_of, await conn.fetch(OF_CALLS, tenant_id, call_ids)):
                agents_of.setdefault(agent.call_id, []).append(agent)
            called |= {
                party.call_id: NumberCall(party.target, party.channel, party.state is PartyState.TALKING)
                for party in await parties.of_calls(conn, tenant_id, call_ids)
                if parties.is_number(party)
            }
        return [
            active_call(
                *(call, rows.get(call.call_id), agents_of.get(call.call_id, []), called.get(call.call_id)),
                has_callback=call.call_id in asked,
            )
            for call in found
        ]


COUNTRY = "select country from tenant where tenant_id = $1"
LOCK_CALL = "select connected_at from live_call where tenant_id = $1 and call_id = $2 for no key update"
OF_CALLS = f"select {COLUMNS} from agent where tenant_id = $1 and call_id = any($2::uuid[]) order by agent_id"  # noqa: S608 - columns
IN_CALLS = "select call_id, agent_id from agent where tenant_id = $1 and call_id = any($2::uuid[])"
SIGNED_IN = """
select count(*) from agent_queue m join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id
where m.tenant_id = $1 and m.queue_id = $2 and a.state not in ('offline', 'calling', 'hanging_up')
"""
SERVING = """
select count(*) from agent_queue m join agent a on a.tenant_id = $1 and a.agent_id = m.agent_id
where m.tenant_id = $1 and m.queue_id = $2
    and a.state not in ('offline', 'calling', 'hanging_up', 'paused', 'unreachable')
"""


def _by_tenant(calls: Sequence[InboundCall]) -> list[tuple[TenantId, list[UUID]]]:
    """The ids of the calls, by tenant in ascending order."""
    found: dict[TenantId, list[UUID]] = {}
    for call in calls:
        found.setdefault(call.tenant_id, []).append(call.call_id)
    return sorted(found.items())


def _phone(text: str, country: str) -> str:
    """A caller's number in E.164; empty if it is withheld or is none."""
    number = phone.normalise(text, country)
    return "" if isinstance(number, NumberFault) else number
