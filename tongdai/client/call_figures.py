"""Calls that were made, live figures, and why nobody is being called, as calls to the server."""

import os
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tongdai.client.call_model import CallRecord, CampaignLive, Diagnostics, Live, Why
from tongdai.client.calls import PAGE_SIZE, Call, Listing, Query, call, listing
from tongdai.client.errors import ConnectionFailed, RateLimited, ServerFailed
from tongdai.client.saving import save
from tongdai.client.session import Attempts, Session

SILENCE_S = 45.0
"""An event stream says something each 15 s; after so long without, it is broken."""


def calls(
    *,
    campaign_id: int | None = None,
    contact_id: int | None = None,
    phone_number: str | None = None,
    outcome: str | None = None,
    state: str | None = None,
    agent_id: int | None = None,
    opened_from: datetime | None = None,
    opened_before: datetime | None = None,
    page_size: int = PAGE_SIZE,
) -> Listing[CallRecord]:
    """The tenant's calls that have all of what is given, newest first. Instants need a time zone."""
    by = _query(campaign_id, contact_id, phone_number, outcome, state, agent_id, opened_from, opened_before)
    return listing("/calls", (), CallRecord, page_size, by)


def _query(
    campaign_id: int | None,
    contact_id: int | None,
    phone_number: str | None,
    outcome: str | None,
    state: str | None,
    agent_id: int | None,
    opened_from: datetime | None,
    opened_before: datetime | None,
) -> Query:
    return {
        "campaignId": campaign_id,
        "contactId": contact_id,
        "phoneNumber": phone_number,
        "outcome": outcome,
        "state": state,
        "agentId": agent_id,
        "from": None if opened_from is None else opened_from.isoformat(),
        "to": None if opened_before is None else opened_before.isoformat(),
    }


def calls_as_csv(by: Query) -> Call[None]:
    """All calls that match as a CSV file."""
    return replace(call("GET", "/calls", (), None, by), accept="text/csv")


async def save_calls_csv(
    session: Session,
    file: str | os.PathLike[str],
    *,
    campaign_id: int | None = None,
    contact_id: int | None = None,
    phone_number: str | None = None,
    outcome: str | None = None,
    state: str | None = None,
    agent_id: int | None = None,
    opened_from: datetime | None = None,
    opened_before: datetime | None = None,
) -> Path:
    """Write all calls that have what is given to a CSV file, newest first; its path.

    It is streamed to the disk, and the file is there, or replaced, only when it is whole.
    """
    by = _query(campaign_id, contact_id, phone_number, outcome, state, agent_id, opened_from, opened_before)
    return await save(session, calls_as_csv(by), file)


def call_record(call_id: str) -> Call[CallRecord]:
    """A call."""
    return call("GET", "/calls/{callId}", (call_id,), CallRecord)


def attempts(campaign_id: int, contact_id: int, *, page_size: int = PAGE_SIZE) -> Listing[CallRecord]:
    """The attempts to reach a contact, newest first."""
    template = "/campaigns/{id}/contacts/{contactId}/attempts"
    return listing(template, (campaign_id, contact_id), CallRecord, page_size, {})


def diagnostics(campaign_id: int) -> Call[Diagnostics]:
    """Why nobody is being called: each pending contact counted by one reason."""
    return call("GET", "/campaigns/{id}/diagnostics", (campaign_id,), Diagnostics)


def why(campaign_id: int, contact_id: int) -> Call[Why]:
    """Why a contact is not being called."""
    return call("GET", "/campaigns/{id}/contacts/{contactId}/why", (campaign_id, contact_id), Why)


def live() -> Call[Live]:
    """The campaigns that are running or have calls up, the switch, and the newest outcomes."""
    return call("GET", "/live", (), Live)


def campaign_live(campaign_id: int) -> Call[CampaignLive]:
    """A campaign's live figures."""
    return call("GET", "/campaigns/{id}/live", (campaign_id,), CampaignLive)


def campaign_events(campaign_id: int, events: int | None = None) -> Call[CampaignLive]:
    """The stream of a campaign's live figures."""
    stream = call("GET", "/campaigns/{id}/live/events", (campaign_id,), CampaignLive, {"events": events})
    return replace(stream, accept="text/event-stream")


async def watch_campaign(session: Session, campaign_id: int) -> AsyncGenerator[CampaignLive]:
    """A campaign's live figures as they change, at most each second, until who iterates has enough.

    A stream that breaks is opened again, as often as calls are tried again.
    """
    stream, attempts_left = campaign_events(campaign_id), Attempts(session.retry)
    while True:
        pause = 1.0
        try:
            async with session.open(stream, read_timeout_s=SILENCE_S) as reply:
                async for event in reply.events():
                    attempts_left = Attempts(session.retry)
                    yield stream.read(event.data.encode())
        except (ConnectionFailed, RateLimited, ServerFailed) as error:
            pause = attempts_left.pause_after(error)
        await session.transport.sleep(pause)
