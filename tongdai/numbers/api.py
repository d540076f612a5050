"""`/called-numbers`: give the numbers that callers dial to tenants. For platform keys alone."""

from functools import partial

import msgspec

from tongdai import ids
from tongdai.contacts.numbers.phone import NumberFault
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
from tongdai.ids import TenantId
from tongdai.numbers import core, store
from tongdai.numbers.endpoints import api as endpoints_api
from tongdai.numbers.endpoints.check import check_name, country_of
from tongdai.numbers.model import GiveRefusal
from tongdai.numbers.own import api as own_api
from tongdai.numbers.view import (
    NUMBER_SCHEMA,
    SAMPLE,
    TRUNK_SCHEMA,
    CalledNumberGiven,
    CalledNumberPage,
    NewCalledNumber,
    number_view,
)

_TAG = "Numbers and endpoints"
_PLATFORM = "For a platform key: it concerns the whole installation."
_new = msgspec.json.Decoder(NewCalledNumber)


@endpoint(
    Endpoint(
        method="GET",
        path="/called-numbers",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="List the numbers that callers dial, with the tenants that they are given to",
        description=_PLATFORM,
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query("tenantId", "Numbers of this tenant", {"type": "integer", **ID}, 20260310),
        ),
        response=CalledNumberPage,
        sample={"success": "1", "totalRecord": 1, "data": [SAMPLE]},
    )
)
async def list_numbers(request: Request) -> Response:
    query = query_of(request)
    tenant_id = paging.optional_id(query, "tenantId", TenantId)
    wanted = cursor.list_request(request, query, int)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id=tenant_id),
            after=partial(store.after, conn, tenant_id=tenant_id),
            key=lambda number: number.number,
        )
    return ok(
        CalledNumberPage(totalRecord=part.total, nextCursor=part.next, data=[number_view(one) for one in part.rows])
    )


@endpoint(
    Endpoint(
        method="POST",
        path="/called-numbers",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Give a number that callers dial to a tenant",
        description=(
            f"{_PLATFORM} A call to a number that is given to nobody, or that no queue has, is refused before it is "
            "answered. With `trunk` its calls come by that trunk alone, and the carrier may send its last digits. A "
            "number that the tenant has already gets the trunk of the request."
        ),
        body=NewCalledNumber,
        refine={"NewCalledNumber": {"phoneNumber": NUMBER_SCHEMA, "tenantId": ID, "trunk": TRUNK_SCHEMA}},
        body_sample={"phoneNumber": "02873001234", "tenantId": 20260310, "trunk": "carrier"},
        response=CalledNumberGiven,
        sample=done_sample("Number given", number=SAMPLE),
        failures=(
            NotFound("Tenant not found"),
            InvalidInput("phoneNumber +842873001234 is tenant 7's: take it first"),
        ),
    )
)
async def give_number(request: Request) -> Response:
    new = body.decode(await body.read_json(request), _new)
    tenant_id = TenantId(ids.from_body("tenantId", new.tenantId))
    if new.trunk is not None:
        check_name("trunk", new.trunk)
    async with connection(request) as conn:
        number = _read(new.phoneNumber, await country_of(conn, tenant_id))
        given = await store.give(conn, tenant_id, number, new.trunk, principal_of(request).author)
        if given is GiveRefusal.OTHER_TENANT:
            owner = await store.find(conn, number)
            whose = "another's" if owner is None else f"tenant {owner.tenant_id}'s"
            raise InvalidInput(f"phoneNumber +{number} is {whose}: take it first")
    if isinstance(given, GiveRefusal):
        raise InvalidInput(f"trunk {new.trunk} is not a trunk of tenant {tenant_id}: give it to them first")
    return ok(CalledNumberGiven(error_message="Number given", number=number_view(given)))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/called-numbers/{phoneNumber}",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Take a number, in any written form, from the tenant that it is given to; its callers are refused",
        description=_PLATFORM,
        response=Done,
        sample=done_sample("Number taken"),
        failures=(InvalidInput("phoneNumber fits 2 numbers: expected its international form, with a +"),),
    )
)
async def take_number(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.written_as(conn, request.path_params["phoneNumber"])
        if len(found) > 1:
            raise InvalidInput(f"phoneNumber fits {len(found)} numbers: expected its international form, with a +")
        taken = await store.take(conn, found[0].number, principal_of(request).author) if found else None
    if taken is None:
        raise NotFound("Number not found")
    return ok(Done(error_message="Number taken"))


def _read(text: str, country: str) -> int:
    number = core.read(text, country)
    if isinstance(number, NumberFault):
        raise InvalidInput(f"phoneNumber {shown(text)!r} {number.message}")
    return number


HANDLERS: list[Route] = [list_numbers, give_number, take_number, *endpoints_api.HANDLERS, *own_api.HANDLERS]
