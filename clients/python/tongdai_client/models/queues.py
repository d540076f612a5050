"""Inbound queues."""

import msgspec

from tongdai_client.models.base import Done, Result


class Queue(Result, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")
    name: str = msgspec.field(name="callinName")
    strategy: int
    """1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    moh_file_id: str | None = msgspec.field(name="musicinQueue")
    """The file played as music on hold."""
    max_wait_sec: int | None = msgspec.field(name="timeWait")
    """The maximum wait in seconds; 0: no limit."""
    agent_selector: str | None
    announce_position: bool | None = msgspec.field(name="nguongRanhRoi")
    number: str | None = msgspec.field(name="callinNumber")


class QueueCreated(Done, frozen=True, kw_only=True):
    queue_id: int = msgspec.field(name="callinId")
