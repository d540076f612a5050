"""Call logs, as the vendor has them."""

from datetime import datetime
from uuid import UUID

import msgspec

from tongdai_client.models.base import Result


class CallLog(Result, frozen=True, kw_only=True):
    """A call of either direction."""

    call_id: UUID
    call_type: int
    """0 inbound, 1 outbound."""
    caller: str
    called: str
    outcome: str | None = msgspec.field(name="callStatus")
    started_at: datetime = msgspec.field(name="callStartTime")
    answered_at: datetime | None = msgspec.field(name="callAnswerTime")
    ended_at: datetime | None = msgspec.field(name="callEndtime")
    duration_sec: float | None = msgspec.field(name="duration")
    talk_sec: float | None = msgspec.field(name="talkTime")
    agent_id: int | None
    agent_name: str | None = msgspec.field(name="userName")
    queue_id: int | None
    campaign_id: int | None
    contact_id: int | None
    customer_id: int | None
    customer_name: str | None


class CallLogPage(Result, frozen=True, kw_only=True):
    total_record: int
    data: list[CallLog]
