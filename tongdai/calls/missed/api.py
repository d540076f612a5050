"""`/missed-calls`: callers whom nobody answered, to be called back."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai import ids
from tongdai.calls.missed import store
from tongdai.calls.missed.model import CLAIM_HOLDS, MISSED, MissedCall, MissedKey, MissedState
from tongdai.calls.missed.store import Refusal
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import (
    ID,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Principal, Scope
from tongdai.ids import AgentId, Author, QueueId, TenantId

_TAG = "Missed calls"
_STATES = [state.value for state in MissedState]
_INSTANT = {"type": "string", "format": "date-time"}


class MissedView(msgspec.Struct, kw_only=True):
    callId: UUID
    """The call that nobody answered."""
    queueId: int
    """The queue that the caller reached last."""
    phoneNumber: str
    """The caller's number; empty: withheld."""
    calledNumber: str
    """The number that was called, in E.164."""
    outcome: Annotated[str, one_of(MISSED)]
    """How it ended: the caller hung up (`abandoned`), waited too long or met a full queue (`overflow`), came while the
    queue was closed, locked or without agents (`closed`), was cut by a failure (`failed`, `lost`), or asked for a
    callback that reached nobody (`callback`)."""
    openedAt: datetime
    """When the call came in."""
    endedAt: datetime
    """When it ended."""
    waitSec: float | None
    """Seconds from the answer, by music or a message, to the end; null: it was not answered."""
    state: Annotated[str, one_of(MissedState)]
    """State: `open`; `claimed` by an agent, for an hour; `served`, a later call by the number or to it was connected;
    `closed`."""
    agentId: int | None
    """The agent who claimed it; null: nobody, or an hour has passed."""
    claimedAt: datetime | None
    """When the agent claimed it; null likewise."""
    claimedUntil: datetime | None
    """When the claim lapses; null likewise, or the call was served or closed."""
    servedBy: UUID | None
    """The later call that was connected; null: there is none."""
    closedAt: datetime | None
    """When it was closed; null: it was not."""


class MissedPage(Listed, kw_only=True):
    data: list[MissedView]
    """The missed calls, newest first."""


class MissedClaim(msgspec.Struct, forbid_unknown_fields=True):
    agentId: int
    """The agent who will call back."""


_claim = msgspec.json.Decoder(MissedClaim)
_SAMPLE: dict[str, Any] = {
    "callId": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
    "queueId": 1001226,
    "phoneNumber": "0901234567",
    "calledNumber": "+842873001234",
    "outcome": "abandoned",
    "openedAt": "2026-03-10T02:00:00Z",
    "endedAt": "2026-03-10T02:01:30Z",
    "waitSec": 90.0,
    "state": "claimed",
    "agentId": 7,
    "claimedAt": "2026-03-10T02:05:00Z",
    "claimedUntil": "2026-03-10T03:05:00Z",
    "servedBy": None,
    "closedAt": None,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/missed-calls",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=_TAG,
        summary="List the calls to queues that nobody answered, newest first",
        description=(
            "Each is `open` until a later call by the same number, or to it, is connected (`served`), or somebody "
            "closes it. Refused callers are not among them."
        ),
        query=(
            Query("queueId", "Calls to a queue", {"type": "integer", "format": "int64", **ID}, 1001226),
            Query("state", "Calls in that state", {"type": "string", "enum": _STATES}, "open"),
            Query("from", "Came in at that instant or later", _INSTANT, "2026-03-10T00:00:00Z"),
            Query("to", "Came in before that instant", _INSTANT, "2026-03-11T00:00:00Z"),
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=MissedPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
    )
)
async def list_missed(request: Request) -> Response:
    who, query = principal_of(request), query_of(request)
    since, before = paging.optional_instant(query, "from"), paging.optional_instant(query, "to")
    by = (paging.optional_id(query, "queueId", QueueId), _state(paging.single(query, "state")), since, before)
    wanted = cursor.list_request(request, query, MissedKey)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, who.tenant_id, by),
            after=partial(store.after, conn, who.tenant_id, by),
            key=lambda call: MissedKey(call.opened_at, call.call_id),
        )
    written = phone.formatter(who.country)
    return ok(MissedPage(totalRecord=part.total, nextCursor=part.next, data=[_view(one, written) for one in part.rows]))


