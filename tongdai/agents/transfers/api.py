"""`/calls/{callId}/transfer`: to a queue, an agent or a number."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tongdai import ids
from tongdai.agents.transfers import store
from tongdai.calls.acts.acting import NOT_DONE, TAG, WAITS, call_of, done
from tongdai.calls.acts.model import Kind
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues import store as queues


class TransferRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Where the customer goes: exactly one of the three."""

    queueId: int | None = None
    """A queue, which must take callers now."""
    agentId: int | None = None
    """They are called first, or joined; after 30 seconds anybody of their queue."""
    number: str | None = None
    """A telephone number, called over the trunk of the call's number."""


_transfer = msgspec.json.Decoder(TransferRequest)
_NO_QUEUE, _NO_AGENT = NotFound("Inbound queue not found"), NotFound("Agent not found")


@endpoint(
    Endpoint(
        method="POST",
        path="/calls/{callId}/transfer",
        scope=Scope.AGENT,
        own=Own.CALL,
        tag=TAG,
        summary="Transfer the customer to a queue, an agent or a number, without asking there first",
        description="The agent leaves the call at once and wraps up; the customer hears music, at the place of their "
        "arrival. A caller who waits is moved, and keeps the place. A queue that takes no callers now refuses, and so "
        "does an agent who is not signed in, or is paused. A number that is not reached leads the customer back to the "
        "queue of the talk. "
        f"{WAITS}",
        body=TransferRequest,
        refine={"TransferRequest": {"queueId": ID, "agentId": ID, "number": {"maxLength": phone.MAX_TEXT}}},
        body_sample={"queueId": 7},
        response=Done,
        sample=done_sample("Call is transferred"),
        failures=(NotFound("Call not found"), _NO_QUEUE, _NO_AGENT, NOT_DONE),
        states=True,
    )
)
async def transfer(request: Request) -> Response:
    call_id = call_of(request)
    raw = await body.read_json(request)
    sent = body.decode(raw, _transfer)
    given = [name for name in ("queueId", "agentId", "number") if getattr(sent, name) is not None]
    if len(given) != 1:
        raise InvalidInput(f"Give one of queueId, agentId and number, not {' and '.join(given) or 'none'}")
    tenant_id = principal_of(request).tenant_id
    async with connection(request) as conn:
        arguments = await _target(conn, tenant_id, principal_of(request).country, call_id, sent)
    return await done(request, raw, Kind.TRANSFER, arguments, "Call is transferred")


async def _target(
    conn: Connection, tenant_id: TenantId, country: str, call_id: UUID, sent: TransferRequest
) -> Mapping[str, Any]:
    """The arguments of the act, checked."""
    if sent.number is not None:
        number = phone.normalise(sent.number, country)
        if isinstance(number, phone.NumberFault):
            raise InvalidInput(f"number: {shown(sent.number)} {number.message}")
        return {"number": number}
    if sent.queueId is not None:
        queue_id = QueueId(ids.from_body("queueId", sent.queueId))
        if await queues.find(conn, tenant_id, queue_id) is None:
            raise _NO_QUEUE
        return {"queueId": queue_id}
    assert sent.agentId is not None, "exactly one is given"
    agent_id = AgentId(ids.from_body("agentId", sent.agentId))
    found = await store.target(conn, tenant_id, call_id, agent_id)
    if found is None:
        raise _NO_AGENT
    if found.refusal is not None:
        raise InvalidState(found.refusal)
    return {"queueId": found.queue_id, "agentId": agent_id}


HANDLERS: list[Route] = [transfer]
