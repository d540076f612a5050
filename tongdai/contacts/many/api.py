"""`/campaigns/{id}/contacts/delete`, `/move` and `/change`: many contacts at once."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.call_outcome import Outcome
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.many import change_store, store
from tongdai.contacts.many.model import MAX_CONTACTS, Chosen
from tongdai.contacts.model import Change, Scalar
from tongdai.contacts.store import campaign_exists
from tongdai.contacts.validation import check_fields
from tongdai.contacts.view import SCHEMAS
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.http import body
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import doc
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, ContactId, ListId, TenantId

_TAG = "Contacts"
_WIRE = [field.text.wire for field in FIELDS]
_OUTCOMES = [outcome.value for outcome in Outcome]


class ManyContacts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    contactIds: list[int] | None = None
    """Contacts by id."""
    listId: int | None = None
    """Contacts of one list."""
    callStatus: list[str] | None = None
    """Outcomes of last calls: only contacts that had one of them."""
    dryRun: bool = False
    """Whether to change nothing, and only count."""
    after: int = 0
    """The `next` of the response before it; 0 begins."""


class MovedContacts(ManyContacts, forbid_unknown_fields=True, kw_only=True):
    toListId: int
    """The list that they come into, of the same campaign."""


ContactValues: Any = msgspec.defstruct(
    "ContactValues",
    [
        *((wire, doc(str | UnsetType | None, "The same for all; null clears it."), UNSET) for wire in _WIRE),
        (
            "attributes",
            doc(dict[str, Scalar] | UnsetType | None, "Merged with those of each contact by key; null clears all."),
            UNSET,
        ),
    ],
    forbid_unknown_fields=True,
    kw_only=True,
)
ChangedContacts: Any = msgspec.defstruct(
    "ChangedContacts",
    [("set", doc(ContactValues, "What the contacts are given; what is not sent stays."))],
    bases=(ManyContacts,),
    forbid_unknown_fields=True,
    kw_only=True,
)


class ContactsChanged(Done, kw_only=True):
    changed: int
    """Number of contacts that were changed, or would be."""
    unchanged: int
    """Number of contacts that have the values already."""
    tooLong: int
    """Number of contacts that stay as they are, because their attributes would be longer than 4 KB."""
    next: int | None
    """Where the next request continues, in `after`; null: no more are chosen."""


class ContactsDeleted(Done, kw_only=True):
    deleted: int
    """Number of contacts that were deleted, or would be."""
    notPending: int
    """Number of contacts that stay: they are in a call or processed."""
    next: int | None
    """Where the next request continues, in `after`; null: no more are chosen."""


class ContactsMoved(Done, kw_only=True):
    moved: int
    """Number of contacts that were moved, or would be."""
    unmoved: int
    """Number of contacts that are in the list already."""
    next: int | None
    """Where the next request continues, in `after`; null: no more are chosen."""


_delete = msgspec.json.Decoder(ManyContacts)
_move = msgspec.json.Decoder(MovedContacts)
_change = msgspec.json.Decoder(ChangedContacts)
_STEPS = f"""\
Contacts are named by `contactIds` (at most {MAX_CONTACTS:,}) or by their list `listId`; together they narrow each \
other, and `callStatus` narrows both. With `dryRun` nothing changes, and the numbers are those of what would: count \
first. A request looks at {store.AT_ONCE:,} contacts. While `next` is not null, repeat it with `after` set to `next`."""


_SCHEMA: dict[str, Any] = {
    "": {
        "anyOf": [
            {"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in ("contactIds", "listId")
        ]
    },
    "contactIds": {"minItems": 1, "maxItems": MAX_CONTACTS, "items": {"type": "integer", "format": "int64", **ID}},
    "listId": ID,
    "callStatus": {"minItems": 1, "items": {"type": "string", "enum": _OUTCOMES}},
    "after": {"minimum": 0, "maximum": ID["maximum"]},
}


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/delete",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Delete many contacts that are pending, by id or list; dryRun counts them first",
        description=_STEPS,
        body=ManyContacts,
        refine={"ManyContacts": _SCHEMA},
        body_sample={"listId": 501, "dryRun": True},
        response=ContactsDeleted,
        sample=done_sample("58 contacts would be deleted", deleted=58, notPending=3, next=None),
        failures=(NotFound("Campaign not found"),),
    )
)
async def delete_contacts(request: Request) -> Response:
    campaign_id, raw = _campaign_id(request), await body.read_json(request)
    sent = body.decode(raw, _delete)
    chosen, after = _chosen(sent)
    who = principal_of(request)

    async def work(conn: Connection) -> ContactsDeleted:
        await _check(conn, who.tenant_id, campaign_id, chosen.list_id)
        done = await store.delete(conn, who.tenant_id, campaign_id, chosen, after, who.author, dry_run=sent.dryRun)
        message = f"{done.changed} contacts {'would be' if sent.dryRun else 'were'} deleted"
        return ContactsDeleted(error_message=message, deleted=done.changed, notPending=done.left, next=done.last)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/move",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Move many contacts to another list of the campaign, by id or list; dryRun counts them first",
        description=f"{_STEPS} State, calls and due time of a contact stay.",
        body=MovedContacts,
        refine={"MovedContacts": _SCHEMA | {"toListId": ID}},
        body_sample={"listId": 501, "callStatus": ["no_answer"], "toListId": 502},
        response=ContactsMoved,
        sample=done_sample("58 contacts were moved", moved=58, unmoved=0, next=None),
        failures=(NotFound("Contact list not found"),),
    )
)
async def move_contacts(request: Request) -> Response:
    campaign_id, raw = _campaign_id(request), await body.read_json(request)
    sent = body.decode(raw, _move)
    chosen, after = _chosen(sent)
    to_list, who = ListId(ids.from_body("toListId", sent.toListId)), principal_of(request)

    async def work(conn: Connection) -> ContactsMoved:
        await _check(conn, who.tenant_id, campaign_id, chosen.list_id)
        done = await store.move(
            conn, who.tenant_id, campaign_id, chosen, to_list, after, who.author, dry_run=sent.dryRun
        )
        if done is None:
            raise NotFound("Contact list not found")
        message = f"{done.changed} contacts {'would be' if sent.dryRun else 'were'} moved"
        return ContactsMoved(error_message=message, moved=done.changed, unmoved=done.left, next=done.last)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/change",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Give many contacts the same values, by id or list; dryRun counts them first",
        description=f"{_STEPS} State, calls, list and due time of a contact stay. Repeating a request changes nothing.",
        body=ChangedContacts,
        refine={"ChangedContacts": _SCHEMA, "ContactValues": {"": {"minProperties": 1}, **SCHEMAS}},
        body_sample={"listId": 501, "set": {"attributes": {"wave": 2}}},
        response=ContactsChanged,
        sample=done_sample("58 contacts were changed", changed=58, unchanged=0, tooLong=0, next=None),
        failures=(NotFound("Campaign not found"),),
    )
)
async def change_contacts(request: Request) -> Response:
    campaign_id, raw = _campaign_id(request), await body.read_json(request)
    sent = body.decode(raw, _change)
    chosen, after = _chosen(sent)
    change, who = _values(sent.set), principal_of(request)

    async def work(conn: Connection) -> ContactsChanged:
        await _check(conn, who.tenant_id, campaign_id, chosen.list_id)
        done = await change_store.change(
            conn, who.tenant_id, campaign_id, chosen, change, after, who.author, dry_run=sent.dryRun
        )
        message = f"{done.changed} contacts {'would be' if sent.dryRun else 'were'} changed"
        return ContactsChanged(
            error_message=message,
            changed=done.changed,
            unchanged=done.unchanged,
            tooLong=done.too_long,
            next=done.last,
        )

    return await once(request, raw, work)


def _values(sent: Any) -> Change:
    given = {field: value for field in FIELDS if (value := getattr(sent, field.text.wire)) is not UNSET}
    if not given and sent.attributes is UNSET:
        raise InvalidInput(f"set must have at least one of {', '.join((*_WIRE, 'attributes'))}")
    problem = check_fields(given, None if sent.attributes is UNSET else sent.attributes, None)
    if problem is not None:
        raise InvalidInput(str(problem))
    return Change(values={field.column: value for field, value in given.items()}, attributes=sent.attributes)


async def _check(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId | None) -> None:
    if not await campaign_exists(conn, tenant_id, campaign_id):
        raise NotFound("Campaign not found")
    if list_id is not None and not await store.has_list(conn, tenant_id, campaign_id, list_id):
        raise NotFound("Contact list not found")


def _chosen(sent: ManyContacts) -> tuple[Chosen, ContactId]:
    if sent.contactIds is None and sent.listId is None:
        raise InvalidInput("Expected contactIds or listId: which contacts")
    if sent.contactIds is not None and not 0 < len(sent.contactIds) <= MAX_CONTACTS:
        raise InvalidInput(f"contactIds must have 1 to {MAX_CONTACTS} items, not {len(sent.contactIds)}")
    if not 0 <= sent.after <= ids.LARGEST:
        raise InvalidInput(f"after must be the next of an earlier response, not {shown(sent.after)}")
    _check_outcomes(sent.callStatus)
    named = None if sent.contactIds is None else [ContactId(ids.from_body("contactIds", n)) for n in sent.contactIds]
    list_id = None if sent.listId is None else ListId(ids.from_body("listId", sent.listId))
    return Chosen(named, list_id, sent.callStatus), ContactId(sent.after)


def _check_outcomes(outcomes: Sequence[str] | None) -> None:
    if outcomes is None:
        return
    if not outcomes:
        raise InvalidInput("callStatus must have at least one item")
    for outcome in outcomes:
        if outcome not in _OUTCOMES:
            raise InvalidInput(f"callStatus must be of {', '.join(_OUTCOMES)}, not {shown(outcome)!r}")


def _campaign_id(request: Request) -> CampaignId:
    return CampaignId(ids.from_path(request.path_params["id"], "Campaign"))


HANDLERS: list[Route] = [delete_contacts, move_contacts, change_contacts]
