"""`PUT /campaigns/{id}/contacts`."""

from typing import Annotated

from tongdai import ids
from tongdai.contacts import api as contacts
from tongdai.contacts.model import MAX_ATTRIBUTES
from tongdai.contacts.store import ContactRefusal
from tongdai.contacts.upsert import store
from tongdai.contacts.upsert.store import Result, UpsertRefusal
from tongdai.contacts.view import SCHEMAS, ContactBody
from tongdai.errors import ApiError, InvalidInput, InvalidState
from tongdai.http import body
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId


class ContactPut(Done, kw_only=True):
    contactId: int
    """The contact."""
    listId: int
    """The list that the contact is in."""
    result: Annotated[str, one_of(Result)]
    """Result: `unchanged` when the contact had all that was sent."""


@endpoint(
    Endpoint(
        method="PUT",
        path="/campaigns/{id}/contacts",
        scope=Scope.CAMPAIGN,
        tag="Contacts",
        summary="Create a contact, or update the one that has its externalId or number; repeating it changes nothing",
        description=(
            "A contact of the campaign with the `externalId` is updated or, if there is none, one with the number; "
            "else one is created. What is not sent or empty stays, attributes are merged by key, and list, state and "
            "calls stay. A contact keeps its number: an `externalId` of a contact with another number is refused."
        ),
        body=ContactBody,
        refine={
            "ContactBody": {
                "phoneNumber": contacts.PHONE_SCHEMA,
                "listId": ID,
                "timeZone": contacts.TIME_ZONE,
                **SCHEMAS,
            }
        },
        body_sample={"phoneNumber": "0901234567", "externalId": "CRM-1", "name": "Nguyen Van A"},
        response=ContactPut,
        sample=done_sample("Contact created in list 501", contactId=88001, listId=501, result="created"),
        states=True,
    )
)
async def put_contact(request: Request) -> Response:
    who = principal_of(request)
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    new, list_id = contacts.new_of(await body.read_json(request), who)
    async with connection(request) as conn:
        done = await store.upsert(conn, who.tenant_id, campaign_id, list_id, new, who.author)
    if isinstance(done, ContactRefusal):
        raise contacts.error_of(done)
    if isinstance(done, UpsertRefusal):
        raise _error(done)
    message = f"Contact {done.result} in list {done.list_id}"
    return ok(
        ContactPut(error_message=message, contactId=done.contact_id, listId=done.list_id, result=done.result.value)
    )


def _error(refusal: UpsertRefusal) -> ApiError:
    match refusal:
        case UpsertRefusal.SEVERAL:
            return InvalidState("Several contacts of the campaign have that externalId: update one by its contactId")
        case UpsertRefusal.OTHER_NUMBER:
            return InvalidState("The contact with that externalId has another number: delete it, and add the new one")
        case UpsertRefusal.TOO_LONG:
            return InvalidInput(
                f"attributes must have at most {MAX_ATTRIBUTES} bytes of JSON together with those that the contact has"
            )


HANDLERS: list[Route] = [put_contact]
