"""A contact that is created or, if the campaign has it, updated: found by its externalId, else by its number.

A contact is found and changed in one transaction that has locked it. One that is deleted in between is created; of
concurrent upserts of a number one creates it, and the others find it.
"""

from enum import Enum, StrEnum, auto
from typing import NamedTuple

from tongdai.contacts.columns import as_columns
from tongdai.contacts.model import NewContact, number_of
from tongdai.contacts.store import HOLD, ContactRefusal, add
from tongdai.contacts.update_store import update_many
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CampaignId, ContactId, ListId, TenantId


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class UpsertRefusal(Enum):
    """Why nothing was changed."""

    SEVERAL = auto()
    """Several contacts have the externalId."""
    OTHER_NUMBER = auto()
    """The contact with the externalId has another number."""
    TOO_LONG = auto()
    """The attributes would be too long, merged with the contact's."""


class Upserted(NamedTuple):
    contact_id: ContactId
    list_id: ListId
    result: Result


OF_EXTERNAL_ID = """
select contact_id, list_id, number from contact where tenant_id = $1 and campaign_id = $2 and external_id = $3
order by contact_id limit 2
"""
CHANGED_NOW = """
select changed_in = pg_current_xact_id_if_assigned() from contact where tenant_id = $1 and contact_id = $2
"""


async def upsert(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: ListId | None, new: NewContact, by: Author
) -> Upserted | UpsertRefusal | ContactRefusal:
    """Create a contact in a list (None: the campaign's first), or give the one that is there what `new` has.

    A contact that is there stays in its list, and keeps what `new` lacks; attributes are merged by key.
    """
    while True:
        found = await _of_external_id(conn, tenant_id, campaign_id, new)
        if isinstance(found, UpsertRefusal):
            return found
        if found is None:
            added = await add(conn, tenant_id, campaign_id, list_id, new)
            if isinstance(added, ContactRefusal):
                return added
            if not added.duplicate:
                return Upserted(added.contact_id, added.list_id, Result.CREATED)
            found = added.contact_id, added.list_id
        result = await _update(conn, tenant_id, campaign_id, found[0], new, by)
        if isinstance(result, UpsertRefusal):
            return result
        if result is not None:  # else it was deleted meanwhile
            return Upserted(*found, result)


async def _of_external_id(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, new: NewContact
) -> tuple[ContactId, ListId] | UpsertRefusal | None:
    external_id = new.external_id  # pyright: ignore[reportAttributeAccessIssue] - a declared field
    if not external_id:
        return None
    rows = await conn.fetch(OF_EXTERNAL_ID, tenant_id, campaign_id, external_id)
    if not rows:
        return None
    if len(rows) > 1:
        return UpsertRefusal.SEVERAL
    if rows[0]["number"] != number_of(new.phone):
        return UpsertRefusal.OTHER_NUMBER
    return rows[0]["contact_id"], rows[0]["list_id"]


async def _update(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId, new: NewContact, by: Author
) -> Result | UpsertRefusal | None:
    async with conn.transaction():
        if await conn.fetchrow(HOLD, tenant_id, campaign_id, contact_id) is None:
            return None
        if await update_many(conn, tenant_id, campaign_id, as_columns([new]), {0: contact_id}):
            return UpsertRefusal.TOO_LONG
        if not await conn.fetchval(CHANGED_NOW, tenant_id, contact_id):
            return Result.UNCHANGED
        await audit.record(conn, tenant_id, by, "contact.change", f"contact {contact_id}")
    return Result.UPDATED
