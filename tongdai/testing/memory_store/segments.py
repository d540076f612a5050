"""Segments of calls in memory: who talked when; what the statements of `tongdai.calls.segments` do."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from tongdai.calls.segments import Kind
from tongdai.ids import AgentId, QueueId

CONFERENCE = "conference"
BEFORE_TALK = ("menu", "wait")


@dataclass(frozen=True, slots=True)
class Segment:
    call_id: UUID
    kind: str
    agent_id: AgentId | None
    started_at: datetime
    ended_at: datetime | None = None
    queue_id: QueueId | None = None
    """The queue of a wait."""


@dataclass
class MemorySegments:
    open: list[Segment] = field(default_factory=list[Segment])
    closed: list[Segment] = field(default_factory=list[Segment])

    def in_menu(self, call_id: UUID, at: datetime) -> None:
        """The caller is in a menu; nothing changes when they are already."""
        if not any(one.call_id == call_id and one.kind != "wait" for one in self.open):
            self._begin(Segment(call_id, "menu", None, at))

    def waits(self, call_id: UUID, queue_id: QueueId | None, at: datetime) -> None:
        """The caller waits in a queue, or (None) for a number that is called, in whatever queue they are."""
        waits = next((one for one in self.open if (one.call_id, one.kind) == (call_id, "wait")), None)
        if waits is None or queue_id not in {None, waits.queue_id}:
            self._begin(Segment(call_id, "wait", None, at, queue_id=queue_id))

    def connected(self, call_id: UUID, agent_id: AgentId | None, at: datetime) -> None:
        self._begin(Segment(call_id, Kind.TALK, agent_id, at))

    def _begin(self, new: Segment) -> None:
        """The menu or the wait is over, and the next part begins where it ended."""
        before = [one for one in self.open if one.call_id == new.call_id and one.kind in BEFORE_TALK]
        at = max([new.started_at, *(one.started_at for one in before)])
        for one in before:
            self._close(one, at)
        self.open.append(replace(new, started_at=at))

    def change(self, call_id: UUID, kind: Kind, agent_id: AgentId | None, at: datetime) -> None:
        for one in self.open:
            if one.call_id == call_id and one.kind != CONFERENCE and (one.kind, one.agent_id) != (kind, agent_id):
                self._close(one, at)
                self.open.append(Segment(call_id, kind, agent_id, max(at, one.started_at)))
                return

    def begin_conference(self, call_id: UUID, agent_id: AgentId, at: datetime) -> None:
        self.open.append(Segment(call_id, CONFERENCE, agent_id, at))

    def end_conference(self, call_id: UUID, agent_id: AgentId, at: datetime) -> None:
        for one in list(self.open):
            if (one.call_id, one.kind, one.agent_id) == (call_id, CONFERENCE, agent_id):
                self._close(one, at)

    def ended(self, call_id: UUID, at: datetime) -> None:
        for one in list(self.open):
            if one.call_id == call_id:
                self._close(one, at)

    def _close(self, one: Segment, at: datetime) -> None:
        self.open.remove(one)
        if at > one.started_at:
            self.closed.append(replace(one, ended_at=at))

    def of_call(self, call_id: UUID) -> list[tuple[str, AgentId | None]]:
        """Kind and agent, in order."""
        found = [one for one in (*self.closed, *self.open) if one.call_id == call_id]
        return [(one.kind, one.agent_id) for one in found]

    def talk_s(self, agent_id: AgentId) -> tuple[float, int]:
        """The seconds that an agent talked with customers, alone or in a conference, and in how many segments."""
        ended = [
            (one.ended_at - one.started_at).total_seconds()
            for one in self.closed
            if one.agent_id == agent_id and one.kind in {Kind.TALK, CONFERENCE} and one.ended_at is not None
        ]
        return sum(ended), len(ended)
