"""Live figures."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from tongdai_client.errors import ConnectionFailed, RateLimited, ServerFailed
from tongdai_client.models.live import CampaignLiveDetail, Live
from tongdai_client.operation import Operation, operation
from tongdai_client.session import STREAM_SILENCE_S, RetryState, Session


def live() -> Operation[Live]:
    """Get the campaigns that are running or have active calls, the switch, the dialer, and the newest ended calls."""
    return operation("GET", "/live", (), Live)


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
    stream, retry_state = campaign_live_events(campaign_id), RetryState(session.retry)
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
