"""Live figures."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import TypeVar

from tongdai_client.errors import ConnectionFailed, RateLimited, ServerFailed
from tongdai_client.models.live import CampaignLiveDetail, Health, Live, LiveTopics, QueueLiveDetail, QueuesLive
from tongdai_client.operation import Operation, operation
from tongdai_client.session import STREAM_SILENCE_S, RetryState, Session

T = TypeVar("T")


def live() -> Operation[Live]:
    """Get the campaigns that are running or have active calls, the switch, the dialer, and the newest ended calls."""
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
