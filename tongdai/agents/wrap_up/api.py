"""`/wrap-up-codes`, and the rules of campaigns and queues at `…/wrap-up`."""

from typing import Any

import msgspec

from tongdai import ids
from tongdai.agents.wrap_up import store
from tongdai.agents.wrap_up.model import CodeRefusal, Flags, RuleOwner
from tongdai.agents.wrap_up.of_call import api as of_call_api
from tongdai.agents.wrap_up.view import (
    CODE_SAMPLE,
    CODE_SCHEMA,
    RULE_SCHEMA,
    CodeChange,
    CodeCreated,
    CodeList,
    NewCode,
    NewRule,
    RuleView,
    code_view,
    fields_of,
    rule_of,
    rule_view,
)
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Own, Scope
from tongdai.ids import CampaignId, CodeId, QueueId

TAG = "Wrap-up"
_new = msgspec.json.Decoder(NewCode)
_change = msgspec.json.Decoder(CodeChange)
_rule = msgspec.json.Decoder(NewRule)
_NO_CODE = "Wrap-up code not found"


@endpoint(
    Endpoint(
        method="GET",
        path="/wrap-up-codes",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=TAG,
        summary="List the wrap-up codes of the tenant, by id, without those that were deleted",
        response=CodeList,
        sample={"success": "1", "data": [CODE_SAMPLE]},
    )
)
async def list_codes(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.codes(conn, principal_of(request).tenant_id)
    return ok(CodeList(data=[code_view(code) for code in found]))


@endpoint(
    Endpoint(
        method="POST",
        path="/wrap-up-codes",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Create a wrap-up code, which says what a call was and what follows from it",
        body=NewCode,
        refine={"NewCode": CODE_SCHEMA},
        body_sample={"name": "Sold", "success": True},
        response=CodeCreated,
        sample=done_sample("Wrap-up code created", codeId=3),
        states=True,
    )
)
async def create_code(request: Request) -> Response:
    raw = await body.read_json(request)
    sent = fields_of(body.decode(raw, _new))
    by = principal_of(request)
    name = sent.pop("name")

    async def work(conn: Connection) -> CodeCreated:
        made = await store.create(conn, by.tenant_id, name, Flags(**sent), by.author)
        if isinstance(made, CodeRefusal):
            raise _refused(made)
        return CodeCreated(error_message="Wrap-up code created", codeId=made)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="PATCH",
        path="/wrap-up-codes/{codeId}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Change a wrap-up code, for calls that get it from then on",
        body=CodeChange,
        refine={"CodeChange": {"": {"minProperties": 1}, **CODE_SCHEMA}},
        body_sample={"success": False},
        response=Done,
        sample=done_sample("Wrap-up code updated"),
        states=True,
    )
)
async def change_code(request: Request) -> Response:
    by, code_id = principal_of(request), _code_id(request)
    sent = fields_of(body.decode(await body.read_json(request), _change))
    if not sent:
        raise InvalidInput("Expected at least one field to change")
    async with connection(request) as conn:
        refusal = await store.change(conn, by.tenant_id, code_id, sent, by.author)
    if refusal is not None:
        raise _refused(refusal)
    return ok(Done(error_message="Wrap-up code updated"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/wrap-up-codes/{codeId}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Delete a wrap-up code: it is no longer offered, and calls that have it keep it",
        response=Done,
        sample=done_sample("Wrap-up code deleted"),
    )
)
async def delete_code(request: Request) -> Response:
    by, code_id = principal_of(request), _code_id(request)
    async with connection(request) as conn:
        if not await store.retire(conn, by.tenant_id, code_id, by.author):
            raise NotFound(_NO_CODE)
    return ok(Done(error_message="Wrap-up code deleted"))


def _code_id(request: Request) -> CodeId:
    return CodeId(ids.from_path(request.path_params["codeId"], "Wrap-up code"))


def _refused(refusal: CodeRefusal) -> ApiError:
    match refusal:
        case CodeRefusal.NO_CODE:
            return NotFound(_NO_CODE)
        case CodeRefusal.NAME_TAKEN:
            return InvalidState("Another wrap-up code has that name")
        case CodeRefusal.TOO_MANY:
            return InvalidState(f"A tenant has at most {store.MAX_CODES} wrap-up codes")
        case CodeRefusal.CONTRADICTS:
            return InvalidInput("callback contradicts doNotCall and numberUnusable: the number would be called again")


_RULE_SAMPLE: dict[str, Any] = {"mode": "mandatory", "timedSec": None, "codeIds": [3], "codes": [CODE_SAMPLE]}


def _owner(path: str, value: str) -> RuleOwner:
    if path.startswith("/campaigns"):
        return RuleOwner(campaign_id=CampaignId(ids.from_path(value, "Campaign")))
    return RuleOwner(queue_id=QueueId(ids.from_path(value, "Inbound queue")))


def _rules(path: str, scope: Scope, calls: str, missing: str) -> list[Route]:
    """The rule of a campaign or of a queue: to get and to set."""

    @endpoint(
        Endpoint(
            method="GET",
            path=path,
            scope=scope,
            own=Own.ANY,
            tag=TAG,
            summary=f"Get how agents wrap up {calls}, and with which codes",
            response=RuleView,
            sample=_RULE_SAMPLE,
        )
    )
    async def get(request: Request) -> Response:
        tenant_id, owner = principal_of(request).tenant_id, _owner(path, request.path_params["id"])
        async with connection(request) as conn:
            if not await store.exists(conn, tenant_id, owner):
                raise NotFound(missing)
            rule = await store.rule(conn, tenant_id, owner)
            codes = await store.codes(conn, tenant_id)
        return ok(rule_view(rule, codes))

    @endpoint(
        Endpoint(
            method="PUT",
            path=path,
            scope=scope,
            tag=TAG,
            summary=f"Set how agents wrap up {calls}, and with which codes; for calls that end from then on",
            body=NewRule,
            refine={"NewRule": RULE_SCHEMA},
            body_sample={"mode": "mandatory", "codeIds": [3]},
            response=Done,
            sample=done_sample("Wrap-up rule set"),
            failures=(NotFound(missing),),
        )
    )
    async def put(request: Request) -> Response:
        by, owner = principal_of(request), _owner(path, request.path_params["id"])
        rule = rule_of(body.decode(await body.read_json(request), _rule))
        async with connection(request) as conn:
            if not await store.exists(conn, by.tenant_id, owner):
                raise NotFound(missing)
            unknown = await store.set_rule(conn, by.tenant_id, owner, rule, by.author)
        if unknown is not None:
            raise NotFound(_NO_CODE)
        return ok(Done(error_message="Wrap-up rule set"))

    return [get, put]


HANDLERS: list[Route] = [
    list_codes,
    create_code,
    change_code,
    delete_code,
    *_rules("/campaigns/{id}/wrap-up", Scope.CAMPAIGN, "calls of a campaign", "Campaign not found"),
    *_rules("/queues/inbound/{id}/wrap-up", Scope.QUEUE, "calls of a queue's callers", "Inbound queue not found"),
    *of_call_api.HANDLERS,
]
