"""One call in responses, with its segments, offers and events."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.call_outcome import OfferOutcome
from tongdai.calls.detail.store import CallDetail, OfferRow, SegmentRow
from tongdai.calls.events.model import SUPERVISION, EventKind, EventRow
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.calls.segments import KINDS
from tongdai.calls.view import SAMPLE as CALL_SAMPLE
from tongdai.calls.view import CallView, view
from tongdai.contacts.numbers import phone
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Principal, Reach
from tongdai.queues.model import DestinationKind
from tongdai.recordings.view import SAMPLE as RECORDING_SAMPLE
from tongdai.recordings.view import RecordingView, recording_view


class SegmentView(msgspec.Struct):
    kind: Annotated[str, one_of(KINDS)]
    """Waits, talks, holds and consults follow each other without a gap."""
    queueId: int | None
    """The queue in whose name the agent is busy, or in which the caller waits; null: none."""
    agentId: int | None
    """Null: nobody yet, or the audio file, or a number that was called."""
    startedAt: datetime
    """When it began."""
    endedAt: datetime | None
    """Null while it lasts; a wrap-up outlasts the call."""


class OfferView(msgspec.Struct):
    queueId: int
    """The queue in which the caller waited."""
    agentId: int
    """The agent to whom the caller was offered."""
    offeredAt: datetime
    """Before the phone rang."""
    endedAt: datetime | None
    """Null while the phone rings."""
    outcome: Annotated[str, one_of(OfferOutcome)] | None
    """How it ended; null while it lasts."""


class EventView(msgspec.Struct):
    kind: Annotated[str, one_of(EventKind)]
    """`menu`: the caller came to it; `key`: they pressed it; `otherwise`: they pressed none that leads anywhere, and
    were sent on; else an act of a supervisor, or `phone_answered`, `phone_left` of the phone that it called."""
    at: datetime
    """When it happened; of an act, when it was begun."""
    menuId: int | None
    """The menu that the caller heard."""
    menuName: str | None
    """Its present name; null: it was deleted."""
    key: str | None
    """The key that was pressed."""
    toKind: Annotated[str, one_of(DestinationKind)] | None
    """Where it led; null: nowhere, as a key that the menu has not."""
    to: str | None
    """The id of the queue, agent or menu, the number, or the sound."""
    endpoint: str | None
    """The phone of the supervisor."""
    userId: int | None
    """The user who asked for it."""
    userName: str | None
    """Their name."""
    keyId: int | None
    """The key by which it was asked for."""


class PartyView(msgspec.Struct):
    kind: Annotated[str, one_of(PartyKind)]
    """An agent, a number outside, or a phone of the tenant."""
    agentId: int | None
    """Null unless it is an agent."""
    target: str
    """The number that is called, or the endpoint of the phone."""
    state: Annotated[str, one_of(PartyState)]
    """`called`: does not talk yet; `consulting`: with the agent; `talking`: with the customer."""
    calledAt: datetime
    """When their phone was called."""


class CallDetailView(CallView):
    segments: list[SegmentView]
    """The parts of the call, oldest first; the last 1,000."""
    offers: list[OfferView]
    """The agents to whom the caller was offered, oldest first; the last 1,000. Offers are deleted with the days of
    calls."""
    events: list[EventView]
    """Events beside the segments: menus with their keys, and acts of supervisors; oldest first, the last 1,000.
    Deleted with the days of calls. Agents are not shown who listens to them."""
    heldUntil: datetime | None
    """When the present hold ends by itself; null: the customer is not on hold."""
    muted: bool
    """Whether the customer does not hear the agent."""
    parties: list[PartyView]
    """The others in the live call, or called for it: consulted, in a conference, or a number it was sent to."""
    recording: RecordingView | None
    """The recording of the call; null: none was wanted."""


SAMPLE: dict[str, Any] = CALL_SAMPLE | {
    "segments": [
        {
            "kind": "talk",
            "queueId": 1001226,
            "agentId": 7,
            "startedAt": "2026-03-10T02:00:09.100000Z",
            "endedAt": "2026-03-10T02:01:14.500000Z",
        }
    ],
    "offers": [],
    "events": [
        {
            "kind": "hang_up",
            "at": "2026-03-10T02:01:14.400000Z",
            "menuId": None,
            "menuName": None,
            "key": None,
            "toKind": None,
            "to": None,
            "endpoint": None,
            "userId": 3,
            "userName": "Mai",
            "keyId": None,
        }
    ],
    "heldUntil": None,
    "muted": False,
    "parties": [],
    "recording": RECORDING_SAMPLE,
}


def detail_view(detail: CallDetail, who: Principal) -> CallDetailView:
    """The view of a call as somebody may see it: without who listens, for agents."""
    shown = phone.formatter(who.country)
    events = [event for event in detail.events if who.reach is not Reach.OWN_AGENT or event.kind not in SUPERVISION]
    return CallDetailView(
        **msgspec.structs.asdict(view(detail.call, shown)),
        segments=[_segment(row) for row in detail.segments],
        offers=[_offer(row) for row in detail.offers],
        events=[_event(row, shown) for row in events],
        heldUntil=detail.held_until,
        muted=detail.muted,
        parties=[_party(party, shown) for party in detail.parties],
        recording=recording_view(detail.recording),
    )


def _segment(row: SegmentRow) -> SegmentView:
    return SegmentView(row.kind, row.queue_id, row.agent_id, row.started_at, row.ended_at)


def _offer(row: OfferRow) -> OfferView:
    return OfferView(row.queue_id, row.agent_id, row.offered_at, row.ended_at, row.outcome)


def _event(row: EventRow, shown: Callable[[str], str]) -> EventView:
    to = shown(row.to_target) if row.to_kind == DestinationKind.NUMBER and row.to_target else row.to_target
    return EventView(
        row.kind, row.at, row.menu_id, row.menu_name, row.key, row.to_kind, to, row.endpoint, row.user_id,
        row.user_name, row.key_id,
    )  # fmt: skip


def _party(party: Party, shown: Callable[[str], str]) -> PartyView:
    target = shown(party.target) if party.kind is PartyKind.NUMBER else party.target
    return PartyView(party.kind, party.agent_id, target, party.state, party.called_at)
