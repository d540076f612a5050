"""The vendor's `POST /reports/call-logs`: a list by a filter in the body, pages from 1."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai.call_outcome import OUTCOMES, Outcome
from tongdai.contacts.numbers import customer_id, phone
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import PLAIN_TEXT, Endpoint, Request, Response, Route, endpoint, principal_of
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Principal, Scope
from tongdai.ids import TenantId
from tongdai.reports.call_logs import store
from tongdai.reports.call_logs.model import CallType, Logged
from tongdai.reports.call_logs.store import Filter

DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE = 50, 1000, 10**9
_DIRECTIONS = {CallType.INBOUND: "inbound", CallType.OUTBOUND: "outbound"}


class CallLogFilter(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str | None = None
    """Calls with that number, in any written form, as `caller` or `called`."""
    callStartTime: str | None = None
    """Calls that began at that instant or later, `yyyy-MM-ddTHH:mm:ss±HH:mm`."""
    callEndtime: str | None = None
    """Calls that began at that instant or before, to the second. The vendor spells it with a small t."""
    callType: int | None = None
    """0 inbound, 1 outbound; both without it."""
    page: int = 1
    """Page, from 1."""
    limit: int = DEFAULT_LIMIT
    """Records a page."""


class CallLog(msgspec.Struct, kw_only=True):
    callId: UUID
    """The call; `GET /v1/calls/{callId}` has its parts."""
    callType: Annotated[int, one_of(CallType)]
    """0 inbound, 1 outbound."""
    caller: str
    """The calling number: the customer's of an inbound call, else the one that was shown; empty: withheld, or the
    trunk's."""
    called: str
    """The called number: the hotline of an inbound call, else the customer's."""
    callStatus: Annotated[str, one_of(OUTCOMES)] | None
    """How it ended; null while it has not."""
    callStartTime: datetime
    """When it began: it came in, or its contact was taken to be called."""
    callAnswerTime: datetime | None
    """When it was answered; null: it was not."""
    callEndtime: datetime | None
    """When it ended; null while it has not, or if nobody knows."""
    duration: float | None
    """Seconds from the beginning to the end; null without one."""
    talkTime: float | None
    """Seconds from the connection with an agent, or the audio file, to the end; null without one."""
    agentId: int | None
    """The agent who talked, or for whom it was placed."""
    userName: str | None
    """The name of the agent now."""
    queueId: int | None
    """The queue that it reached last."""
    campaignId: int | None
    """The campaign that called."""
    contactId: int | None
    """The contact that was called."""
    customerId: int | None
    """The customer, by the number; null: withheld."""
    customerName: str | None
    """The customer's name: of the contact, or of the contact at whom the number was called last."""


