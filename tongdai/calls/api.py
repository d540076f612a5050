"""`/calls`, and the calls of a contact."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import TypeVar
from uuid import UUID

from tongdai import ids
from tongdai.call_outcome import OUTCOMES
from tongdai.calls import by_end, history
from tongdai.calls.acts import api as acts_api
from tongdai.calls.again import api as again_api
from tongdai.calls.by_end import EndedKey
from tongdai.calls.changes.page import FILTERS, changed
from tongdai.calls.detail import store as detail_store
from tongdai.calls.detail.view import SAMPLE as DETAIL_SAMPLE
from tongdai.calls.detail.view import CallDetailView, detail_view
from tongdai.calls.export import store as export_store
from tongdai.calls.export.view import HEADER, line, sample
from tongdai.calls.history import CallRecord, Filter, OpenedKey
from tongdai.calls.missed import api as missed_api
from tongdai.calls.model import CallState, Directions
from tongdai.calls.parties import api as parties_api
from tongdai.calls.view import SAMPLE, CallPage, view
from tongdai.changes import reading as changes
from tongdai.contacts import store as contacts
from tongdai.contacts.fields import FIELDS, index_of
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.endpoint import (
    PLAIN_TEXT,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.paging import Page
from tongdai.http.principal import Own, Scope
from tongdai.http.streams.csv import accepts_csv, csv_header, csv_headers, csv_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId
from tongdai.recordings import api as recordings_api

_TAG = "Calls"
PIECE_CALLS = 1000
MAX_EXTERNAL_ID = FIELDS[index_of("external_id")].text.max_length
_INSTANT = {"type": "string", "format": "date-time"}
_ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": ids.LARGEST}
_E = TypeVar("_E", bound=StrEnum)


@endpoint(
    Endpoint(
        method="GET",
        path="/calls",
        scope=Scope.REPORT,
        own=Own.QUERY,
        tag=_TAG,
        summary="List calls, active ones included, newest first",
        description=(
            "A call is an attempt to reach a contact. With `direction` or `queueId` there are also calls to queues "
            "and callbacks, which have no campaign and no contact. Calls that were cancelled before they were dialled "
            "are included (`cancelled`, `out_of_window`, `dnc`; no `dialledAt`). `ringSec` is from dialling to the "
            "answer or the end, `waitSec` from the answer to the connection with an agent or the audio file or, "
            "without one, to the end, `talkSec` from the connection to the end. Of a `lost` call `endedAt` is when "
            "that was found out, and seconds up to its end are null. "
            "`nextCallAt` is when the contact is called again because of this call. "
            "`machineVerdict` is the result of answering machine detection, if the campaign uses it: `human`, "
            "`machine`, `unsure` (not decided in time) or `unavailable`. With `Accept: text/csv` all calls that match "
            "are returned as one file, whatever `page` and `size`. It also has the contact's name and reference, the "
            "names of agent and campaign, and each instant by the clock of the tenant, as `openedAtLocal`.\n\n"
            "With `endedAfter`, calls that have ended come in the order of their ends, to follow them: read to the end "
            "by `nextCursor`, and ask again later with the last `endedAt` as `endedAfter`. No call is missed: one is "
            "shown as soon as no other can appear before it. A response may have fewer calls than `size`, or none, and "
            "a `nextCursor` all the same.\n\n"
            "With `updatedSince`, alone, calls of both directions come that have ended or changed since, by a wrap-up "
            "code or an erasure: read on by `nextCursor` until it is null, and later from `resumeCursor` on. Nothing "
            "is skipped or doubled; a call that changes again comes again."
        ),
        query=(
            Query("campaignId", "Calls of a campaign", _ID, 1042),
            Query("contactId", "Calls to a contact", _ID, 88001),
            Query(
                "externalId",
                "Calls to contacts that have this externalId now",
                {"type": "string", "minLength": 1, "maxLength": MAX_EXTERNAL_ID, **PLAIN_TEXT},
                "KH-1",
            ),
            Query("phoneNumber", "Calls to a number in any written form", {"type": "string"}, "0901234567"),
            Query(
                "outcome",
                "Calls with that outcome",
                {"type": "string", "enum": list(OUTCOMES)},
                "answered",
            ),
            Query("state", "Calls in that state", {"type": "string", "enum": [str(one) for one in CallState]}, "ended"),
            Query("agentId", "Calls of an agent", _ID, 7),
            Query(
                "direction",
                "Calls in that direction: `inbound` to queues, `outbound` to contacts and as callbacks. Without it and "
                "without `queueId`, calls to contacts",
                {"type": "string", "enum": [str(one) for one in Directions]},
                "inbound",
            ),
            Query("queueId", "Calls that reached that queue last, those to contacts by a transfer", _ID, 1001226),
            Query("from", "Opened at that instant or later", _INSTANT, "2026-03-10T00:00:00Z"),
            Query("to", "Opened before that instant", _INSTANT, "2026-03-11T00:00:00+07:00"),
            Query(
                "endedAfter",
                "Ended after that instant, in the order of their ends; read by `cursor`, which begins without one",
                _INSTANT,
                "2026-03-10T02:01:14.500000Z",
            ),
            changes.QUERY,
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=CallPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
        response_media={
            "text/csv": {
                "schema": {"type": "string"},
                "example": sample(SAMPLE),
            }
        },
    )
)
async def calls(request: Request) -> Response | StreamingResponse:
    who = principal_of(request)
    query = query_of(request)
    since = changes.asked_by(query, FILTERS)
    if since is not None:
        return ok(await changed(request, query, since))
    page, by, ended_after = (
        paging.page_of(query),
        _filter(query, who.country),
        paging.optional_instant(query, "endedAfter"),
    )
    if accepts_csv(request.headers.get("accept", "")):
        pieces = _newest(request, by) if ended_after is None else _ends(request, by, ended_after)
        return StreamingResponse(_csv(request, pieces), headers=csv_headers("calls.csv"))
    if ended_after is not None:
        return ok(await _ended(request, query, by, ended_after))
    return ok(await _page(request, query, by, page))


async def _page(request: Request, query: dict[str, list[str]], by: Filter, page: Page) -> CallPage:
    """The calls that match, newest first."""
    who, wanted = principal_of(request), cursor.list_request(request, query, OpenedKey)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(history.page, conn, who.tenant_id, by),
            after=partial(history.behind, conn, who.tenant_id, by),
            key=_opened_key,
        )
    format_number = phone.formatter(who.country)
    shown_calls = [view(call, format_number) for call in part.rows]
    return CallPage(totalRecord=part.total, nextCursor=part.next, data=shown_calls)


def _opened_key(call: CallRecord) -> OpenedKey:
    return OpenedKey(call.opened_at, call.call_id)


async def _ended(request: Request, query: dict[str, list[str]], by: Filter, ended_after: datetime) -> CallPage:
    """The calls that match, in the order in which they ended."""
    who = principal_of(request)
    reading = cursor.reading_of(request, {"cursor": [cursor.BEGIN]} | query, EndedKey)
    assert reading is not None
    format_number, after = phone.formatter(who.country), reading.after or EndedKey(ended_after, by_end.LAST_ID)
    if not by.shows_ended:
        return CallPage(nextCursor=None, data=[])
    async with connection(request) as conn:
        read = await by_end.page(conn, who.tenant_id, by, after, reading.limit)
    found, more = reading.cut(read.calls, _ended_key)
    if more is None and read.until is not None:
        more = reading.seal(read.until)
    return CallPage(nextCursor=more, data=[view(call, format_number) for call in found])


def _ended_key(call: CallRecord) -> EndedKey:
    assert call.ended_at is not None
    return EndedKey(call.ended_at, call.call_id)


async def _csv(request: Request, pieces: AsyncGenerator[Sequence[CallRecord]]) -> AsyncGenerator[bytes]:
    """A file of all that match, a piece at a time: no connection is held while the client reads."""
    who = principal_of(request)
    format_number = phone.formatter(who.country)
    async with connection(request, slow=True) as conn:
        zone = await export_store.zone_of(conn, who.tenant_id)
    yield csv_header(HEADER)
    async with disconnected(request) as gone, aclosing(pieces):
        async for found in pieces:
            if gone.done():
                return
            if found:
                async with connection(request, slow=True) as conn:
                    names = await export_store.names_of(conn, who.tenant_id, found)
                yield csv_of([line(call, format_number, names, zone) for call in found])


async def _newest(request: Request, by: Filter) -> AsyncGenerator[Sequence[CallRecord]]:
    tenant_id, after = principal_of(request).tenant_id, None
    while True:
        async with connection(request, slow=True) as conn:
            found = await history.behind(conn, tenant_id, by, after, PIECE_CALLS)
        yield found
        if len(found) < PIECE_CALLS:
            return
        after = _opened_key(found[-1])


async def _ends(request: Request, by: Filter, ended_after: datetime) -> AsyncGenerator[Sequence[CallRecord]]:
    tenant_id, after = principal_of(request).tenant_id, EndedKey(ended_after, by_end.LAST_ID)
    while by.shows_ended:
        async with connection(request, slow=True) as conn:
            read = await by_end.page(conn, tenant_id, by, after, PIECE_CALLS)
        yield read.calls
        if len(read.calls) == PIECE_CALLS:
            after = _ended_key(read.calls[-1])
        elif read.until is not None:
            after = read.until
        else:
            return


def _filter(query: dict[str, list[str]], country: str) -> Filter:
    campaign_id = paging.optional_id(query, "campaignId", CampaignId)
    contact_id = paging.optional_id(query, "contactId", ContactId)
    agent_id = paging.optional_id(query, "agentId", AgentId)
    external_id = paging.single(query, "externalId")
    if external_id is not None:
        body.text_field("externalId", external_id, MAX_EXTERNAL_ID, min_length=1)
    number = paging.single(query, "phoneNumber")
    if number is not None:
        written = phone.normalise(number, country)
        if isinstance(written, phone.NumberFault):
            raise InvalidInput(f"phoneNumber {written.message}")
        number = written
    return Filter(
        campaign_id,
        contact_id,
        external_id,
        number,
        _word(query, "outcome", OUTCOMES),
        _one_of(query, "state", CallState),
        agent_id,
        paging.optional_instant(query, "from"),
        paging.optional_instant(query, "to"),
        _one_of(query, "direction", Directions),
        paging.optional_id(query, "queueId", QueueId),
    )


def _one_of(query: dict[str, list[str]], name: str, kind: type[_E]) -> _E | None:
    text = _word(query, name, list(kind))
    return None if text is None else kind(text)


def _word(query: dict[str, list[str]], name: str, words: Sequence[str]) -> str | None:
    text = paging.single(query, name)
    if text is not None and text not in words:
        raise InvalidInput(f"{name} must be one of {', '.join(words)}, not {shown(text)!r}")
    return text


@endpoint(
    Endpoint(
        method="GET",
        path="/calls/{callId}",
        scope=Scope.REPORT,
        own=Own.CALL_BEFORE,
        tag=_TAG,
        summary="Get a call, of either direction, with its segments, offers and events",
        response=CallDetailView,
        sample=DETAIL_SAMPLE,
    )
)
async def call(request: Request) -> Response:
    who = principal_of(request)
    call_id = _call_id(request.path_params["callId"])
    async with connection(request) as conn:
        found = await detail_store.find(conn, who.tenant_id, call_id)
    if found is None:
        raise NotFound("Call not found")
    return ok(detail_view(found, who))


def _call_id(text: str) -> UUID:
    if not ids.is_call_id(text):
        raise NotFound("Call not found")
    return UUID(text)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/{contactId}/attempts",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="List the calls to a contact, newest first",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=CallPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
    )
)
async def calls_of_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id, contact_id = contact_of(request)
    query = query_of(request)
    page = paging.page_of(query)
    async with connection(request) as conn:
        if not await contacts.contact_exists(conn, who.tenant_id, campaign_id, contact_id):
            raise NotFound("Contact not found")
    return ok(await _page(request, query, Filter(campaign_id, contact_id), page))


def contact_of(request: Request) -> tuple[CampaignId, ContactId]:
    """The contact of a request with both ids in its path."""
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Contact"))
    return campaign_id, ContactId(ids.from_path(request.path_params["contactId"], "Contact"))


HANDLERS: list[Route] = [
    calls,
    call,
    calls_of_contact,
    *acts_api.HANDLERS,
    *parties_api.HANDLERS,
    *again_api.HANDLERS,
    *missed_api.HANDLERS,
    *recordings_api.HANDLERS,
]
