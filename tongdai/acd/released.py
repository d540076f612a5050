"""Agents who were released from a call: their row says nothing of it any more, whatever their phone does.

    look, once a second: with an offer ─▶ AgentLeft: the phone is hung up, the offer ends as withdrawn
                         in a talk ─▶ seen twice ─▶ AgentLeft: the call ends, as if the phone had hung up

Reads the rows of those agents only who have a caller here. An agent gets a caller, or another one gets the caller of a
talk, first in the row and a moment later here: the row of a talk is believed when it says so at two looks.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

import structlog

from tongdai.acd.caller.model import CallerProgress, Stage
from tongdai.acd.caller.signals import AgentLeft
from tongdai.acd.controlled import ControlledCaller
from tongdai.acd.store import AcdStore
from tongdai.call_outcome import OfferOutcome
from tongdai.ids import AgentId

log = structlog.get_logger()

WITH_AGENTS = frozenset({Stage.CONNECTING, Stage.TALKING})


class _Has(NamedTuple):
    """An agent who has a caller, as this process knows it."""

    call_id: UUID
    agent_id: AgentId
    channel: str
    """The channel of the agent's phone."""
    talks: bool


class Released:
    def __init__(
        self,
        store: AcdStore,
        callers: Mapping[str, ControlledCaller],
        left: Callable[[str, AgentLeft], None],
    ) -> None:
        """`callers` by their channels; `left` is called with the channel of the caller."""
        self._store, self._callers, self._left = store, callers, left
        self._seen: set[_Has] = set()
        """Agents whose rows have not said at the last look that they talk."""

    async def look(self) -> None:
        """Once a second. Raises UNAVAILABLE."""
        had = {one: caller for caller in self._callers.values() for one in _agents_of(caller)}
        if not had:
            self._seen.clear()
            return
        has = await self._store.agents_of_calls([caller.call for caller in had.values()])
        gone = {one for one in had if (one.call_id, one.agent_id) not in has}
        for one in gone:
            caller = had[one]
            if one not in _agents_of(caller) or (one.talks and one not in self._seen):
                continue
            log.info("agent was released", tenant=caller.call.tenant_id, agent=one.agent_id, call=str(one.call_id))
            self._left(caller.call.channel, AgentLeft(one.channel, OfferOutcome.WITHDRAWN))
        self._seen = {one for one in gone if one.talks}


def _agents_of(caller: ControlledCaller) -> list[_Has]:
    call, call_id = caller.progress, caller.call.call_id
    if call.stage not in WITH_AGENTS:
        return []
    return [_Has(call_id, *one, call.stage is Stage.TALKING) for one in _phones(call)]


def _phones(call: CallerProgress) -> Iterator[tuple[AgentId, str]]:
    if call.agent_id is not None and call.agent_channel is not None:
        yield call.agent_id, call.agent_channel
    for one in call.rung:
        yield one.agent_id, one.channel
