"""A call as the vendor's call logs have it. Pure."""

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.ids import AgentId, CampaignId, ContactId, QueueId


class CallType(IntEnum):
    INBOUND = 0
    OUTBOUND = 1


class Logged(NamedTuple):
    """The fields are the columns of store.COLUMNS."""

    call_id: UUID
    direction: str
    other: str
    """The number of the other side, in E.164; empty: withheld."""
    own: str | None
    """The number that was called, or shown; None: the trunk's."""
    outcome: str | None
    opened_at: datetime
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    agent_id: AgentId | None
    agent_name: str | None
    queue_id: QueueId | None
    campaign_id: CampaignId | None
    contact_id: ContactId | None
    customer_name: str | None
    """The name of the contact, or of the one whom a call to the number was made for last."""
