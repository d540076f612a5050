"""Contact lists and contacts of a campaign."""

from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.contacts import listing, on_duplicate, store, update_store
from tongdai.contacts.fields import FIELDS, index_of, sent_of
from tongdai.contacts.model import MAX_ATTRIBUTES, Added, Change, NewContact, Search
from tongdai.contacts.numbers import phone
from tongdai.contacts.store import ContactRefusal
from tongdai.contacts.validation import Problem, check, check_fields
from tongdai.contacts.view import (
    CHANGEABLE,
    SAMPLE,
    SCHEMAS,
    ContactBody,
    ContactChange,
    ContactDetail,
    ContactPage,
    rows_of,
)
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound
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
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Principal, Scope
from tongdai.ids import CampaignId, ContactId, ListId

_TAG = "Contacts"
_SEPARATORS = r" .\-()\[\]/\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
PHONE_SCHEMA = {
    "minLength": 1,
    "maxLength": phone.MAX_TEXT,
    "format": "phone",
    "pattern": rf"^[{_SEPARATORS}]*\+?[0-9{_SEPARATORS}]*[0-9][0-9{_SEPARATORS}]*$",
}
"""The form of every number; which of them a country assigns, a pattern cannot say."""


class ListRow(msgspec.Struct):
    listId: int
    """The list."""
    listName: str
    """Its name, unique in the campaign."""
    contactCount: int
    """Number of its contacts."""


class ListPage(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    totalRecord: int
    """Number of lists."""
    data: list[ListRow]
    """All lists of the campaign, by id."""


class ContactAdded(Done, kw_only=True):
    contactId: int
    """The contact; of a number that the campaign has, the one that has it."""
    listId: int
    """The list that the contact is in."""
    duplicate: bool
    """Whether the campaign had the number, so that nothing was created."""
    updated: bool | UnsetType = UNSET
    """Whether the contact that has the number was updated; only with `onDuplicate=update`."""


_EXTERNAL_ID = FIELDS[index_of("external_id")].text.max_length
_body = msgspec.json.Decoder(ContactBody)
_change = msgspec.json.Decoder(ContactChange)

TIME_ZONE = {"maxLength": 64}


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contact-lists",
        by_vendor=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Retrieve all contact lists belonging to a campaign",
        response=ListPage,
        sample={
            "success": "1",
            "totalRecord": 2,
            "data": [
                {"listId": 501, "listName": "Danh sach thang 4", "contactCount": 150},
                {"listId": 502, "listName": "Default List", "contactCount": 30},
            ],
        },
    )
)
async def contact_lists(request: Request) -> Response:
    campaign_id = _campaign_id(request)
    async with connection(request) as conn:
        found = await listing.lists(conn, principal_of(request).tenant_id, campaign_id)
    if found is None:
        raise NotFound("Campaign not found")
    rows = [ListRow(row.list_id, row.name, row.contact_count) for row in found]
    return ok(ListPage(totalRecord=len(rows), data=rows))


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contact-lists/{listId}/contacts",
        by_vendor=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Retrieve the contacts of a contact list, by id",
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query(
                "processStatus", "0 pending, 1 in_call, 2 processed", {"type": "integer", "minimum": 0, "maximum": 2}, 0
            ),
            Query("phoneNumber", "A number in any written form", {"type": "string"}, "0901234567"),
            Query("externalId", "The caller's own reference", {"type": "string", "maxLength": _EXTERNAL_ID}, "CRM-1"),
        ),
        response=ContactPage,
        sample={"success": "1", "totalRecord": 150, "data": [SAMPLE]},
    )
)
async def contacts(request: Request) -> Response:
    who = principal_of(request)
    campaign_id = _campaign_id(request, "Contact list")
    list_id = ListId(ids.from_path(request.path_params["listId"], "Contact list"))
    query = query_of(request)
    wanted, search = cursor.list_request(request, query, ContactId), _search(query, who.country)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(listing.page, conn, who.tenant_id, campaign_id, list_id, search),
            after=partial(listing.after, conn, who.tenant_id, campaign_id, list_id, search),
            key=lambda contact: contact.contact_id,
            missing="Contact list not found",
        )
    return ok(ContactPage(totalRecord=part.total, nextCursor=part.next, data=rows_of(part.rows, who)))


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts",
        by_vendor=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Add a contact to the campaign; without listId to its first list, made if it has none",
        query=(on_duplicate.QUERY,),
        body=ContactBody,
        refine={
            "ContactBody": {
                "phoneNumber": PHONE_SCHEMA,
                "listId": ID,
                "timeZone": TIME_ZONE,
                **SCHEMAS,
            }
        },
        body_sample={"phoneNumber": "0901234567", "name": "Nguyen Van A", "listId": 501},
        response=ContactAdded,
        sample=done_sample("Contact added to list 501", contactId=88001, listId=501, duplicate=False),
        states=True,
    )
)
async def add_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id = _campaign_id(request)
    updates = on_duplicate.asked_by(request)
    raw = await body.read_json(request)
    new, list_id = new_of(raw, who)

    async def work(conn: Connection) -> ContactAdded:
        while True:
            added = await store.add(conn, who.tenant_id, campaign_id, list_id, new)
            if isinstance(added, ContactRefusal):
                raise error_of(added)
            if not updates:
                return _added(added)
            if not added.duplicate:
                return msgspec.structs.replace(_added(added), updated=False)
            updated = await update_store.update(conn, who.tenant_id, campaign_id, added.contact_id, new, who.author)
            if updated is not None:  # else it was deleted meanwhile
                return _updated(added, updated)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="GET",
        path="/campaigns/{id}/contacts/{contactId}",
        scope=Scope.CAMPAIGN,
        own=Own.CONTACT,
        tag=_TAG,
        summary="A contact; timeZone is where it is called by the clock, several by commas, null when unknown",
        response=ContactDetail,
        sample=SAMPLE | {"listId": 501},
    )
)
async def get_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id, contact_id = _contact_of(request)
    async with connection(request) as conn:
        found = await listing.find(conn, who.tenant_id, campaign_id, contact_id)
    if found is None:
        raise NotFound("Contact not found")
    contact, list_id = found
    (row,) = rows_of([contact], who)
    return ok(ContactDetail(**msgspec.structs.asdict(row), listId=list_id))


