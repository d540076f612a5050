"""What the server can do, as calls: campaigns, contacts, queues, keys. Imports have a module of their own.

Every POST takes an `idempotency_key`: repeated with the same key and arguments within 24 hours, by this program or
another, it gets the first answer and does nothing twice. Without one it gets a key of its own, for all of its tries.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from tongdai.client.calls import PAGE_SIZE, Call, Listing, call, listing, present, sent
from tongdai.client.model import (
    ApiKey,
    ApiKeyCreated,
    CallSettings,
    Campaign,
    CampaignCreated,
    CampaignDetail,
    Contact,
    ContactAdded,
    ContactDetail,
    ContactList,
    Done,
    Page,
    Queue,
    QueueCreated,
    Scalar,
    Tenant,
)

_UNCHANGED = CallSettings()


_CONTACT = "/campaigns/{id}/contacts/{contactId}"


def campaigns(
    *,
    user_name: str | None = None,
    status: int | None = None,
    type: str | None = None,  # noqa: A002 - as the server calls it
    page_size: int = PAGE_SIZE,
) -> Listing[Campaign]:
    """The tenant's campaigns, by id: those of a user, of a `CampaignStatus`, of a type."""
    query = {"userName": user_name, "status": status, "type": type}
    return listing("/campaigns", (), Campaign, page_size, query, "limit")


def campaign(campaign_id: int) -> Call[CampaignDetail]:
    """A campaign, with its contacts counted by state and by outcome."""
    return call("GET", "/campaigns/{id}", (campaign_id,), CampaignDetail)


def create_campaign(
    name: str,
    *,
    type: str | None = None,  # noqa: A002 - as the server calls it
    user_name: str | None = None,
    settings: CallSettings = _UNCHANGED,
    idempotency_key: str | None = None,
) -> Call[CampaignCreated]:
    """Make a campaign, in state 1 (inprocess): it calls nobody until it is started."""
    body = present(campaignName=name, type=type, userName=user_name) | settings.sent()
    return call("POST", "/campaigns", (), CampaignCreated, body=body, idempotency_key=idempotency_key)


def update_campaign(
    campaign_id: int,
    *,
    name: str | UnsetType = UNSET,
    user_name: str | UnsetType | None = UNSET,
    settings: CallSettings = _UNCHANGED,
) -> Call[Done]:
    """Change what is given of a campaign; `user_name=None` clears it."""
    body = sent(campaignName=name, userName=user_name) | settings.sent()
    return call("PATCH", "/campaigns/{id}", (campaign_id,), Done, body=body)


def start_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """Start or resume calling. InvalidState unless it is in state 1 or 3."""
    return call("POST", "/campaigns/{id}/start", (campaign_id,), Done, idempotency_key=idempotency_key)


def pause_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """Pause calling. InvalidState unless it is in state 2."""
    return call("POST", "/campaigns/{id}/pause", (campaign_id,), Done, idempotency_key=idempotency_key)


