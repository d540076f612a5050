"""Bulk import: from the request to a job whose rows are durable."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec

from tongdai import ids
from tongdai.contacts import store as contacts
from tongdai.contacts.model import Scalar
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import (
    NAME,
    Answer,
    ApiRequest,
    Endpoint,
    Route,
    connection,
    endpoint,
    principal_of,
    settings_of,
)
from tongdai.http.envelope import Done, answer, done_sample
from tongdai.http.idempotency import digest_of, key_of, once_digested
from tongdai.http.principal import Scope
from tongdai.ids import CampaignId, TenantId
from tongdai.imports import spool, store
from tongdai.imports.readers import MAX_LIST_NAME, Head

_TAG = "Imports"


class BulkContact(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str
    name: str | None = None
    externalId: str | None = None
    attributes: dict[str, Scalar] | None = None


class BulkBody(msgspec.Struct, forbid_unknown_fields=True):
    # For the document: the body itself is read by imports.readers.
    contacts: list[BulkContact]
    listName: str | None = None


class BulkStarted(Done, kw_only=True):
    job_id: int
    total_rows: int


@endpoint(
    Endpoint(
        method="POST",
        path="/campaigns/{id}/contacts/bulk",
        scope=Scope.CAMPAIGN,
        tag=_TAG,
        summary="Import contacts in the background; poll the job until its status is done or failed",
        body=BulkBody,
        refine={"BulkBody": {"contacts": {"minItems": 1}, "listName": {"minLength": 1, **NAME}}},
        body_sample={
            "listName": "Danh sach thang 4",
            "contacts": [{"phoneNumber": "0901000001", "name": "KH 1"}, {"phoneNumber": "0901000002"}],
        },
        answer=BulkStarted,
        sample=done_sample("Bulk import started", job_id=5, total_rows=2),
        states=True,
    )
)
async def bulk(request: ApiRequest) -> Answer:
    campaign_id = CampaignId(ids.from_path(request.path_params["id"], "Campaign"))
    tenant_id = principal_of(request).tenant_id
    key = key_of(request)
    spooled = await spool.spool(request)

    async def work(conn: Connection) -> BulkStarted:
        async with conn.transaction():
            return await _accept(conn, tenant_id, campaign_id, parts)

    # A large body waits for its turn before it takes a connection.
    with spooled.file:
        async with spool.read(spooled, settings_of(request).import_chunk_rows) as parts:
            if key is not None:
                return await once_digested(request, key, digest_of(request, spooled.digest), work)
            async with connection(request) as conn:
                return answer(await work(conn))


async def _accept(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, parts: AsyncIterator[Head | bytes]
) -> BulkStarted:
    """Store the job and its rows as they are read; they are durable when the transaction around this commits."""
    head = await anext(parts)
    assert isinstance(head, Head)
    name = _fresh_name()
    if head.list_name is not None:
        name = body.text_field("listName", head.list_name, MAX_LIST_NAME, min_length=1)
    refusal = await _refusal(conn, tenant_id, campaign_id)
    if refusal is not None:
        # What is wrong with the body is told first, wherever in it that stands.
        async for _ in parts:
            continue
        raise refusal
    list_id = await contacts.list_named(conn, tenant_id, campaign_id, name)
    job_id = await store.create(conn, tenant_id, campaign_id, list_id, head.total_rows)
    seq = 0
    async for chunk in parts:
        assert isinstance(chunk, bytes)
        await store.add_chunk(conn, tenant_id, job_id, seq, chunk)
        seq += 1
    await store.announce(conn)
    return BulkStarted(error_message="Bulk import started", job_id=job_id, total_rows=head.total_rows)


async def _refusal(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> ApiError | None:
    status = await store.campaign_status(conn, tenant_id, campaign_id)
    if status is None:
        return NotFound("Campaign not found")
    return InvalidState("The campaign is stopped and takes no contacts") if status == contacts.STOPPED else None


def _fresh_name() -> str:
    """A name that sorts by time and that no other list has."""
    return f"Import {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {secrets.token_hex(4)}"


HANDLERS: list[Route] = [bulk]
