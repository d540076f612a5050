"""The ACD's store: each method is one transaction, idempotent, and safe to retry.

A call that does not fit the state of a row changes nothing, so each may be repeated when its result was lost. Raises
`UNAVAILABLE` of `tongdai.db.unavailable` when the database is unavailable; whether it was done is not known then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from tongdai.acd.admission import QueueCounts
from tongdai.acd.callbacks.store import CallbackStore
from tongdai.acd.caller.model import NumberCall
from tongdai.acd.caller.store import CallerRow
from tongdai.agents.model import Agent, IdleAgent
from tongdai.call_outcome import OfferOutcome
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.ids import AgentId, MenuId, QueueId, TenantId
from tongdai.queues.menus.model import Menus
from tongdai.queues.model import Destination, QueueRules
from tongdai.queues.sounds.model import QueueSounds

LEASE = timedelta(seconds=45)
"""The lease of a live call, renewed when its channel is listed."""


class QueueState(NamedTuple):
    """A queue at an instant, for admission and the matcher."""

    rules: QueueRules
    counts: QueueCounts


class ActiveCall(NamedTuple):
    """A live call to a queue, for a process that takes over."""

    call: InboundCall
    caller: CallerRow | None
    """None: the caller is in no queue."""
    agent: Agent | None
    """The agent to whom the caller is offered, or who talks."""
    number: NumberCall | None = None
    """The number that is called for the caller, or talks."""
    others: tuple[Agent, ...] = ()
    """Other agents to whom the caller is offered at the same time."""
    asked: bool = False
    """The caller has asked to be called back, and hears that they will be: the call ends."""


class Line(NamedTuple):
    """How numbers are called for a caller."""

    trunk: str | None
    """The trunk by which calls of the called number come, or that of the campaign; None: any of the server."""
    caller_id: str | None


def agent_of_talk(call: InboundCall, agents: Sequence[Agent], *, waits: bool) -> Agent | None:
    """Choose, of the agents of a call, the one of the offer or of the talk: not one who is consulted. `waits`: the
    caller is in a queue, perhaps again."""
    connected = call.connected_at is not None and not waits
    return next((agent for agent in agents if not connected or agent.agent_id == call.agent_id), None)


def active_call(
    call: InboundCall,
    caller: CallerRow | None,
    agents: Sequence[Agent],
    number: NumberCall | None,
    *,
    has_callback: bool = False,
) -> ActiveCall:
    """A live call with its agents: who talk on it, or are offered the caller. `has_callback`: they asked for one in it,
    and may have been served nevertheless."""
    if has_callback and caller is None and call.connected_at is None:
        return ActiveCall(call, None, None, asked=True)
    if caller is not None and len(agents) > 1:
        first, *others = agents
        return ActiveCall(call, caller, first, number, tuple(others))
    return ActiveCall(call, caller, agent_of_talk(call, agents, waits=caller is not None), number)


class Pace(NamedTuple):
    """How fast the callers of a queue are served."""

    handling_s: float | None
    """How long an agent was busy with a caller on average, lately; None: with nobody."""
    agents: int
    """The agents who serve the queue now; not those who are paused."""


class AcdStore(CallbackStore, Protocol):
    async def arrive(self, arrival: Arrival, trunk: str | None) -> InboundCall | None:
        """Open the call of a number that leads to a queue; None: the number is nobody's, or of no queue. The numbers of
        `arrival` are as the carrier sent them."""
        ...

    async def queue(self, tenant_id: TenantId, queue_id: QueueId) -> QueueState | None:
        """The rules of a queue by its settings and the time; None: there is no such queue."""
        ...

    async def menus(self, tenant_id: TenantId) -> Menus:
        """All keypad menus of a tenant."""
        ...

    async def sounds(self, tenant_id: TenantId, rules: QueueRules) -> QueueSounds:
        """The tenant's sound files for the callers of a queue."""
        ...

    async def pace(self, tenant_id: TenantId, queue_id: QueueId) -> Pace: ...

    async def announced(self, call: InboundCall, position: int) -> None:
        """Keep the place that was announced to a waiting caller."""
        ...

    async def join(self, call: InboundCall, rules: QueueRules, hops: int, at: datetime) -> CallerRow | None:
        """The caller waits in a queue, and keeps the place of an earlier one, or of a call that was lost. Nothing
        changes when they are in it, or in a later one, already. A number that was called for them was not reached.
        None: the call has ended, or the caller was connected."""
        ...

    async def preferred_agent(self, call: InboundCall, rules: QueueRules) -> AgentId | None:
        """The agent of the queue whom the caller is to be offered to first. None: there is none, or they do not serve
        the queue now, or were offered the caller already."""
        ...

    async def take(self, tenant_id: TenantId, call_id: UUID) -> ActiveCall | None:
        """A call to a contact who talks with an agent is one of the ACD from now on; the same when it is already. None:
        they do not talk (any more)."""
        ...

    async def transfer(self, call: InboundCall, queue_id: QueueId, hops: int, at: datetime) -> CallerRow | None:
        """The talk is over: its agent wraps up, and the caller waits in a queue, at the place of the arrival. None: the
        call has ended, or there was no talk."""
        ...

    async def line(self, call: InboundCall) -> Line: ...

    async def forward(self, call: InboundCall, number: NumberCall, at: datetime, *, transfer: bool) -> bool:
        """A number is about to be called for the caller, who is in no queue any more; the call is answered. `transfer`:
        the talk is over, and its agent wraps up. False: the call has ended, or the state does not fit."""
        ...

    async def answer(self, call: InboundCall, at: datetime, menu_id: MenuId | None = None) -> bool:
        """The call is answered for a message, or a menu; the caller is in no queue any more, and a number that was
        called for them was not reached. False: it has ended."""
        ...

    async def key(
        self, call: InboundCall, menu_id: MenuId, key: str | None, to: Destination | None, at: datetime
    ) -> None:
        """The caller pressed a key in a menu, or none of it (None), and goes there."""
        ...

    async def offer(self, call: InboundCall, agent_id: AgentId, at: datetime) -> Agent | None:
        """Reserve an idle agent for a caller who waits, and record the offer. The same agent again when they are
        reserved for the call already. None: the agent is not idle, or the caller does not wait."""
        ...

    async def offer_all(self, call: InboundCall, agent_ids: Sequence[AgentId], at: datetime) -> list[Agent]:
        """Reserve agents in mode ring for a caller who waits, those of them who are idle, and record an offer to each;
        and the agents who are reserved for the call already. None of them: the caller does not wait, or nobody is
        idle."""
        ...

    async def offer_failed(
        self, call: InboundCall, agent_id: AgentId | None, outcome: OfferOutcome, at: datetime
    ) -> bool:
        """End the offer of a caller to an agent (None: to whomever), who is free, or gone; the caller waits again when
        it was the last one."""
        ...

    async def connect(self, call: InboundCall, at: datetime) -> bool:
        """The caller hears the agent of the offer, or the number that was called: they talk from now on, and the caller
        is in no queue any more. False: the call has ended, or the agent is gone."""
        ...

    async def end(self, call: InboundCall, ending: InboundEnding) -> bool:
        """End the call, its offer and its place; the agent is free. False: it had ended before."""
        ...

    async def extend(self, present: Sequence[InboundCall]) -> None:
        """Renew the leases of calls whose channel was listed."""
        ...

    async def idle_agents(self) -> list[IdleAgent]:
        """The agents of the switch who can be offered a caller."""
        ...

    async def agents_of_calls(self, calls: Sequence[InboundCall]) -> set[tuple[UUID, AgentId]]:
        """The agents who are offered these callers, talk with them or are consulted, by their own rows."""
        ...

    async def try_phones_again(self) -> int:
        """Agents in mode ring whose phone could not be called are available again after a while; their number."""
        ...

    async def active(self) -> list[ActiveCall]:
        """The live calls of the switch to queues, in the order of arrival."""
        ...
