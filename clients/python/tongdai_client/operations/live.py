"""Live figures, and the wallboards that show them."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from tongdai_client.errors import ConnectionFailed, RateLimited, ServerFailed
from tongdai_client.models.base import Done
from tongdai_client.models.live import (
    CampaignLiveDetail,
    Health,
    Live,
    LiveTopics,
    QueueLiveDetail,
    QueuesLive,
    Timeline,
    WallboardCreated,
    Wallboards,
    WallboardThresholds,
)
from tongdai_client.operation import Operation, operation, without_none, without_unset
from tongdai_client.session import STREAM_SILENCE_S, RetryState, Session

T = TypeVar("T")
_BOARD = "/wallboards/{wallboardId}"


def live() -> Operation[Live]:
    """Get the campaigns that are running, paused or in calls, the switch, the dialer, and the newest ended calls."""
    return operation("GET", "/live", (), Live)


def health() -> Operation[Health]:
    """Get what works for the tenant, and what to do where it does not."""
    return operation("GET", "/health", (), Health)


def campaign_live(campaign_id: int) -> Operation[CampaignLiveDetail]:
    """Get the live figures of a campaign."""
    return operation("GET", "/campaigns/{id}/live", (campaign_id,), CampaignLiveDetail)


def campaign_live_events(campaign_id: int, events: int | None = None) -> Operation[CampaignLiveDetail]:
    """The event stream of a campaign's live figures."""
    template = "/campaigns/{id}/live/events"
    stream = operation("GET", template, (campaign_id,), CampaignLiveDetail, {"events": events})
    return replace(stream, accept="text/event-stream")


async def watch_campaign(session: Session, campaign_id: int) -> AsyncGenerator[CampaignLiveDetail]:
    """Yield the live figures of a campaign as they change, at most once a second, until the caller stops iterating.

    A stream that breaks is opened again, as often as an operation is retried.
    """
    async for figures in _watch(session, campaign_live_events(campaign_id)):
        yield figures


def campaign_timeline(
    campaign_id: int, *, step: str | None = None, since: datetime | None = None, before: datetime | None = None
) -> Operation[Timeline]:
    """Get the calls of a campaign by the `minute` (3 hours at most) or by the `hour` (31 days at most)."""
    query = {
        "step": step,
        "from": None if since is None else since.isoformat(),
        "to": None if before is None else before.isoformat(),
    }
    return operation("GET", "/campaigns/{id}/timeline", (campaign_id,), Timeline, query)


def queues_live(*, service_level_sec: int | None = None) -> Operation[QueuesLive]:
    """Get the live figures of all inbound queues: callers who wait, agents by state, the service level."""
    return operation("GET", "/queues/live", (), QueuesLive, {"serviceLevelSec": service_level_sec})


def queue_live(queue_id: int, *, service_level_sec: int | None = None) -> Operation[QueueLiveDetail]:
    """Get the live figures of an inbound queue, with its callers in their order."""
    query = {"serviceLevelSec": service_level_sec}
    return operation("GET", "/queues/inbound/{id}/live", (queue_id,), QueueLiveDetail, query)


def queues_live_events(service_level_sec: int | None = None, events: int | None = None) -> Operation[QueuesLive]:
    """The event stream of the live figures of all inbound queues."""
    query = {"serviceLevelSec": service_level_sec, "events": events}
    return replace(operation("GET", "/queues/live/events", (), QueuesLive, query), accept="text/event-stream")


def queue_live_events(
    queue_id: int, service_level_sec: int | None = None, events: int | None = None
) -> Operation[QueueLiveDetail]:
    """The event stream of an inbound queue's live figures."""
    query = {"serviceLevelSec": service_level_sec, "events": events}
    stream = operation("GET", "/queues/inbound/{id}/live/events", (queue_id,), QueueLiveDetail, query)
    return replace(stream, accept="text/event-stream")


async def watch_queues(session: Session, *, service_level_sec: int | None = None) -> AsyncGenerator[QueuesLive]:
    """Yield the live figures of all inbound queues as they change, until the caller stops iterating.

    A stream that breaks is opened again, as often as an operation is retried.
    """
    async for figures in _watch(session, queues_live_events(service_level_sec)):
        yield figures


async def watch_queue(
    session: Session, queue_id: int, *, service_level_sec: int | None = None
) -> AsyncGenerator[QueueLiveDetail]:
    """Yield the live figures of an inbound queue as they change, until the caller stops iterating.

    A stream that breaks is opened again, as often as an operation is retried.
    """
    async for figures in _watch(session, queue_live_events(queue_id, service_level_sec)):
        yield figures


def live_events(topics: Sequence[str] = (), events: int | None = None) -> Operation[LiveTopics]:
    """The event stream of queues, agents and campaigns."""
    query = {"topics": ",".join(topics) or None, "events": events}
    return replace(operation("GET", "/live/events", (), LiveTopics, query), accept="text/event-stream")


async def watch_live(session: Session, topics: Sequence[str] = ()) -> AsyncGenerator[LiveTopics]:
    """Yield each second what changed of `queues`, `agents` and `campaigns`, or of these topics, until the caller stops.

    A stream that breaks is opened again, as often as an operation is retried.
    """
    async for event in _watch(session, live_events(topics)):
        yield event


def wallboards() -> Operation[Wallboards]:
    """List the wallboards, by id."""
    return operation("GET", "/wallboards", (), Wallboards)


def create_wallboard(
    name: str,
    *,
    tiles: Sequence[str] | None = None,
    queue_ids: Sequence[int] | None = None,
    thresholds: WallboardThresholds | None = None,
    language: str | None = None,
    theme: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[WallboardCreated]:
    """Create a wallboard; it shows all figures of all queues unless you name some. Its token is returned only here.

    The token is None if the first response was lost and the retried request finds the board created: revoke that board
    and create another.
    """
    body = without_none(
        name=name, tiles=tiles, queueIds=queue_ids, thresholds=thresholds, language=language, theme=theme
    )
    return operation("POST", "/wallboards", (), WallboardCreated, body=body, idempotency_key=idempotency_key)


def update_wallboard(
    wallboard_id: int,
    *,
    name: str | UnsetType = UNSET,
    tiles: Sequence[str] | UnsetType = UNSET,
    queue_ids: Sequence[int] | UnsetType = UNSET,
    thresholds: WallboardThresholds | UnsetType = UNSET,
    language: str | UnsetType | None = UNSET,
    theme: str | UnsetType = UNSET,
) -> Operation[Done]:
    """Change what a wallboard shows. Where it is open it follows within seconds."""
    body = without_unset(
        name=name, tiles=tiles, queueIds=queue_ids, thresholds=thresholds, language=language, theme=theme
    )
    return operation("PATCH", _BOARD, (wallboard_id,), Done, body=body)


def revoke_wallboard(wallboard_id: int) -> Operation[Done]:
    """Revoke the token of a wallboard within a second, and delete the board."""
    return operation("DELETE", _BOARD, (wallboard_id,), Done)


async def _watch(session: Session, stream: Operation[T]) -> AsyncGenerator[T]:
    retry_state = RetryState(session.retry)
    while True:
        pause = 1.0
        try:
            async with session.open(stream, read_timeout_s=STREAM_SILENCE_S) as response:
                async for event in response.events():
                    retry_state = RetryState(session.retry)
                    yield stream.read(event.data.encode())
        except (ConnectionFailed, RateLimited, ServerFailed) as error:
            pause = retry_state.pause_after(error)
        await session.transport.sleep(pause)
