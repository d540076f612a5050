"""`/calls/{callId}/wrap-up`: the code of a call; `/wrap-up-codes/counts`: how many calls have which."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tongdai import ids
from tongdai.agents.wrap_up import store as codes
from tongdai.agents.wrap_up.model import MAX_NOTE, Code
from tongdai.agents.wrap_up.of_call import store
from tongdai.agents.wrap_up.of_call.store import Refusal, WrapUp
from tongdai.callbacks.model import MOST_PATIENCE_S, PATIENCE_S
from tongdai.callbacks.requests.view import patience
from tongdai.calls.codes import store as call_codes
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, paging
from tongdai.http.endpoint import (
    ID,
    PLAIN_TEXT,
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
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId, CampaignId, CodeId, QueueId

_TAG = "Wrap-up"


class WrapUpSent(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    codeId: int
    """The wrap-up code, one of those that the call's campaign or queue offers."""
    note: str | None = None
    """A note for people."""
    callbackAt: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """When the contact, or the caller, is to be called again; needed with a code that is a callback, and with no
    other."""
    callbackAgentId: int | None = None
    """The agent for whom the callback to a caller is kept; null: any of the queue."""
    callbackPatienceSec: int = PATIENCE_S
    """How long it is kept for the agent; then any agent of the queue calls."""
    endWrapUp: bool = True
    """Whether the wrap-up of the call's agent ends, if they are in it."""


class CodeCount(msgspec.Struct, kw_only=True):
    codeId: int
    """The code."""
    name: str
    """Its name."""
    calls: int
    """Number of calls that have it."""


