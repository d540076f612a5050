"""Parties of a live call: the legs of it besides those of the customer and of its first agent. Pure.

    called ──▶ consulting ──▶ talking

A party is consulted by the agent while the customer is on hold, and may then talk with the customer, with the agent or
instead of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tongdai.ids import AgentId, TenantId


class PartyKind(StrEnum):
    AGENT = "agent"
    NUMBER = "number"
    """A number outside, called over a trunk."""
    PHONE = "phone"
    """A phone of the tenant that is no agent's, such as a supervisor's."""


class PartyState(StrEnum):
    CALLED = "called"
    CONSULTING = "consulting"
    """In the bridge of the call, with the agent; the customer is on hold."""
    TALKING = "talking"
    """In the bridge of the call, with the customer."""


TRANSITIONS: dict[PartyState, frozenset[PartyState]] = {
    PartyState.CALLED: frozenset({PartyState.CONSULTING, PartyState.TALKING}),
    PartyState.CONSULTING: frozenset({PartyState.TALKING}),
    PartyState.TALKING: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    tenant_id: TenantId
    call_id: UUID
    channel: str
    kind: PartyKind
    agent_id: AgentId | None
    """None unless it is an agent."""
    target: str
    """The number, in E.164, or the endpoint of the phone."""
    state: PartyState
    called_at: datetime


@dataclass(frozen=True, slots=True)
class PartyOfSwitch:
    """A party, as the leader of the switch finds it."""

    party: Party
    customer: str
    """The channel of the customer."""
    over: bool
    """The call has ended: what is left is to hang up the party, and to forget it."""
    leg: bool = True
    """The channel was called for this call alone, and is hung up with it: not an agent's nailed-up connection."""