def stop_campaign(campaign_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """Stop for good. InvalidState unless it is in state 2 or 3."""
    return call("POST", "/campaigns/{id}/stop", (campaign_id,), Done, idempotency_key=idempotency_key)


def contact_lists(campaign_id: int) -> Call[list[ContactList]]:
    """All contact lists of a campaign, by id."""

    def records(page: Page[ContactList]) -> list[ContactList]:
        return page.data

    lists = Page[ContactList]
    return call("GET", "/campaigns/{id}/contact-lists", (campaign_id,), lists, complete=records)


def contacts(
    campaign_id: int,
    list_id: int,
    *,
    process_status: int | None = None,
    phone_number: str | None = None,
    external_id: str | None = None,
    page_size: int = PAGE_SIZE,
) -> Listing[Contact]:
    """The contacts of a list, by id: those of a `ProcessStatus`, of a number however written, of a reference of yours.

    Contacts that are deleted while it runs move those behind them forward, past the page that is read next.
    """
    query = {"processStatus": process_status, "phoneNumber": phone_number, "externalId": external_id}
    template = "/campaigns/{id}/contact-lists/{listId}/contacts"
    return listing(template, (campaign_id, list_id), Contact, page_size, query)


def add_contact(
    campaign_id: int,
    phone_number: str,
    *,
    name: str | None = None,
    list_id: int | None = None,
    external_id: str | None = None,
    attributes: Mapping[str, Scalar] | None = None,
    time_zone: str | None = None,
    idempotency_key: str | None = None,
) -> Call[ContactAdded]:
    """Add a contact to a list, by default the campaign's first. A number that the campaign has is a `duplicate`.

    `time_zone` is an IANA name; without one it is that of the number.
    """
    body = present(phoneNumber=phone_number, name=name, listId=list_id, externalId=external_id)
    body |= present(attributes=attributes, timeZone=time_zone)
    template = "/campaigns/{id}/contacts"
    return call("POST", template, (campaign_id,), ContactAdded, body=body, idempotency_key=idempotency_key)


def contact(campaign_id: int, contact_id: int) -> Call[ContactDetail]:
    """A contact."""
    return call("GET", _CONTACT, (campaign_id, contact_id), ContactDetail)


def update_contact(
    campaign_id: int,
    contact_id: int,
    *,
    name: str | UnsetType | None = UNSET,
    time_zone: str | UnsetType | None = UNSET,
    external_id: str | UnsetType | None = UNSET,
    attributes: Mapping[str, Scalar] | UnsetType | None = UNSET,
) -> Call[Done]:
    """Change what is given of a contact; None clears it, and of `time_zone` gives the number's own again."""
    body = sent(name=name, timeZone=time_zone, externalId=external_id, attributes=attributes)
    return call("PATCH", _CONTACT, (campaign_id, contact_id), Done, body=body)


def delete_contact(campaign_id: int, contact_id: int) -> Call[Done]:
    """Delete a contact. InvalidState unless it is pending."""
    return call("DELETE", _CONTACT, (campaign_id, contact_id), Done)


def queues(*, page_size: int = PAGE_SIZE) -> Listing[Queue]:
    """The tenant's inbound queues, by id."""
    return listing("/queues/inbound", (), Queue, page_size, {})


def queue(queue_id: int) -> Call[Queue]:
    """An inbound queue."""
    return call("GET", "/queues/inbound/{id}", (queue_id,), Queue)


def create_queue(
    name: str,
    *,
    number: str | None = None,
    moh_file_id: str | UnsetType | None = UNSET,
    max_wait_sec: int | UnsetType | None = UNSET,
    strategy: int | UnsetType = UNSET,
    announce_position: bool | UnsetType | None = UNSET,
    idempotency_key: str | None = None,
) -> Call[QueueCreated]:
    """Make an inbound queue; the number is the one that its callers call."""
    body = present(callinName=name, callinNumber=number)
    body |= _queue_fields(moh_file_id, max_wait_sec, strategy, announce_position)
    return call("POST", "/queues/inbound", (), QueueCreated, body=body, idempotency_key=idempotency_key)


def update_queue(
    queue_id: int,
    *,
    moh_file_id: str | UnsetType | None = UNSET,
    max_wait_sec: int | UnsetType | None = UNSET,
    strategy: int | UnsetType = UNSET,
    announce_position: bool | UnsetType | None = UNSET,
) -> Call[Done]:
    """Change what is given of an inbound queue; None clears a field other than the strategy."""
    body = _queue_fields(moh_file_id, max_wait_sec, strategy, announce_position)
    return call("PUT", "/queues/inbound/{id}", (queue_id,), Done, body=body)


def delete_queue(queue_id: int) -> Call[Done]:
    """Delete an inbound queue. InvalidState while agents or campaigns refer to it."""
    return call("DELETE", "/queues/inbound/{id}", (queue_id,), Done)


def tenant() -> Call[Tenant]:
    """The tenant that the key acts for, with its limits."""
    return call("GET", "/tenants/me", (), Tenant)


def api_keys(*, page_size: int = PAGE_SIZE) -> Listing[ApiKey]:
    """The tenant's keys, the ended ones included."""
    return listing("/api-keys", (), ApiKey, page_size, {})


def create_api_key(
    scopes: Sequence[str],
    *,
    name: str | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[ApiKeyCreated]:
    """Make a key. Its value is in this result and nowhere else; it is None in the one case that an answer was lost and
    the repeated request finds the key made: revoke that one, and make another."""
    body = present(scopes=list(scopes), name=name, expiresAt=expires_at)
    return call("POST", "/api-keys", (), ApiKeyCreated, body=body, idempotency_key=idempotency_key)


def revoke_api_key(key_id: int) -> Call[Done]:
    """End a key, on all of the server's processes within a second."""
    return call("DELETE", "/api-keys/{keyId}", (key_id,), Done)


def _queue_fields(
    moh_file_id: str | UnsetType | None,
    max_wait_sec: int | UnsetType | None,
    strategy: int | UnsetType,
    announce_position: bool | UnsetType | None,
) -> dict[str, object]:
    """On the wire seconds and switches are text."""
    return sent(
        moh_file_id=moh_file_id,
        max_wait_sec=str(max_wait_sec) if isinstance(max_wait_sec, int) else max_wait_sec,
        strategy=strategy,
        announce_position=str(int(announce_position)) if isinstance(announce_position, bool) else announce_position,
    )
