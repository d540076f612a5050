"""`/contacts`: a search in all campaigns; `/customers/{customerId}`: all that is known of a number."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from tongdai import ids
from tongdai.callbacks.requests.view import view as callback_view
from tongdai.calls import history
from tongdai.calls.history import CallRecord, Filter, OpenedKey
from tongdai.calls.model import Directions
from tongdai.calls.view import view as call_view
from tongdai.changes import reading as changes
from tongdai.contacts.changes import store as contact_changes
from tongdai.contacts.changes.store import ContactPlace
from tongdai.contacts.fields import FIELDS, index_of
from tongdai.contacts.numbers import customer_id as customer_ids
from tongdai.contacts.numbers import phone
from tongdai.customers import store
from tongdai.customers.erasure import api as erasure_api
from tongdai.customers.view import (
    CUSTOMER_SAMPLE,
    EXPORT_SAMPLE,
    FOUND_SAMPLE,
    CallPart,
    ContactChangeEntry,
    CustomerDetail,
    CustomerExport,
    CustomerRecording,
    DoNotCallEntry,
    FoundContacts,
    WebhookEvent,
    found_rows,
)
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, NotFound
from tongdai.http import body, cursor, paging
from tongdai.http.endpoint import (
    PLAIN_TEXT,
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
from tongdai.http.envelope import ok
from tongdai.http.principal import Principal, Scope
from tongdai.ids import ContactId, CustomerId, TenantId
from tongdai.recordings import store as recordings
from tongdai.webhooks.deliveries import history as deliveries

TAG = "Customers"
_PIECE = 1000
"""Calls that are read at once."""
_SEARCHES = ("phoneNumber", "externalId", "name")
_EXTERNAL_ID, _NAME = (FIELDS[index_of(column)].text.max_length for column in ("external_id", "name"))


@endpoint(
    Endpoint(
        method="GET",
        path="/contacts",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Search the contacts of all campaigns by number, externalId or name, or read what changed",
        description=(
            "Exactly one of `phoneNumber`, `externalId`, `name` and `updatedSince` is needed. A name matches "
            "where the text is part of it, in small or capital letters; a response looks at "
            f"{store.LOOKED_AT:,} contacts, and may have few or "
            "none with a `nextCursor` all the same.\n\n"
            "With `updatedSince` contacts come that were created or changed, by the API, an import or a call that "
            "ended, and `deleted` has the ids of those that are gone. Nothing is skipped or doubled while others "
            "write: read on with `cursor` set to `nextCursor` until that is null, and later from `resumeCursor` on, "
            "both with any `updatedSince`. A contact that changes again comes again. That one is in a call is no "
            "change; its end is. A response may be empty, with a `nextCursor` all the same."
        ),
        query=(
            Query("phoneNumber", "The number in any written form", {"type": "string"}, "0901234567"),
            Query(
                "externalId",
                "The caller's own reference",
                {"type": "string", "minLength": 1, "maxLength": _EXTERNAL_ID, **PLAIN_TEXT},
                "CRM-1",
            ),
            Query(
                "name",
                "Part of the name",
                {"type": "string", "minLength": 1, "maxLength": _NAME, **PLAIN_TEXT},
                "Nguyen",
            ),
            changes.QUERY,
            paging.PAGE_QUERY[1],
            cursor.QUERY,
        ),
        response=FoundContacts,
        sample={"success": "1", "data": [FOUND_SAMPLE], "nextCursor": None},
    )
)
async def search_contacts(request: Request) -> Response:
    query, who = query_of(request), principal_of(request)
    since = changes.asked_by(query, _SEARCHES)
    if since is not None:
        return ok(await _changed(request, query, since))
    reading = cursor.reading_of(request, {"cursor": [cursor.BEGIN]} | query, ContactId)
    assert reading is not None
    number, external_id, name = (paging.single(query, key) for key in _SEARCHES)
    if [number, external_id, name].count(None) != 2:
        raise InvalidInput("Expected one of phoneNumber, externalId, name and updatedSince")
    following: str | None
    async with connection(request) as conn:
        if name is not None:
            body.text_field("name", name, _NAME, min_length=1)
            named = await store.of_name(conn, who.tenant_id, name, reading.after, reading.size)
            rows, following = named.found, None if named.last is None else reading.seal(named.last)
        elif external_id is not None:
            body.text_field("externalId", external_id, _EXTERNAL_ID, min_length=1)
            found = await store.of_external_id(conn, who.tenant_id, external_id, reading.after, reading.limit)
            rows, following = reading.cut(found, lambda one: one.contact.contact_id)
        else:
            found = await store.of_number(conn, who.tenant_id, _number(number or "", who), reading.after, reading.limit)
            rows, following = reading.cut(found, lambda one: one.contact.contact_id)
    return ok(FoundContacts(nextCursor=following, data=found_rows(rows, who)))


async def _changed(request: Request, query: dict[str, list[str]], since: datetime) -> Any:
    """The next contacts that changed, as they are in one snapshot of the database."""
    who, reading = principal_of(request), changes.reading_of(request, query, ContactPlace)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        place, horizon = await changes.begun(conn, reading, since, partial(ContactPlace, contact_id=0))
        read = await contact_changes.read(conn, who.tenant_id, place, horizon, reading.size)
        found = await store.of_ids(conn, who.tenant_id, read.changed)
    resume = reading.seal(read.next)
    return FoundContacts(
        data=found_rows(found, who),
        deleted=list(read.deleted),
        nextCursor=None if read.up_to_date else resume,
        resumeCursor=resume,
    )


@endpoint(
    Endpoint(
        method="GET",
        path="/customers/{customerId}",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Get a customer: contacts of a number in all campaigns, calls counted, entries on do-not-call lists",
        response=CustomerDetail,
        sample=CUSTOMER_SAMPLE,
    )
)
async def get_customer(request: Request) -> Response:
    who = principal_of(request)
    customer_id, number = customer_of(request)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        known = await store.calls(conn, who.tenant_id, f"+{number}")
        common = await _common(conn, who, customer_id, number)
        if not (known.calls or common["contacts"] or common["doNotCall"]):
            await _must_be_known(conn, who.tenant_id, number)
    return ok(CustomerDetail(**common, callCount=known.calls, lastCallAt=known.last_at))


@endpoint(
    Endpoint(
        method="GET",
        path="/customers/{customerId}/export",
        scope=Scope.ADMIN,
        tag=TAG,
        summary="Export everything that is stored about a number",
        description=(
            "Contacts, calls with their parts and recordings (the sound is at `/calls/{callId}/recording`), callbacks, "
            "entries on do-not-call lists, the events that webhooks were sent and the audit of the contacts. "
            "The rows of imports are not in it: they say what was sent, and are kept for days (`import_rows_days`)."
        ),
        response=CustomerExport,
        sample=EXPORT_SAMPLE,
    )
)
async def export_customer(request: Request) -> Response:
    who = principal_of(request)
    customer_id, number = customer_of(request)
    written = phone.formatter(who.country)
    async with connection(request) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        common = await _common(conn, who, customer_id, number)
        calls = await _calls(conn, who.tenant_id, f"+{number}")
        callbacks = await store.callbacks(conn, who.tenant_id, f"+{number}")
        notified = await deliveries.of_phone(conn, who.tenant_id, f"+{number}")
        if not (calls or callbacks or notified or common["contacts"] or common["doNotCall"]):
            raise NotFound("Customer not found")
        parts = await store.segments(conn, who.tenant_id, [call.call_id for call in calls])
        recorded = await recordings.of_calls(conn, who.tenant_id, [call.call_id for call in calls])
        audited = await store.changes(conn, who.tenant_id, [one.contactId for one in common["contacts"]])
    return ok(
        CustomerExport(
            **common,
            exportedAt=datetime.now(UTC),
            calls=[call_view(call, written) for call in calls],
            segments=[
                CallPart(
                    callId=part.call_id,
                    kind=part.kind,
                    queueId=part.queue_id,
                    agentId=part.agent_id,
                    startedAt=part.started_at,
                    endedAt=part.ended_at,
                )
                for part in parts
            ],
            recordings=[
                CustomerRecording(
                    callId=call_id,
                    state=row.state,
                    startedAt=row.started_at,
                    seconds=row.seconds,
                    deletedAt=row.deleted_at,
                )
                for call_id, row in recorded
            ],
            callbacks=[callback_view(callback, written) for callback in callbacks],
            webhookEvents=[
                WebhookEvent(
                    webhookId=one.webhook_id,
                    deliveryId=one.delivery_id,
                    event=one.event,
                    occurredAt=one.occurred_at,
                    state=one.state,
                )
                for one in notified
            ],
            changes=[ContactChangeEntry(**change) for change in audited],
        )
    )


def customer_of(request: Request) -> tuple[CustomerId, int]:
    """The customer in the path, and their number; NotFound when no number of the tenant has such an id."""
    customer_id = CustomerId(ids.from_path(request.path_params["customerId"], "Customer"))
    number = customer_ids.number_of(principal_of(request).tenant_id, customer_id)
    if number is None:
        raise NotFound("Customer not found")
    return customer_id, number


async def _common(conn: Connection, who: Principal, customer_id: CustomerId, number: int) -> dict[str, Any]:
    found = await store.of_number(conn, who.tenant_id, number)
    entries = await store.do_not_call(conn, who.tenant_id, f"+{number}")
    return {
        "customerId": customer_id,
        "phoneNumber": phone.formatter(who.country)(f"+{number}"),
        "contacts": found_rows(found, who),
        "doNotCall": [
            DoNotCallEntry(
                dncListId=entry.dnc_list_id,
                dncListName=entry.name,
                reason=entry.reason,
                expiresAt=entry.expires_at,
                createdAt=entry.created_at,
            )
            for entry in entries
        ],
    }


async def _must_be_known(conn: Connection, tenant_id: TenantId, number: int) -> None:
    """A number that has a callback, or is in its first call, is a customer too."""
    wanted = Filter(phone=f"+{number}", direction=Directions.ALL)
    live, _ = await history.page(conn, tenant_id, wanted, 1, 0)
    if not live and not await store.callbacks(conn, tenant_id, f"+{number}"):
        raise NotFound("Customer not found")


async def _calls(conn: Connection, tenant_id: TenantId, number: str) -> list[CallRecord]:
    wanted = Filter(phone=number, direction=Directions.ALL)
    calls: list[CallRecord] = []
    after: OpenedKey | None = None
    while True:
        piece = await history.behind(conn, tenant_id, wanted, after, _PIECE)
        calls += piece
        if len(piece) < _PIECE:
            return calls
        after = OpenedKey(piece[-1].opened_at, piece[-1].call_id)


def _number(sent: str, who: Principal) -> int:
    written = phone.normalise(sent, who.country)
    if isinstance(written, phone.NumberFault):
        raise InvalidInput(f"phoneNumber {written.message}")
    return int(written[1:])


HANDLERS: list[Route] = [search_contacts, get_customer, export_customer, *erasure_api.HANDLERS]
