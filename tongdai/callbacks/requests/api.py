"""`/callbacks`: customers who are to be called by an agent of a queue."""

from functools import partial
from uuid import UUID

import msgspec
from msgspec import UNSET

from tongdai import ids
from tongdai.callbacks.model import CallbackKey, CallbackState
from tongdai.callbacks.requests import store
from tongdai.callbacks.requests.store import Refusal
from tongdai.callbacks.requests.view import (
    CHANGE_SCHEMA,
    LISTED_SAMPLE,
    NEW_SCHEMA,
    SAMPLE,
    CallbackChange,
    CallbackCreated,
    CallbackPage,
    NewCallback,
    agent_of,
    listed,
    utc,
    wanted,
)
from tongdai.callbacks.why import store as why
from tongdai.callbacks.why.model import PendingReason
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
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
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId, QueueId

_TAG = "Callbacks"
_STATES = [state.value for state in CallbackState]
_INSTANT = {"type": "string", "format": "date-time"}
_ID = {"type": "integer", "format": "int64", **ID}
_new = msgspec.json.Decoder(NewCallback)
_change = msgspec.json.Decoder(CallbackChange)


@endpoint(
    Endpoint(
        method="GET",
        path="/callbacks",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=_TAG,
        summary="List the callbacks of queues, those that are due last first",
        description=(
            "Of a pending one, `reason` says why it is not called now: one of "
            f"{', '.join(f'`{reason}`' for reason in PendingReason)}."
        ),
        query=(
            Query("queueId", "Callbacks of a queue", dict(_ID), 1001226),
            Query("state", "Callbacks in that state", {"type": "string", "enum": _STATES}, "pending"),
            Query("agentId", "Callbacks that are kept for an agent", dict(_ID), 7),
            Query("from", "Due at that instant or later", _INSTANT, "2026-03-10T00:00:00Z"),
            Query("to", "Due before that instant", _INSTANT, "2026-03-11T00:00:00Z"),
            *paging.PAGE_QUERY,
            cursor.QUERY,
        ),
        response=CallbackPage,
        sample={"success": "1", "totalRecord": 1, "data": [LISTED_SAMPLE]},
    )
)
async def list_callbacks(request: Request) -> Response:
    who, query = principal_of(request), query_of(request)
    by = (
        paging.optional_id(query, "queueId", QueueId),
        _state(paging.single(query, "state")),
        paging.optional_id(query, "agentId", AgentId),
        paging.optional_instant(query, "from"),
        paging.optional_instant(query, "to"),
    )
    wanted_page = cursor.list_request(request, query, CallbackKey)
    async with connection(request) as conn:
        part = await wanted_page.fetch(
            page=partial(store.page, conn, who.tenant_id, by),
            after=partial(store.after, conn, who.tenant_id, by),
            key=lambda one: CallbackKey(one.due_at, one.callback_id),
        )
        reasons = await why.pending(conn, who.tenant_id, part.rows)
    written = phone.formatter(who.country)
    return ok(
        CallbackPage(
            totalRecord=part.total,
            nextCursor=part.next,
            data=[listed(one, reasons.get(one.callback_id), written) for one in part.rows],
        )
    )


def _state(text: str | None) -> CallbackState | None:
    if text is not None and text not in _STATES:
        raise InvalidInput(f"state must be one of {', '.join(_STATES)}, not {shown(text)!r}")
    return None if text is None else CallbackState(text)


@endpoint(
    Endpoint(
        method="POST",
        path="/callbacks",
        scope=Scope.AGENT,
        own=Own.BODY,
        tag=_TAG,
        summary="Have a number called by an agent of a queue, now or at a time",
        description=(
            "It is called within the queue's opening hours and the tenant's calling hours, when an agent is idle whom "
            "no caller who came before `dueAt` may have; by `agentId` for `patienceSec`, then by any agent of the "
            "queue. Numbers on a do-not-call list are not called."
        ),
        body=NewCallback,
        refine={"NewCallback": NEW_SCHEMA},
        body_sample={"queueId": 1001226, "phoneNumber": "0901234567", "dueAt": "2027-03-10T02:00:00Z", "agentId": 7},
        response=CallbackCreated,
        sample=done_sample("Callback created", callbackId=SAMPLE["callbackId"]),
        failures=(NotFound("Inbound queue not found"),),
        states=True,
    )
)
async def create_callback(request: Request) -> Response:
    raw, by = await body.read_json(request), principal_of(request)
    sent = wanted(body.decode(raw, _new), by.country)
    if sent.agent_id is not None:
        by.require_agent(sent.agent_id)

    async def work(conn: Connection) -> CallbackCreated:
        made = await store.create(conn, by.tenant_id, sent, by.author)
        if isinstance(made, Refusal):
            raise _refused(made)
        return CallbackCreated(error_message="Callback created", callbackId=made.callback_id)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="PATCH",
        path="/callbacks/{callbackId}",
        scope=Scope.AGENT,
        own=Own.CALLBACK,
        tag=_TAG,
        summary="Change the time of a pending callback, or the agent for whom it is kept",
        body=CallbackChange,
        refine={"CallbackChange": CHANGE_SCHEMA},
        body_sample={"dueAt": "2027-03-10T03:00:00Z"},
        response=Done,
        sample=done_sample("Callback updated"),
        failures=(NotFound("Callback not found"),),
        states=True,
    )
)
async def change_callback(request: Request) -> Response:
    by, callback_id = principal_of(request), _callback_id(request)
    sent = body.decode(await body.read_json(request), _change)
    if all(field is UNSET for field in (sent.dueAt, sent.agentId, sent.patienceSec)):
        raise InvalidInput("Expected at least one field to change")
    due_at = UNSET if sent.dueAt is UNSET else utc("dueAt", sent.dueAt)
    agent = agent_of(sent)
    if isinstance(agent, tuple) and agent[0] is not None:
        by.require_agent(agent[0])
    async with connection(request) as conn:
        refusal = await store.change(conn, by.tenant_id, callback_id, due_at=due_at, agent=agent, by=by.author)
    if refusal is not None:
        raise _refused(refusal)
    return ok(Done(error_message="Callback updated"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/callbacks/{callbackId}",
        scope=Scope.AGENT,
        own=Own.CALLBACK,
        tag=_TAG,
        summary="Cancel a pending callback",
        response=Done,
        sample=done_sample("Callback cancelled"),
        failures=(NotFound("Callback not found"),),
        states=True,
    )
)
async def cancel_callback(request: Request) -> Response:
    by, callback_id = principal_of(request), _callback_id(request)
    async with connection(request) as conn:
        refusal = await store.cancel(conn, by.tenant_id, callback_id, by.author)
    if refusal is not None:
        raise _refused(refusal)
    return ok(Done(error_message="Callback cancelled"))


def _callback_id(request: Request) -> UUID:
    text = request.path_params["callbackId"]
    if not ids.is_call_id(text):
        raise NotFound("Callback not found")
    return UUID(text)


def _refused(refusal: Refusal) -> ApiError:
    match refusal:
        case Refusal.NO_CALLBACK:
            return NotFound("Callback not found")
        case Refusal.NO_QUEUE:
            return NotFound("Inbound queue not found")
        case Refusal.NO_AGENT:
            return NotFound("Agent not found")
        case Refusal.EXISTS:
            return InvalidState("The number is to be called back for the queue already")
        case Refusal.NOT_PENDING:
            return InvalidState("The callback is being called, or is over")
        case Refusal.PAST:
            return InvalidInput("dueAt must not be in the past")


HANDLERS: list[Route] = [list_callbacks, create_callback, change_callback, cancel_callback]
