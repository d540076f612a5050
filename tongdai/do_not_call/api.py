"""`/do-not-call`: lists of numbers that must not be called, by any campaign or by one, and a check of one number."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec

from tongdai import ids
from tongdai.contacts.api import PHONE_SCHEMA
from tongdai.contacts.numbers import phone
from tongdai.contacts.store import campaign_exists
from tongdai.db.pool import Connection
from tongdai.do_not_call import store
from tongdai.do_not_call.entries import api as entries_api
from tongdai.do_not_call.entries import list_api as entries_list_api
from tongdai.do_not_call.entries.list_api import TAG, list_id_of, number_asked_for
from tongdai.do_not_call.model import MAX_NAME, DncList
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import Listed
from tongdai.http.endpoint import (
    ID,
    NAME,
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
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, DncListId


class DncListView(msgspec.Struct):
    dncListId: int
    """The list."""
    name: str
    """Its name, unique in the tenant."""
    campaignId: int | None
    """The campaign that it is for; null: for all of the tenant's."""
    entryCount: int
    """Number of its entries, expired ones included."""
    createdAt: datetime
    """When it was created."""


class DncListPage(Listed, kw_only=True):
    data: list[DncListView]
    """The lists, by id."""


class NewDncList(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    """Name of the list, unique in the tenant."""
    campaignId: int | None = None
    """The campaign that it is for; null: for all of the tenant's."""


class DncListCreated(Done, kw_only=True):
    dncListId: int
    """The new list."""


class MentionView(msgspec.Struct):
    dncListId: int
    """The list that has the number."""
    name: str
    """Name of the list."""
    campaignId: int | None
    """The campaign that the list is for; null: for all of the tenant's."""
    reason: str | None
    """Why the number is listed, as sent."""
    expiresAt: datetime | None
    """From when on the number may be called again; null: never."""
    createdAt: datetime
    """When the number was added."""


class DncCheck(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    phoneNumber: str
    """The number that was checked."""
    listed: bool
    """Whether it must not be called now."""
    data: list[MentionView]
    """The lists that have it."""


_new_list = msgspec.json.Decoder(NewDncList)

_SAMPLE: dict[str, Any] = {
    "dncListId": 12,
    "name": "Khong lam phien",
    "campaignId": None,
    "entryCount": 1500,
    "createdAt": "2026-03-10T02:00:00Z",
}


@endpoint(
    Endpoint(
        method="GET",
        path="/do-not-call",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="List the do-not-call lists; those without a campaignId apply to every campaign",
        query=(*paging.PAGE_QUERY, cursor.QUERY),
        response=DncListPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
    )
)
async def list_lists(request: Request) -> Response:
    query, tenant_id = query_of(request), principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, DncListId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.lists, conn, tenant_id),
            after=partial(store.lists_after, conn, tenant_id),
            key=lambda one: one.dnc_list_id,
        )
    return ok(DncListPage(totalRecord=part.total, nextCursor=part.next, data=[_view(one) for one in part.rows]))


@endpoint(
    Endpoint(
        method="POST",
        path="/do-not-call",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Create a do-not-call list, for every campaign or for one",
        body=NewDncList,
        refine={"NewDncList": {"name": {"minLength": 1, **NAME}, "campaignId": ID}},
        body_sample={"name": "Khong lam phien"},
        response=DncListCreated,
        sample=done_sample("Do-not-call list created", dncListId=12),
        failures=(NotFound("Campaign not found"),),
    )
)
async def create_list(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new_list)
    body.text_field("name", new.name, MAX_NAME, min_length=1)
    campaign_id = None if new.campaignId is None else CampaignId(ids.from_body("campaignId", new.campaignId))
    principal = principal_of(request)

    async def work(conn: Connection) -> DncListCreated:
        if campaign_id is not None and not await campaign_exists(conn, principal.tenant_id, campaign_id):
            raise NotFound("Campaign not found")
        dnc_list_id = await store.create(conn, principal.tenant_id, new.name, campaign_id, principal.author)
        if dnc_list_id is None:
            raise InvalidInput(f"name {shown(new.name)!r} is another do-not-call list's already")
        return DncListCreated(error_message="Do-not-call list created", dncListId=dnc_list_id)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="GET",
        path="/do-not-call/{dncListId}",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Get a do-not-call list; entryCount includes expired entries",
        response=DncListView,
        sample=_SAMPLE,
    )
)
async def get_list(request: Request) -> Response:
    dnc_list_id = list_id_of(request)
    async with connection(request) as conn:
        found = await store.find(conn, principal_of(request).tenant_id, dnc_list_id)
    if found is None:
        raise NotFound("Do-not-call list not found")
    return ok(_view(found))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/do-not-call/{dncListId}",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Delete a do-not-call list with its entries: its numbers may be called again",
        response=Done,
        sample=done_sample("Do-not-call list deleted successfully"),
    )
)
async def delete_list(request: Request) -> Response:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    async with connection(request) as conn:
        if not await store.delete(conn, principal.tenant_id, dnc_list_id, principal.author):
            raise NotFound("Do-not-call list not found")
    return ok(Done(error_message="Do-not-call list deleted successfully"))


@endpoint(
    Endpoint(
        method="GET",
        path="/do-not-call/check",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Check whether a number is on a do-not-call list now, and on which",
        description="With `campaignId`: the lists of that campaign and of all campaigns. Without it: all lists.",
        query=(
            Query("phoneNumber", "A number in any written form", {"type": "string", **PHONE_SCHEMA}, "0901234567"),
            Query("campaignId", "The campaign that would call it", {"type": "integer", **ID}),
        ),
        response=DncCheck,
        sample={
            "success": "1",
            "phoneNumber": "0901234567",
            "listed": True,
            "data": [
                {
                    "dncListId": 12,
                    "name": "Khong lam phien",
                    "campaignId": None,
                    "reason": "Asked not to be called",
                    "expiresAt": None,
                    "createdAt": "2026-03-10T02:00:00Z",
                }
            ],
        },
        failures=(NotFound("Campaign not found"),),
    )
)
async def check(request: Request) -> Response:
    principal = principal_of(request)
    query = query_of(request)
    number = number_asked_for(query, principal.country)
    if number is None:
        raise InvalidInput("phoneNumber is missing: expected a phone number")
    campaign_id = paging.optional_id(query, "campaignId", CampaignId)
    async with connection(request) as conn:
        if campaign_id is not None and not await campaign_exists(conn, principal.tenant_id, campaign_id):
            raise NotFound("Campaign not found")
        found = await store.matches(conn, principal.tenant_id, number, campaign_id)
    shown_number = phone.formatter(principal.country)(number)
    return ok(DncCheck(phoneNumber=shown_number, listed=bool(found), data=[MentionView(*one) for one in found]))


def _view(found: DncList) -> DncListView:
    return DncListView(found.dnc_list_id, found.name, found.campaign_id, found.entries, found.created_at)


HANDLERS: list[Route] = [
    list_lists,
    create_list,
    get_list,
    delete_list,
    check,
    *entries_list_api.HANDLERS,
    *entries_api.HANDLERS,
]
