"""The callbacks that are due, as the matcher has them: in one order with the callers.

    due ── match ──▶ tried ── try over, due again ──▶ due
     └── cancelled, expired, queue closed ──▶ gone

A callback has its place from the reading that follows its time, within a second, or at once by `add`. It is matched as
a caller is: with an agent whom no earlier caller of the queue may have. While its customer is called it keeps its place
for the positions of others.

In mode customer-first the agent of a match is not reserved, and may talk to somebody else meanwhile: an agent is the
reason for one call at a time. An agent whose phone rings for each call is not reserved either: the customer would hear
that phone ring.

Everything here is in memory: whoever takes over reads it from the rows.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

from tongdai.acd.callbacks.store import CallbackStore
from tongdai.acd.eligibility import QueueKey, WaitingCaller
from tongdai.acd.routing import Match, Matcher
from tongdai.agents.model import AgentKey, IdleAgent, Mode
from tongdai.callbacks.model import Callback, CallbackState
from tongdai.clock import Clock
from tongdai.ids import QueueId, TenantId
from tongdai.queues.model import CallbackMode, QueueRules

Rules = Callable[[TenantId, QueueId], Awaitable[QueueRules | None]]
"""The rules of a queue; None: there is no such queue."""
AGAIN_AFTER = timedelta(seconds=1)
"""How long a callback is not matched again with an agent who could not be had."""


class PendingCallbacks:
    def __init__(self, store: CallbackStore, clock: Clock, matcher: Matcher) -> None:
        self._store, self._clock, self._matcher = store, clock, matcher
        self._due: dict[UUID, Callback] = {}
        """In the matcher, matched or not, by id."""
        self._reserving: dict[UUID, AgentKey] = {}
        """Matched, and not decided yet."""
        self._tried: dict[UUID, AgentKey] = {}
        """Callbacks whose customer is being called, and the agents who are the reason."""
        self._read = False
        """Whether the callbacks were read since this process began."""
        self.dial: Callable[[Callback, IdleAgent | None], None] | None = None
        """Called with each callback to dial, and with the agent to reserve; None: nobody dials."""

    @property
    def waiting(self) -> bool:
        """Whether a callback waits for a match."""
        return len(self._due) > len(self._reserving) + len(self._tried)

    def queues(self) -> set[QueueKey]:
        return {(one.tenant_id, one.queue_id) for one in self._due.values()}

    def taken(self) -> Collection[AgentKey]:
        """Agents who are being reserved."""
        return self._reserving.values()

    async def read_first(self, rules: Rules) -> None:
        """Before the first match: nobody is served before a callback that comes earlier."""
        if not self._read:
            await self.read(rules)

    async def read(self, rules: Rules) -> None:
        """Read which callbacks are due now."""
        if self.dial is None:
            return
        found = {one.callback_id: one for one in await self._store.due_callbacks()}
        queues = {(one.tenant_id, one.queue_id): await rules(one.tenant_id, one.queue_id) for one in found.values()}
        open_ = {
            one.callback_id: one
            for one in found.values()
            if (its := queues[one.tenant_id, one.queue_id]) is not None and its.closed is None
        }
        kept = self._reserving.keys() | self._tried.keys()
        self._remove(self._due.keys() - open_.keys() - kept)
        for one in open_.values():
            before = self._due.get(one.callback_id)
            if before is not None and one.callback_id not in kept and _changed(before, one):
                self._remove([one.callback_id])
            its = queues[one.tenant_id, one.queue_id]
            if its is not None and one.callback_id not in self._due:
                self.add(one, its)
        self._read = True

    def asked(self, callback: Callback | None, rules: QueueRules | None) -> None:
        """A caller has just asked for a callback: it has the place at once."""
        now = self._clock.now()
        if callback is None or rules is None or rules.closed is not None or self.dial is None:
            return
        if callback.state is CallbackState.PENDING and callback.due_at <= now and callback.queue_id == rules.queue_id:
            self.add(callback, rules)

    def add(self, callback: Callback, rules: QueueRules) -> None:
        """A callback is due, and has its place from now on."""
        if callback.callback_id in self._due:
            return
        self._matcher.set_rules(callback.tenant_id, rules)
        self._due[callback.callback_id] = callback
        self._matcher.join(in_order(callback))

    def _remove(self, ids: Iterable[UUID]) -> None:
        for callback_id in list(ids):
            self._due.pop(callback_id, None)
            self._matcher.remove(callback_id)

    def matched(self, match: Match) -> bool:
        """Dial the callback of a match; False: it is a caller's."""
        callback, agent = self._due.get(match.caller.call_id), match.agent
        if callback is None or self.dial is None:
            return False
        rules = self._matcher.rules((callback.tenant_id, callback.queue_id))
        assert rules is not None, "the queue of a callback has rules"
        if rules.callback_mode is CallbackMode.AGENT_FIRST and agent.mode is Mode.NAILED_UP:
            self._reserving[callback.callback_id] = agent.key
            self.dial(callback, agent)
        elif agent.key in self._tried.values():
            self._again(callback, agent.key)
        else:
            self._tried[callback.callback_id] = agent.key
            self.dial(callback, None)
        return True

    def _again(self, callback: Callback, agent: AgentKey) -> None:
        self._matcher.again(callback.callback_id, agent, self._clock.now() + AGAIN_AFTER)

    def not_dialled(self, callback: Callback) -> None:
        """The callback may not be dialled, or the agent was taken: the next reading tells which."""
        agent = self._reserving.pop(callback.callback_id, None) or self._tried.pop(callback.callback_id, None)
        if agent is not None:
            self._again(callback, agent)

    def dialled(self, callback: Callback) -> None:
        """The try is committed."""
        agent = self._reserving.pop(callback.callback_id, None)
        if agent is not None:
            self._tried[callback.callback_id] = agent

    def over(self, callback_id: UUID) -> None:
        """The customer has answered, and is a caller from now on; or the try has failed."""
        self._reserving.pop(callback_id, None)
        self._tried.pop(callback_id, None)
        self._remove([callback_id])


def in_order(callback: Callback) -> WaitingCaller:
    """A callback as one who waits."""
    return WaitingCaller(
        tenant_id=callback.tenant_id,
        call_id=callback.callback_id,
        queue_id=callback.queue_id,
        arrived_at=callback.arrived_at,
        preferred=callback.agent_id,
        preferred_until=callback.agent_until,
        rings_all=False,
    )


def _changed(before: Callback, now: Callback) -> bool:
    """Whether the place or the agent of a callback is another one."""
    return (before.arrived_at, before.agent_id, before.agent_until) != (now.arrived_at, now.agent_id, now.agent_until)