class CallLogPage(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    totalRecord: int
    """The number of calls that match."""
    data: list[CallLog]
    """The calls of the page, newest first."""


_decoder = msgspec.json.Decoder(CallLogFilter)
_SAMPLE: dict[str, Any] = {
    "callId": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
    "callType": 0,
    "caller": "0912345678",
    "called": "02873001234",
    "callStatus": "answered",
    "callStartTime": "2026-04-14T02:00:00Z",
    "callAnswerTime": "2026-04-14T02:00:00.400000Z",
    "callEndtime": "2026-04-14T02:03:10Z",
    "duration": 190.0,
    "talkTime": 174.5,
    "agentId": 7,
    "userName": "Lan",
    "queueId": 1001226,
    "campaignId": None,
    "contactId": None,
    "customerId": 55001,
    "customerName": "Nguyen Van A",
}


@endpoint(
    Endpoint(
        method="POST",
        path="/reports/call-logs",
        scope=Scope.REPORT,
        tag="Reports",
        summary="List calls of both directions by number, time and type, newest first",
        description=(
            "The vendor's endpoint: the filter is the body, and `page` begins with 1. `callEndtime` is spelt with a "
            "small t, in the filter and in the records; `callEndTime` is refused as unknown, so that no filter is "
            "ignored."
        ),
        body=CallLogFilter,
        body_sample={
            "phoneNumber": "0912345678",
            "callStartTime": "2026-04-14T00:00:00+07:00",
            "callEndtime": "2026-04-20T23:59:59+07:00",
            "callType": 0,
            "page": 1,
            "limit": 50,
        },
        refine={
            "CallLogFilter": {
                "phoneNumber": dict(PLAIN_TEXT),
                "callStartTime": {"format": "date-time"},
                "callEndtime": {"format": "date-time"},
                "callType": {"enum": [*map(int, CallType), None]},
                "page": {"minimum": 1, "maximum": MAX_PAGE},
                "limit": {"minimum": 1, "maximum": MAX_LIMIT},
            }
        },
        response=CallLogPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
        by_vendor=True,
        slow=True,
    )
)
async def call_logs(request: Request) -> Response:
    who = principal_of(request)
    raw = await body.read_json(request)
    sent = body.decode(raw, _decoder)
    by = _filter(sent, who.country)
    limit, page = _within("limit", sent.limit, MAX_LIMIT), _within("page", sent.page, MAX_PAGE)
    view = _viewer(who)

    async def work(conn: Connection) -> CallLogPage:
        calls, total = await store.page(conn, who.tenant_id, by, limit, (page - 1) * limit)
        return CallLogPage(totalRecord=total, data=[view(call) for call in calls])

    return await once(request, raw, work)


def _filter(sent: CallLogFilter, country: str) -> Filter:
    number = sent.phoneNumber
    if number is not None:
        written = phone.normalise(body.text_field("phoneNumber", number, 64), country)
        if isinstance(written, phone.NumberFault):
            raise InvalidInput(f"phoneNumber {written.message}")
        number = written
    if sent.callType is not None and sent.callType not in {*CallType}:
        raise InvalidInput(f"callType must be 0 (inbound) or 1 (outbound), not {shown(str(sent.callType))}")
    before = _instant("callEndtime", sent.callEndtime)
    return Filter(
        number,
        None if sent.callType is None else _DIRECTIONS[CallType(sent.callType)],
        _instant("callStartTime", sent.callStartTime),
        None if before is None else before.replace(microsecond=0) + timedelta(seconds=1),
    )


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)]).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        at = None
    if at is None or at.year >= 9999:
        raise InvalidInput(f"{name} must be an instant such as 2026-04-14T00:00:00+07:00, not {shown(text)!r}")
    return at


def _within(name: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise InvalidInput(f"{name} must be 1 to {most}, not {shown(str(value))}")
    return value


def _viewer(who: Principal) -> Callable[[Logged], CallLog]:
    written, customer = phone.formatter(who.country), customer_id.of(TenantId(who.tenant_id))

    def view(call: Logged) -> CallLog:
        other = written(call.other) if call.other else ""
        own = written("+" + call.own.lstrip("+")) if call.own else ""
        inbound = call.direction == _DIRECTIONS[CallType.INBOUND]
        ended_at = None if call.outcome == Outcome.LOST else call.ended_at
        return CallLog(
            callId=call.call_id,
            callType=CallType.INBOUND if inbound else CallType.OUTBOUND,
            caller=other if inbound else own,
            called=own if inbound else other,
            callStatus=call.outcome,
            callStartTime=call.opened_at,
            callAnswerTime=call.answered_at,
            callEndtime=ended_at,
            duration=_between(call.opened_at, ended_at),
            talkTime=_between(call.connected_at, ended_at),
            agentId=call.agent_id,
            userName=call.agent_name,
            queueId=call.queue_id,
            campaignId=call.campaign_id,
            contactId=call.contact_id,
            customerId=customer(int(call.other[1:])) if call.other[1:].isdigit() else None,
            customerName=call.customer_name,
        )

    return view


def _between(since: datetime | None, until: datetime | None) -> float | None:
    return None if since is None or until is None else round(max(0.0, (until - since).total_seconds()), 3)


HANDLERS: list[Route] = [call_logs]