@endpoint(
    Endpoint(
        method="PATCH",
        path="/campaigns/{id}/contacts/{contactId}",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Change what is sent of a contact; null clears it, and of timeZone gives the number's own again",
        body=ContactChange,
        refine={
            "ContactChange": {
                "": {"minProperties": 1},
                "timeZone": TIME_ZONE,
                **SCHEMAS,
            }
        },
        body_sample={"name": "Nguyen Van A", "timeZone": "Asia/Bangkok"},
        response=Done,
        sample=done_sample("Contact updated successfully"),
    )
)
async def change_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id, contact_id = _contact_of(request)
    change = _changed(body.decode(await body.read_json(request), _change))
    async with connection(request) as conn:
        refusal = await store.change(conn, who.tenant_id, campaign_id, contact_id, change, who.author)
    if refusal is not None:
        raise error_of(refusal)
    return ok(Done(error_message="Contact updated successfully"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/campaigns/{id}/contacts/{contactId}",
        by_vendor=True,
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Delete a contact; only while its processStatus is 0",
        response=Done,
        sample=done_sample("Contact deleted successfully"),
        states=True,
    )
)
async def delete_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id, contact_id = _contact_of(request)
    async with connection(request) as conn:
        refusal = await store.delete(conn, who.tenant_id, campaign_id, contact_id, who.author)
    if refusal is not None:
        raise error_of(refusal)
    return ok(Done(error_message="Contact deleted successfully"))


def _campaign_id(request: Request, noun: str = "Campaign") -> CampaignId:
    """`noun` is what is not found where there is no such campaign: a malformed id is answered like an unknown one."""
    return CampaignId(ids.from_path(request.path_params["id"], noun))


def _contact_of(request: Request) -> tuple[CampaignId, ContactId]:
    return _campaign_id(request, "Contact"), ContactId(ids.from_path(request.path_params["contactId"], "Contact"))


def _search(query: dict[str, list[str]], country: str) -> Search:
    status = paging.whole(query, "processStatus", -1, 0, 2)
    number = paging.single(query, "phoneNumber")
    if number is not None:
        written = phone.normalise(number, country)
        if isinstance(written, phone.NumberFault):
            raise InvalidInput(f"phoneNumber {written.message}")
        number = written
    external_id = paging.single(query, "externalId")
    if external_id is not None:
        body.text_field("externalId", external_id, _EXTERNAL_ID, min_length=1)
    return Search(None if status < 0 else status, number, external_id)


def new_of(raw: bytes, who: Principal) -> tuple[NewContact, ListId | None]:
    sent = body.decode(raw, _body)
    list_id = None if sent.listId is None else ListId(ids.from_body("listId", sent.listId))
    normalise = phone.normaliser(who.country)
    new = check(normalise, sent.phoneNumber, sent_of(sent), sent.attributes, sent.timeZone)
    if isinstance(new, Problem):
        raise InvalidInput(str(new))
    return new, list_id


def _changed(sent: Any) -> Change:
    if sent == ContactChange():
        raise InvalidInput(f"Expected at least one of {', '.join(CHANGEABLE)}")
    given = {field: value for field, value in zip(FIELDS, sent_of(sent), strict=True) if value is not UNSET}
    change = Change(
        values={field.column: value for field, value in given.items()},
        time_zone=sent.timeZone,
        attributes=sent.attributes,
    )
    attributes = None if isinstance(change.attributes, UnsetType) else change.attributes
    problem = check_fields(given, attributes, None if change.time_zone is UNSET else change.time_zone)
    if problem is not None:
        raise InvalidInput(str(problem))
    return change


def _added(added: Added) -> ContactAdded:
    return ContactAdded(
        error_message=f"Contact {'already in' if added.duplicate else 'added to'} list {added.list_id}",
        contactId=added.contact_id,
        listId=added.list_id,
        duplicate=added.duplicate,
    )


def _updated(added: Added, updated: bool) -> ContactAdded:
    if not updated:
        raise InvalidInput(
            f"attributes must have at most {MAX_ATTRIBUTES} bytes of JSON together with those that the contact has"
        )
    message = f"Contact updated in list {added.list_id}"
    return msgspec.structs.replace(_added(added), error_message=message, updated=True)


def error_of(refusal: ContactRefusal) -> ApiError:
    match refusal:
        case ContactRefusal.NO_CAMPAIGN:
            return NotFound("Campaign not found")
        case ContactRefusal.NO_LIST:
            return NotFound("Contact list not found")
        case ContactRefusal.NO_CONTACT:
            return NotFound("Contact not found")
        case ContactRefusal.STOPPED:
            return InvalidState("The campaign is stopped and takes no contacts")
        case ContactRefusal.NOT_PENDING:
            return InvalidState("The contact is being called or was called: only pending contacts can be deleted")


HANDLERS: list[Route] = [contact_lists, contacts, add_contact, get_contact, change_contact, delete_contact]
