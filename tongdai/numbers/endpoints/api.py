"""`/sip-endpoints`: give the phones and trunks of switches to tenants. For platform keys alone."""

from functools import partial

import msgspec

from tongdai import ids
from tongdai.errors import InvalidInput, NotFound, shown
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
from tongdai.http.principal import Scope
from tongdai.ids import EndpointId, TenantId
from tongdai.numbers.endpoints import store
from tongdai.numbers.endpoints.check import check_name, country_of
from tongdai.numbers.endpoints.model import EndpointKind, EndpointRefusal
from tongdai.numbers.endpoints.view import (
    NAME_SCHEMA,
    SAMPLE,
    SWITCH_SCHEMA,
    NewSipEndpoint,
    SipEndpointGiven,
    SipEndpointPage,
    endpoint_view,
)
from tongdai.switches import store as switches

_TAG = "Numbers and endpoints"
_PLATFORM = "For a platform key: it concerns the whole installation."
_KINDS = [kind.value for kind in EndpointKind]
_new = msgspec.json.Decoder(NewSipEndpoint)


@endpoint(
    Endpoint(
        method="GET",
        path="/sip-endpoints",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="List the phones and trunks that are given to tenants",
        description=_PLATFORM,
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query("tenantId", "Endpoints of this tenant", {"type": "integer", **ID}, 20260310),
            Query("switch", "Endpoints of this switch", {"type": "string", "maxLength": 64}, "default"),
            Query("kind", "Phones or trunks", {"type": "string", "enum": _KINDS}, "trunk"),
        ),
        response=SipEndpointPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
    )
)
async def list_endpoints(request: Request) -> Response:
    query = query_of(request)
    kind, switch = paging.single(query, "kind"), paging.single(query, "switch")
    if switch is not None:
        check_name("switch", switch)
    by = {
        "tenant_id": paging.optional_id(query, "tenantId", TenantId),
        "switch": switch,
        "kind": None if kind is None else _kind(kind),
    }
    wanted = cursor.list_request(request, query, EndpointId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, **by),
            after=partial(store.after, conn, **by),
            key=lambda one: one.endpoint_id,
        )
    return ok(
        SipEndpointPage(totalRecord=part.total, nextCursor=part.next, data=[endpoint_view(one) for one in part.rows])
    )


@endpoint(
    Endpoint(
        method="POST",
        path="/sip-endpoints",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Give a phone or trunk of a switch to a tenant, or a trunk to all",
        description=(
            f"{_PLATFORM} On an Asterisk with several tenants only what is given to a tenant is called for it: phones "
            "of agents, and trunks that campaigns name."
        ),
        body=NewSipEndpoint,
        refine={
            "NewSipEndpoint": {"name": NAME_SCHEMA, "kind": {"enum": _KINDS}, "tenantId": ID, "switch": SWITCH_SCHEMA}
        },
        body_sample={"name": "carrier", "kind": "trunk", "tenantId": 20260310},
        response=SipEndpointGiven,
        sample=done_sample("Endpoint given", endpoint=SAMPLE),
        failures=(
            NotFound("Tenant not found"),
            NotFound("Switch not found"),
            InvalidInput("name carrier is a trunk of tenant 7: take it first"),
        ),
    )
)
async def give_endpoint(request: Request) -> Response:
    new = body.decode(await body.read_json(request), _new)
    check_name("name", new.name)
    kind = _kind(new.kind)
    tenant_id = None if new.tenantId is None else TenantId(ids.from_body("tenantId", new.tenantId))
    if tenant_id is None and kind is not EndpointKind.TRUNK:
        raise InvalidInput("tenantId must be an id: only a trunk is of all tenants")
    async with connection(request) as conn:
        if tenant_id is not None:
            await country_of(conn, tenant_id)
        switch = await switches.find(conn, new.switch)
        if switch is None:
            raise NotFound("Switch not found")
        given = await store.give(conn, switch.switch_id, new.name, kind, tenant_id, principal_of(request).author)
        owner = await store.find(conn, switch.switch_id, new.name) if isinstance(given, EndpointRefusal) else None
    if isinstance(given, EndpointRefusal):
        raise InvalidInput(f"name {new.name} is {owner.owner if owner else 'another now'}: take it first")
    return ok(SipEndpointGiven(error_message="Endpoint given", endpoint=endpoint_view(given)))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/sip-endpoints/{id}",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Take a phone or trunk from whom it is given to; active calls continue",
        description=_PLATFORM,
        response=Done,
        sample=done_sample("Endpoint taken"),
    )
)
async def take_endpoint(request: Request) -> Response:
    endpoint_id = EndpointId(ids.from_path(request.path_params["id"], "Endpoint"))
    async with connection(request) as conn:
        if await store.take(conn, endpoint_id, principal_of(request).author) is None:
            raise NotFound("Endpoint not found")
    return ok(Done(error_message="Endpoint taken"))


def _kind(text: str) -> EndpointKind:
    if text not in _KINDS:
        raise InvalidInput(f"kind must be {' or '.join(_KINDS)}, not {shown(text)!r}")
    return EndpointKind(text)


HANDLERS: list[Route] = [list_endpoints, give_endpoint, take_endpoint]
