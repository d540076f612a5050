"""Calls to queues: what is known of a live one, and how they end. Pure.

A call to a customer who is to be called back is one of these, too, once it is answered: the customer is in a queue. So
is one to a contact that an agent has transferred.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.calls.model import CallState
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A call that comes in by a number of a tenant."""

    switch_id: SwitchId
    channel: str
    """The id that the switch gave the channel."""
    called: str
    """The called number, in E.164."""
    phone: str
    """The caller's number, in E.164 if the carrier sent one; empty if it is withheld."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """A live call to a queue, or one to a contact that was transferred."""

    tenant_id: TenantId
    call_id: UUID
    switch_id: SwitchId
    channel: str
    queue_id: QueueId
    """The queue that the caller reached last."""
    called: str
    phone: str
    state: CallState
    """`ringing` until it is answered."""
    opened_at: datetime
    """The arrival."""
    lease_until: datetime
    agent_id: AgentId | None = None
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    to_contact: bool = False
    """The call is one to a contact, and ends as such."""

    @property
    def called_back(self) -> bool:
        """The customer did not ring in, but was called: the channel has the id of the call."""
        return self.channel == str(self.call_id) and not self.to_contact


@dataclass(frozen=True, slots=True)
class InboundEnding:
    """How a call to a queue ended."""

    outcome: InboundOutcome | Outcome
    """A call to a customer who did not answer has the outcome of a call to a contact."""
    hangup_cause: int | None = None
    """The hang-up cause, by Q.850."""