class CodeCounts(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[CodeCount]
    """The codes that calls of the period have, by id, deleted ones included."""
    withoutCode: int
    """Number of calls of the period that had an agent, and have no code."""


_sent = msgspec.json.Decoder(WrapUpSent)
_WHY = {
    Refusal.NOT_REACHED: "The call was not answered, or had no agent",
    Refusal.WITHHELD: "The caller withholds their number: it cannot go on a do-not-call list, nor be called back",
    Refusal.CALLED_BACK: "The number is to be called back for the queue already",
    Refusal.LIST_TAKEN: f"The do-not-call list {store.DNC_LIST} is of one campaign: delete it, and it is made anew",
}


@endpoint(
    Endpoint(
        method="PUT",
        path="/calls/{callId}/wrap-up",
        scope=Scope.AGENT,
        own=Own.CALL_BEFORE,
        tag=_TAG,
        summary="Set or replace the wrap-up code of a call, during the call or after it, with what follows from it",
        description=(
            "One transaction sets the code, does what its flags say and ends the wrap-up of the agent (not with "
            "`endWrapUp` false). `success`, `doNotCall` and `numberUnusable`: the contact is done, at the end of the "
            "call if that is later, whatever the retry rules say. `doNotCall`: the number is on the tenant's list "
            "`Wrap-up codes` from then on. `callback`: the contact is due at `callbackAt`, and is called then or as "
            "soon afterwards as the campaign runs and its calling hours allow; do-not-call lists and frequency caps "
            "hold. A caller of a queue gets a callback of `/callbacks`, which is kept for `callbackAgentId` first. A "
            "code that replaces another decides about the contact or the callback anew; a number stays on the list."
        ),
        body=WrapUpSent,
        refine={
            "WrapUpSent": {
                "codeId": dict(ID),
                "callbackAgentId": dict(ID),
                "callbackPatienceSec": {"minimum": 1, "maximum": MOST_PATIENCE_S},
                "note": {"maxLength": MAX_NOTE, **PLAIN_TEXT},
            }
        },
        body_sample={"codeId": 3, "note": "Wants the blue one"},
        response=Done,
        sample=done_sample("Wrap-up code set"),
        failures=(NotFound("Call not found"),),
        states=True,
    )
)
async def set_code(request: Request) -> Response:
    by, text = principal_of(request), request.path_params["callId"]
    if not ids.is_call_id(text):
        raise NotFound("Call not found")
    sent = body.decode(await body.read_json(request), _sent)
    note = None if not sent.note else body.text_field("note", sent.note, MAX_NOTE)
    code_id = CodeId(ids.from_body("codeId", sent.codeId))
    patience_s = patience("callbackPatienceSec", sent.callbackPatienceSec)
    wrap_up = WrapUp(code_id, note, _utc(sent.callbackAt), _agent(sent), patience_s, sent.endWrapUp)
    async with connection(request) as conn:
        result = await store.set_code(conn, by.tenant_id, UUID(text), wrap_up, by.author)
    if isinstance(result, Refusal):
        raise _refused(result)
    return ok(Done(error_message="Wrap-up code set"))


def _agent(sent: WrapUpSent) -> AgentId | None:
    return None if sent.callbackAgentId is None else AgentId(ids.from_body("callbackAgentId", sent.callbackAgentId))


def _utc(at: datetime | None) -> datetime | None:
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(
            f"callbackAt must be an instant such as 2026-03-10T02:00:00Z, not {shown(str(at))}"
        ) from None


_INVALID = {
    Refusal.NO_CODE: "codeId must be a wrap-up code of the tenant",
    Refusal.NOT_OFFERED: "codeId must be one of the codes that the call's campaign or queue offers",
    Refusal.CALLBACK_TIME: "callbackAt must be an instant in the future with a callback, and missing without one",
    Refusal.NO_AGENT: "callbackAgentId must be an agent of the tenant",
    Refusal.OF_CAMPAIGN: "callbackAgentId is for a callback to a caller: contacts are called by their campaign",
}


def _refused(refusal: Refusal) -> ApiError:
    if refusal is Refusal.NO_CALL:
        return NotFound("Call not found")
    return InvalidInput(_INVALID[refusal]) if refusal in _INVALID else InvalidState(_WHY[refusal])


_INSTANT = {"type": "string", "format": "date-time"}
_ID: dict[str, Any] = {"type": "integer", "format": "int64", **ID}


@endpoint(
    Endpoint(
        method="GET",
        path="/wrap-up-codes/counts",
        scope=Scope.REPORT,
        tag=_TAG,
        summary="Count the calls that ended in a period by their wrap-up code",
        query=(
            Query("from", "Calls that ended at that instant or later; needed", _INSTANT, "2026-03-10T00:00:00Z"),
            Query("to", "Calls that ended before that instant; needed", _INSTANT, "2026-03-11T00:00:00Z"),
            Query("campaignId", "Calls of a campaign", _ID, 1042),
            Query("queueId", "Calls of a queue's callers", _ID, 1001226),
            Query("agentId", "Calls of an agent", _ID, 7),
        ),
        response=CodeCounts,
        sample={"success": "1", "data": [{"codeId": 3, "name": "Sold", "calls": 12}], "withoutCode": 3},
    )
)
async def counts(request: Request) -> Response:
    tenant_id, query = principal_of(request).tenant_id, query_of(request)
    since, before = _needed(query, "from"), _needed(query, "to")
    async with connection(request) as conn:
        found = await call_codes.counts(
            conn,
            tenant_id,
            since,
            before,
            campaign_id=paging.optional_id(query, "campaignId", CampaignId),
            queue_id=paging.optional_id(query, "queueId", QueueId),
            agent_id=paging.optional_id(query, "agentId", AgentId),
        )
        known: dict[int, Code] = {code.code_id: code for code in await codes.codes(conn, tenant_id, retired=True)}
    rows = [
        CodeCount(codeId=code_id, name=known[CodeId(code_id)].name, calls=calls)
        for code_id, calls in found.items()
        if code_id is not None
    ]
    return ok(CodeCounts(data=sorted(rows, key=lambda row: row.codeId), withoutCode=found.get(None, 0)))


def _needed(query: dict[str, list[str]], name: str) -> datetime:
    at = paging.optional_instant(query, name)
    if at is None:
        raise InvalidInput(f"{name} is missing: expected an instant such as 2026-03-10T02:00:00Z")
    return at


HANDLERS: list[Route] = [set_code, counts]
