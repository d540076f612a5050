"""`/campaigns/{id}/contact-lists`: lists are created, renamed and deleted."""

import msgspec

from tongdai import ids
from tongdai.contacts.lists import store
from tongdai.contacts.lists.store import ListRefusal
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import NAME, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, ListId

_TAG = "Contacts"
_PATH = "/campaigns/{id}/contact-lists"
MAX_NAME = 255


class ListName(msgspec.Struct, forbid_unknown_fields=True):
    listName: str
    """Name of the list, unique in the campaign."""


class ListCreated(Done, kw_only=True):
    listId: int
    """The new list."""


_named = msgspec.json.Decoder(ListName)
_REFINED = {"ListName": {"listName": {"minLength": 1, **NAME}}}
_SENT = {"listName": "Danh sach thang 5"}
_TAKEN = InvalidInput("listName must be unique in the campaign, and another list has it")


@endpoint(
    Endpoint(
        method="POST",
        path=_PATH,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Create an empty contact list",
        body=ListName,
        refine=_REFINED,
        body_sample=_SENT,
        response=ListCreated,
        sample=done_sample("Contact list created", listId=503),
        failures=(_TAKEN,),
        states=True,
    )
)
async def create_list(request: Request) -> Response:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    raw = await body.read_json(request)
    name, who = _name(raw), principal_of(request)

    async def work(conn: Connection) -> ListCreated:
        made = await store.create(conn, who.tenant_id, campaign_id, name, who.author)
        if isinstance(made, ListRefusal):
            raise _error(made)
        return ListCreated(error_message="Contact list created", listId=made)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="PATCH",
        path=_PATH + "/{listId}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Rename a contact list",
        body=ListName,
        refine=_REFINED,
        body_sample=_SENT,
        response=Done,
        sample=done_sample("Contact list renamed"),
        failures=(_TAKEN,),
    )
)
async def rename_list(request: Request) -> Response:
    campaign_id, list_id = _list_of(request)
    name, who = _name(await body.read_json(request)), principal_of(request)
    async with connection(request) as conn:
        refusal = await store.rename(conn, who.tenant_id, campaign_id, list_id, name, who.author)
    if refusal is not None:
        raise _error(refusal)
    return ok(Done(error_message="Contact list renamed"))


@endpoint(
    Endpoint(
        method="DELETE",
        path=_PATH + "/{listId}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Delete a contact list that has no contacts; its imports keep its name",
        response=Done,
        sample=done_sample("Contact list deleted"),
        states=True,
    )
)
async def delete_list(request: Request) -> Response:
    campaign_id, list_id = _list_of(request)
    who = principal_of(request)
    async with connection(request) as conn:
        refusal = await store.delete(conn, who.tenant_id, campaign_id, list_id, who.author)
    if refusal is not None:
        raise _error(refusal)
    return ok(Done(error_message="Contact list deleted"))


def _list_of(request: Request) -> tuple[CampaignId, ListId]:
    noun = "Contact list"
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], noun))
    return campaign_id, ListId(ids.from_path(request.path_params["listId"], noun))


def _name(raw: bytes) -> str:
    name = body.decode(raw, _named).listName
    body.text_field("listName", name, MAX_NAME, min_length=1)
    return name


def _error(refusal: ListRefusal) -> ApiError:
    match refusal:
        case ListRefusal.NO_CAMPAIGN:
            return NotFound("Campaign not found")
        case ListRefusal.NO_LIST:
            return NotFound("Contact list not found")
        case ListRefusal.STOPPED:
            return InvalidState("The campaign is stopped and takes no lists")
        case ListRefusal.NAME_TAKEN:
            return _TAKEN
        case ListRefusal.HAS_CONTACTS:
            return InvalidState("The list has contacts: delete them, or move them to another list, before it")
        case ListRefusal.IMPORTING:
            return InvalidState("An import into the list has not ended, or is being undone")


HANDLERS: list[Route] = [create_list, rename_list, delete_list]
