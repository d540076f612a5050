"""The part of the ACD's store that is about callbacks. See acd/store.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from tongdai.acd.caller.store import CallerRow
from tongdai.agents.model import Agent
from tongdai.callbacks.model import Askable, Callback
from tongdai.calls.inbound.model import InboundCall
from tongdai.ids import AgentId


class Dialled(NamedTuple):
    """A call to a customer who has not answered, for a process that takes over."""

    call: InboundCall
    overdue: bool
    """Its lease has expired: no channel of it will appear any more."""


class Try(NamedTuple):
    call: InboundCall
    trunk: str | None
    """That of the number which is shown; None: any of the server."""


class Answered(NamedTuple):
    call: InboundCall
    caller: CallerRow
    agent: Agent | None
    """The agent who is reserved."""


class CallbackStore(Protocol):
    async def askable(self, call: InboundCall, at: datetime) -> Askable:
        """Read which numbers the caller may have called back."""
        ...

    async def ask_callback(
        self, call: InboundCall, phone: str, at: datetime, *, others: bool = False
    ) -> Callback | None:
        """The caller is to be called back at a number, and is in no queue any more: the callback has the place. The
        same one when that was done before. None, and nothing is changed: the call has ended, or the queue was deleted;
        or the number is not the one that they show (`others`), and may not be called back."""
        ...

    async def due_callbacks(self) -> Sequence[Callback]:
        """The callbacks of the switch's tenants that may be dialled now, but for the opening hours of their queues."""
        ...

    async def dial(self, callback: Callback, agent_id: AgentId | None, at: datetime) -> Try | None:
        """Open a try, with an agent who is reserved or without one: the customer has their place in the queue. None:
        the callback may not be dialled (any more), or the agent is not idle; nothing changed."""
        ...

    async def customer_answered(self, call: InboundCall, at: datetime) -> Answered | None:
        """The customer is in the queue from now on. None: the call has ended."""
        ...

    async def dialled(self) -> Sequence[Dialled]:
        """The calls of the switch to customers who have not answered."""
        ...
