"""`/numbers`: a tenant's own numbers. The operator gives and takes them (`/called-numbers`)."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec

from tongdai.http import cursor, paging
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of, query_of
from tongdai.http.envelope import ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.numbers.own import store
from tongdai.numbers.own.store import OwnNumber

_TAG = "Numbers and endpoints"
_SAMPLE: dict[str, Any] = {
    "phoneNumber": "+842873001234",
    "national": "02873001234",
    "trunk": "carrier",
    "givenAt": "2026-03-10T02:00:00Z",
    "queueId": 1001226,
    "campaignIds": [1042],
}


class OwnNumberView(msgspec.Struct, kw_only=True):
    phoneNumber: str
    """A number that callers dial, in E.164."""
    national: str
    """Its digits as they are dialled within its country."""
    trunk: str | None
    """The trunk by which its calls come; null: any."""
    givenAt: datetime
    """When the operator gave it to the tenant."""
    queueId: int | None
    """The queue that its callers reach; null: none has the number, and they are refused."""
    campaignIds: list[int]
    """The campaigns that show it to the persons whom they call."""


class OwnNumberPage(Listed, kw_only=True):
    data: list[OwnNumberView]
    """The numbers, in ascending order."""


class CallerIdView(msgspec.Struct, kw_only=True):
    callerId: str
    """A number that called persons are shown, as campaigns have it."""
    campaignIds: list[int]
    """The campaigns that show it."""


class CallerIdList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[CallerIdView]
    """The caller ids."""


@endpoint(
    Endpoint(
        method="GET",
        path="/numbers",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="List the numbers of the tenant that callers dial, with the queue that each leads to",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=OwnNumberPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
    )
)
async def list_numbers(request: Request) -> Response:
    tenant_id = principal_of(request).tenant_id
    wanted = cursor.list_request(request, query_of(request), int)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id),
            after=partial(store.after, conn, tenant_id),
            key=lambda number: number.number,
        )
    return ok(OwnNumberPage(totalRecord=part.total, nextCursor=part.next, data=[_view(one) for one in part.rows]))


@endpoint(
    Endpoint(
        method="GET",
        path="/numbers/caller-ids",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="List the numbers that campaigns show to the persons whom they call",
        response=CallerIdList,
        sample={"success": "1", "data": [{"callerId": "02873001234", "campaignIds": [1042]}]},
    )
)
async def list_caller_ids(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.caller_ids(conn, principal_of(request).tenant_id)
    return ok(CallerIdList(data=[CallerIdView(callerId=number, campaignIds=list(of)) for number, of in found]))


def _view(number: OwnNumber) -> OwnNumberView:
    return OwnNumberView(
        phoneNumber=f"+{number.number}",
        national=number.national,
        trunk=number.trunk,
        givenAt=number.given_at,
        queueId=number.queue_id,
        campaignIds=list(number.campaign_ids),
    )


HANDLERS: list[Route] = [list_numbers, list_caller_ids]