def _state(text: str | None) -> MissedState | None:
    if text is not None and text not in _STATES:
        raise InvalidInput(f"state must be one of {', '.join(_STATES)}, not {shown(text)!r}")
    return None if text is None else MissedState(text)


def _view(call: MissedCall, written: Callable[[str], str]) -> MissedView:
    claimed_at = call.claimed_at if call.state == MissedState.CLAIMED else None
    waited = None if call.answered_at is None else max(0.0, (call.ended_at - call.answered_at).total_seconds())
    return MissedView(
        callId=call.call_id,
        queueId=call.queue_id,
        phoneNumber=written(call.phone) if call.phone else "",
        calledNumber=call.called,
        outcome=call.outcome,
        openedAt=call.opened_at,
        endedAt=call.ended_at,
        waitSec=None if waited is None else round(waited, 3),
        state=call.state,
        agentId=call.agent_id,
        claimedAt=call.claimed_at,
        claimedUntil=None if claimed_at is None else claimed_at + CLAIM_HOLDS,
        servedBy=call.served_by,
        closedAt=call.closed_at,
    )


@endpoint(
    Endpoint(
        method="POST",
        path="/missed-calls/{callId}/claim",
        scope=Scope.AGENT,
        own=Own.BODY,
        tag=_TAG,
        summary="Claim a missed call for an agent, who will call back",
        description="The claim lapses after an hour: the call is open again, and others may claim it.",
        body=MissedClaim,
        refine={"MissedClaim": {"agentId": dict(ID)}},
        body_sample={"agentId": 7},
        response=Done,
        sample=done_sample("Missed call claimed"),
        failures=(NotFound("Missed call not found"),),
        states=True,
    )
)
async def claim(request: Request) -> Response:
    call_id = _call_id(request)
    raw = await body.read_json(request)
    agent_id = AgentId(ids.from_body("agentId", body.decode(raw, _claim).agentId))
    principal_of(request).require_agent(agent_id)
    return await _done(
        request,
        raw,
        "Missed call claimed",
        lambda conn, by: store.claim(conn, by.tenant_id, call_id, agent_id, by.author),
    )


Change = Callable[[Connection, TenantId, UUID, Author | None], Awaitable[Refusal | None]]


def _change(name: str, change: Change, summary: str, message: str) -> Route:
    """A change without a body."""

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/missed-calls/{{callId}}/{name}",
            scope=Scope.AGENT,
            own=Own.MISSED_CALL,
            tag=_TAG,
            summary=summary,
            response=Done,
            sample=done_sample(message),
            failures=(NotFound("Missed call not found"),),
            states=True,
        )
    )
    async def changed(request: Request) -> Response:
        call_id = _call_id(request)
        raw = await body.read_nothing(request)
        return await _done(request, raw, message, lambda conn, by: change(conn, by.tenant_id, call_id, by.author))

    return changed


async def _done(
    request: Request, raw: bytes, message: str, act: Callable[[Connection, Principal], Awaitable[Refusal | None]]
) -> Response:
    by = principal_of(request)

    async def work(conn: Connection) -> Done:
        refusal = await act(conn, by)
        if refusal is not None:
            raise _refused(refusal)
        return Done(error_message=message)

    return await once(request, raw, work)


def _call_id(request: Request) -> UUID:
    text = request.path_params["callId"]
    if not ids.is_call_id(text):
        raise NotFound("Missed call not found")
    return UUID(text)


def _refused(refusal: Refusal) -> ApiError:
    match refusal:
        case Refusal.NO_CALL:
            return NotFound("Missed call not found")
        case Refusal.NO_AGENT:
            return NotFound("Agent not found")
        case Refusal.OF_OTHER:
            return InvalidState("Another agent has claimed the missed call")
        case Refusal.DONE:
            return InvalidState("The caller was served later, or the missed call was closed")
        case Refusal.NOT_CLAIMED:
            return InvalidState("Nobody has claimed the missed call")


HANDLERS: list[Route] = [
    list_missed,
    claim,
    _change("release", store.release, "Give a claimed missed call back: it is open again", "Missed call released"),
    _change("close", store.close, "Close a missed call: nothing is to be done any more", "Missed call closed"),
]
