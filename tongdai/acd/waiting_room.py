"""The waiting room: matches the callers who wait with idle agents, and ends waits that last too long.

    wait ──▶ waiting ── round: match ──▶ offered ── wait ──▶ waiting      (the place is kept)
                └── maximum wait, nobody signed in ──▶ WaitOver
    remove, from each ──▶ gone

Idle agents are read from the store, which alone decides who has an agent: while callers wait, 4 times a second, and at
once when `wake` says that an agent is free. An agent in a match that is not decided yet is left out of the next one,
and so are the agents of a queue for which a callee of a campaign waits: they were rung, and come first.

A caller whom an agent has talked with lately may wait for that agent alone, for a while: until an offer is made, or the
agent serves the queue no more.

Once a second the rules of queues with callers are read again. The order of callers and agents follows them at once; how
long a caller waits is a matter of the rules by which they were admitted.

Callbacks are matched in one order with the callers (acd/callbacks/pending.py).

Everything here is in memory: whoever takes over builds it from the rows.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.admission import Send
from tongdai.acd.callbacks.pending import PendingCallbacks
from tongdai.acd.caller.model import Stage
from tongdai.acd.caller.preferred import TRANSFERRED_FOR
from tongdai.acd.caller.signals import Matched, Signal, WaitOver
from tongdai.acd.controlled import ControlledCaller, Seat
from tongdai.acd.eligibility import QueueKey, WaitingCaller
from tongdai.acd.routing import Matcher
from tongdai.acd.selection import Rng
from tongdai.acd.store import AcdStore
from tongdai.call_outcome import InboundOutcome
from tongdai.clock import Clock
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules


class Preference(NamedTuple):
    """The agent whom a caller waits for alone."""

    agent_id: AgentId
    until: datetime


LOOK_S = 0.25
"""How often agents who were freed elsewhere are looked for, while callers wait."""


class WaitingRoom:
    def __init__(
        self, store: AcdStore, clock: Clock, rng: Rng, withheld: Callable[[], Collection[QueueKey]] = tuple
    ) -> None:
        """`withheld`: the queues for which a callee of a campaign waits."""
        self._store, self._clock, self._withheld = store, clock, withheld
        self._matcher = Matcher(rng)
        self.callbacks = PendingCallbacks(store, clock, self._matcher)
        self._callers: dict[UUID, ControlledCaller] = {}
        """By call id."""
        self._empty_since: dict[QueueKey, float] = {}
        """Queues with callers and nobody signed in, and since when."""
        self._preferring: dict[UUID, datetime] = {}
        """Callers who wait for an agent alone, and until when."""
        self._changed = asyncio.Event()
        self.notify: Callable[[UUID, Signal], None] = lambda _call_id, _signal: None
        """Called with signals of callers."""

    def wake(self) -> None:
        """An agent may have become free."""
        self._changed.set()

    def lacks(self, caller: ControlledCaller) -> bool:
        """Whether a caller waits who is not in the room: the rules of the queue could not be read."""
        return caller.seat is Seat.NONE and caller.progress.stage is Stage.WAITING

    async def preference(self, caller: ControlledCaller, rules: QueueRules) -> Preference | None:
        """The agent whom a caller who joins is to be offered to first, and until when. Raises UNAVAILABLE."""
        if caller.seat is not Seat.NONE:
            return None
        since, transferred_to = caller.joined_at or self._clock.now(), caller.progress.preferred
        if transferred_to is not None:
            return Preference(transferred_to, since + TRANSFERRED_FOR)
        if rules.preferred_agent_days is None:
            return None
        until = since + timedelta(seconds=rules.preferred_agent_patience_s)
        if until <= self._clock.now():
            return None
        agent_id = await self._store.preferred_agent(caller.call, rules)
        return None if agent_id is None else Preference(agent_id, until)

    def wait(
        self,
        caller: ControlledCaller,
        rules: QueueRules,
        without: AgentId | None = None,
        without_s: int = 0,
        preference: Preference | None = None,
    ) -> None:
        """Let a caller wait, or wait again at the same place; `without` is not tried again for `without_s`."""
        call, call_id = caller.call, caller.call.call_id
        if caller.seat is Seat.NONE:
            self._matcher.set_rules(call.tenant_id, rules)
            self._callers[call_id] = caller
            waiting = WaitingCaller(
                tenant_id=call.tenant_id, call_id=call_id, queue_id=rules.queue_id, arrived_at=caller.arrived_at
            )
            if preference is not None:
                self._preferring[call_id] = preference.until
                waiting = replace(waiting, preferred=preference.agent_id, preferred_until=preference.until)
            self._matcher.join(waiting)
            self._set_timer(caller, rules)
        elif caller.seat is Seat.OFFERED:
            exclude = None if without is None else (call.tenant_id, without)
            self._matcher.again(call_id, exclude, self._clock.now() + timedelta(seconds=without_s))
        caller.seat, caller.matched = Seat.WAITING, frozenset()
        self.wake()

    def exclude(self, caller: ControlledCaller, agent_id: AgentId, seconds: int) -> None:
        """The caller is not offered to the agent for so long."""
        until = self._clock.now() + timedelta(seconds=seconds)
        self._matcher.exclude(caller.call.call_id, (caller.call.tenant_id, agent_id), until)

    def _set_timer(self, caller: ControlledCaller, rules: QueueRules) -> None:
        if rules.max_wait_s:
            since = caller.joined_at or self._clock.now()
            left_s = rules.max_wait_s - (self._clock.now() - since).total_seconds()
            over = WaitOver(Send(rules.overflow, InboundOutcome.OVERFLOW), caller.progress.hops)
            reached = partial(self.notify, caller.call.call_id, over)
            caller.max_wait = asyncio.get_running_loop().call_later(max(0.0, left_s), reached)

    def position(self, caller: ControlledCaller) -> int | None:
        """The place of a caller in the queue, from 1; None: not in a queue."""
        return self._matcher.position(caller.call.call_id)

    def offer_decided(self, caller: ControlledCaller, *, made: bool) -> None:
        """The store has the offer, or has refused it. A caller waits for the preferred agent until an offer is made."""
        caller.matched = frozenset()
        if made:
            self._prefer_nobody(caller.call.call_id)

    def _prefer_nobody(self, call_id: UUID) -> None:
        if self._preferring.pop(call_id, None) is not None:
            self._matcher.prefer_nobody(call_id)
            self.wake()

    def remove(self, caller: ControlledCaller) -> None:
        """The caller waits no more."""
        if caller.seat is not Seat.NONE:
            self._matcher.remove(caller.call.call_id)
            self._callers.pop(caller.call.call_id, None)
            self._preferring.pop(caller.call.call_id, None)
            caller.seat, caller.matched = Seat.NONE, frozenset()
            if caller.max_wait is not None:
                caller.max_wait.cancel()
                caller.max_wait = None

    async def look(self) -> None:
        """Wait for something to match, and match it once."""
        try:
            async with asyncio.timeout(LOOK_S if self._somebody_waits() else None):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()
        if self._somebody_waits():
            await self._match()

    def _somebody_waits(self) -> bool:
        return self.callbacks.waiting or any(caller.seat is Seat.WAITING for caller in self._callers.values())

    async def _match(self) -> None:
        await self.callbacks.read_first(self._rules)
        idle = await self._store.idle_agents()
        taken = set(self.callbacks.taken()).union(*(caller.matched for caller in self._callers.values()))
        self._matcher.set_idle(agent for agent in idle if agent.key not in taken)
        for match in self._matcher.match(self._clock.now(), self._withheld()):
            if self.callbacks.matched(match):
                continue
            caller = self._callers[match.caller.call_id]
            caller.seat, caller.matched = Seat.OFFERED, frozenset({match.agent.key, *(one.key for one in match.also)})
            also = tuple(one.agent_id for one in match.also)
            self.notify(match.caller.call_id, Matched(match.agent.agent_id, caller.progress.hops, also))

    async def round(self) -> None:
        """Once a second: read the rules of queues with callers again, and end waits in queues with nobody signed in.
        Phones that could not be called are tried again."""
        if await self._store.try_phones_again():
            self.wake()
        await self.callbacks.read(self._rules)
        if self.callbacks.waiting:
            self.wake()
        await self._check_preferred()
        queues = {(caller.call.tenant_id, caller.progress.queue_id) for caller in self._callers.values()}
        self._empty_since = {key: since for key, since in self._empty_since.items() if key in queues}
        for tenant_id, queue_id in sorted(queues):
            found = await self._store.queue(tenant_id, queue_id)
            if found is None:
                continue
            self._matcher.set_rules(tenant_id, found.rules)
            if found.counts.signed_in:
                self._empty_since.pop((tenant_id, queue_id), None)
            else:
                self._end_waits((tenant_id, queue_id))

    async def _rules(self, tenant_id: TenantId, queue_id: QueueId) -> QueueRules | None:
        found = await self._store.queue(tenant_id, queue_id)
        return None if found is None else found.rules

    async def _check_preferred(self) -> None:
        """Let callers be offered to anybody whose preferred agent does not serve the queue any more."""
        now = self._clock.now()
        self._preferring = {call_id: until for call_id, until in self._preferring.items() if until > now}
        for call_id in list(self._preferring):
            caller = self._callers.get(call_id)
            if caller is None or caller.rules is None or caller.seat is not Seat.WAITING:
                continue
            if caller.progress.preferred is not None:  # somebody said so
                continue
            if await self._store.preferred_agent(caller.call, caller.rules) is None:
                self._prefer_nobody(call_id)

    def _end_waits(self, queue: QueueKey) -> None:
        """Nobody is signed in: the callers leave whose rules say so. Callers who joined meanwhile wait for as long."""
        empty_s = self._clock.monotonic() - self._empty_since.setdefault(queue, self._clock.monotonic())
        now = self._clock.now()
        for caller in list(self._callers.values()):
            rules = caller.rules
            if rules is None or (caller.call.tenant_id, caller.progress.queue_id) != queue:
                continue
            in_queue_s = (now - (caller.joined_at or now)).total_seconds()
            if rules.leave_empty_after_s is not None and min(empty_s, in_queue_s) >= rules.leave_empty_after_s:
                over = WaitOver(Send(rules.when_empty, InboundOutcome.CLOSED), caller.progress.hops)
                self.notify(caller.call.call_id, over)
