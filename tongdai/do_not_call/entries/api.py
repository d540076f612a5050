"""`/do-not-call/{dncListId}/numbers`: add one number, many or a file of them to a list, and remove one."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import chain, islice
from zoneinfo import ZoneInfo

import msgspec

from tongdai.contacts.api import PHONE_SCHEMA
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.do_not_call import store
from tongdai.do_not_call.entries import upload
from tongdai.do_not_call.entries.date_order import in_iso, order_of
from tongdai.do_not_call.entries.expiry import is_exact
from tongdai.do_not_call.entries.list_api import NO_LIST, TAG, list_id_of
from tongdai.do_not_call.entries.validation import (
    ENDED,
    Checked,
    RowContext,
    Sent,
    check_all,
    note_of_two_countries,
)
from tongdai.do_not_call.model import MAX_NUMBERS, MAX_REASON, MAX_ROWS, InvalidRow
from tongdai.errors import InsufficientStorage, InvalidInput, NotFound
from tongdai.files import Format, media_type
from tongdai.files.detected import Detected
from tongdai.http import body, paging
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
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.tenants import store as tenants

CSV = "text/csv"
NDJSON = "application/x-ndjson"
SHOWN_ERRORS = 100
_NO_NUMBER = "Number not found"
_REASON = {"maxLength": MAX_REASON, **PLAIN_TEXT}


class NewNumber(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str
    """The number, in any written form."""
    reason: str | None = None
    """Why it must not be called."""
    expiresAt: str | None = None
    """From when on it may be called again, an instant or a day; null: never."""


class NewNumbers(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str | None = None
    """One number, in any written form; instead of `numbers`."""
    reason: str | None = None
    """Why that number must not be called."""
    expiresAt: str | None = None
    """From when on that number may be called again, an instant or a day; null: never."""
    numbers: list[NewNumber] | None = None
    """Several numbers; instead of `phoneNumber`."""


class RowError(msgspec.Struct):
    row: int
    """Number of the row, from 1; a header is none."""
    phoneNumber: str | None
    """The number as sent; null where there was none."""
    reason: str
    """The fault of the row, in English."""


class NumbersAdded(Done, kw_only=True):
    added: int
    """Numbers that the list did not have."""
    updated: int
    """Numbers that it had, whose reason and expiry were replaced."""
    failed: int
    """Rows without a usable number."""
    errors: list[RowError]
    """The first of the failed rows."""
    warned: int
    """Rows that were added, but not quite as sent."""
    warnings: list[RowError]
    """The first of the rows with a warning."""
    detected: Detected | None = None
    """How the numbers were read; null: one number was sent alone."""


_new_numbers = msgspec.json.Decoder(NewNumbers)

_ERRORS = Query(
    "errors",
    "How many of the failed rows, and of the rows with warnings, the response lists",
    {"type": "integer", "minimum": 0, "maximum": MAX_NUMBERS, "default": SHOWN_ERRORS},
    SHOWN_ERRORS,
)
_EXPIRY = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}, {"type": "null"}]}
_READABLE_EXPIRY = {"anyOf": [*_EXPIRY["anyOf"], {"type": "string"}]}
"""In `numbers` an expiry that cannot be read is accepted: the number is listed without."""
_DESCRIPTION = f"""\
One number, or up to {MAX_NUMBERS:,} as `numbers`, or a file of up to {MAX_ROWS:,} rows, empty ones among them: CSV in \
any usual character set, XLSX, or NDJSON with a number or an object a line. A header row names the columns \
phoneNumber, reason, expiresAt in any order; of a file without one, the columns of numbers are found, or the columns \
`area,number` of the registry of the United States. `detected` says what was read as what; its `notes` name columns \
that were not read although they seem to have phone numbers. A longer file is refused as a whole, and so is one \
without rows.

`expiresAt` is an instant with its offset from UTC, or a day, which ends at midnight in the tenant's time zone. Rows \
may write days as `31/12/2030` or `12/31/2030` too: the dates of a column that fit one order only decide it for all of \
them, and where none does the later one of both days is taken, as `notes` say. From then on the number may be called \
again. A single number with an expiry that cannot be read is refused. Of several numbers and in files, any row in \
which a number can be read is listed: an expiry that cannot be read is none, a reason is cut, and the row is counted \
in `warned`. Rows without a number that can be read, and those that have expired, are counted in `failed`, and the \
others are added."""


@endpoint(
    Endpoint(
        method="POST",
        path="/do-not-call/{dncListId}/numbers",
        slow=True,
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Add numbers to a do-not-call list; of a number it has, reason and expiresAt are replaced",
        description=_DESCRIPTION,
        query=(_ERRORS,),
        body=NewNumbers,
        refine={
            "NewNumbers": {
                "": {"oneOf": [{"required": ["phoneNumber"]}, {"required": ["numbers"]}]},
                "phoneNumber": PHONE_SCHEMA,
                "reason": _REASON,
                "expiresAt": _EXPIRY,
                "numbers": {"minItems": 1, "maxItems": MAX_NUMBERS},
            },
            "NewNumber": {"expiresAt": _READABLE_EXPIRY},
        },
        body_sample={"numbers": [{"phoneNumber": "0901234567", "reason": "Asked not to be called"}]},
        media={
            CSV: {
                "schema": {"type": "string"},
                "example": "phoneNumber,reason,expiresAt\n0901234567,Asked not to be called,2030-12-31\n",
            },
            NDJSON: {
                "schema": {"type": "string"},
                "example": '{"phoneNumber":"0901234567","reason":"Asked not to be called"}\n',
            },
            media_type.XLSX: {"schema": {"type": "string", "format": "binary"}},
        },
        response=NumbersAdded,
        sample=done_sample(
            "1 added, 0 updated, 0 failed",
            added=1,
            updated=0,
            failed=0,
            errors=[],
            warned=0,
            warnings=[],
            detected=None,
        ),
        failures=(InsufficientStorage(),),
    )
)
async def add_numbers(request: Request) -> Response:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    listed = paging.whole(query_of(request), "errors", SHOWN_ERRORS, 0, MAX_NUMBERS)
    with upload.share(request) if upload.is_file(request) else nullcontext():
        context = await _context(request)
        raw, checked, detected = await _sent(request, context, listed)

    async def work(conn: Connection) -> NumbersAdded:
        added = 0
        async with conn.transaction():
            if not await store.lock(conn, principal.tenant_id, dnc_list_id):
                raise NotFound(NO_LIST)
            for batch in checked:
                added += await store.add(conn, principal.tenant_id, dnc_list_id, batch.entries)
            result = _result(added, checked, listed, detected)
            detail = {"added": result.added, "updated": result.updated, "failed": result.failed}
            await store.record_added(conn, principal.tenant_id, dnc_list_id, principal.author, detail)
        return result

    async with upload.storing(request, dnc_list_id):
        return await once(request, raw, work)


async def _context(request: Request) -> RowContext:
    principal = principal_of(request)
    async with connection(request) as conn:
        tenant = await tenants.find_tenant(conn, principal.tenant_id)
    assert tenant is not None, "the guard has found it"
    return RowContext(principal.country, ZoneInfo(tenant.zone), datetime.now(UTC))


async def _sent(request: Request, context: RowContext, listed: int) -> tuple[bytes, list[Checked], Detected | None]:
    """The body, of a file its digest; its rows, checked, of a file with `listed` failed ones and warnings; and what was
    read as what.

    InvalidInput for a single invalid number.
    """
    if upload.is_file(request):
        async with upload.received(request) as spooled:
            checked, detected = await upload.checked(request, spooled, context, listed)
            digest = spooled.digest
        if any(batch.in_two_countries for batch in checked):
            detected.notes.append(note_of_two_countries(context.country))
        return digest, checked, detected
    raw = await body.read_json(request)
    sent = body.decode(raw, _new_numbers)
    if sent.numbers is None:
        return raw, [_one(sent, context)], None
    if (sent.phoneNumber, sent.reason, sent.expiresAt) != (None, None, None):
        raise InvalidInput("Expected either phoneNumber with reason and expiresAt, or numbers alone")
    if not 0 < len(sent.numbers) <= MAX_NUMBERS:
        raise InvalidInput(f"numbers must have 1 to {MAX_NUMBERS} items, not {len(sent.numbers)}")
    dates = order_of(number.expiresAt for number in sent.numbers)
    rows = [Sent(number.phoneNumber, number.reason, in_iso(number.expiresAt, dates.order)) for number in sent.numbers]
    note = dates.note()
    detected = Detected(Format.JSON, notes=[] if note is None else [note])
    # In a thread, so that the event loop is not blocked; and before the list is locked, to keep the lock short.
    async with upload.turn(request):
        request.require_client()  # it may have left while it waited
        return raw, [await asyncio.to_thread(check_all, rows, context)], detected


def _one(sent: NewNumbers, context: RowContext) -> Checked:
    """A number that is sent alone: nothing is guessed at, as its sender sees the refusal."""
    if sent.phoneNumber is None:
        raise InvalidInput("Expected phoneNumber or numbers")
    if sent.expiresAt is not None and not is_exact(sent.expiresAt):
        raise InvalidInput(ENDED)
    if sent.reason is not None:
        body.text_field("reason", sent.reason, MAX_REASON)
    checked = check_all([Sent(sent.phoneNumber, sent.reason, sent.expiresAt)], context)
    if checked.invalid:
        raise InvalidInput(checked.invalid[0].reason)
    number = phone.normalise(sent.phoneNumber, context.country)
    if isinstance(number, phone.NumberFault):
        raise InvalidInput(f"phoneNumber {number.message}")
    return checked


def _result(added: int, checked: Sequence[Checked], listed: int, detected: Detected | None) -> NumbersAdded:
    failed = sum(batch.failed for batch in checked)
    warned = sum(batch.warned for batch in checked)
    updated = sum(batch.numbers for batch in checked) - added
    said = f", {warned} with warnings" if warned else ""
    return NumbersAdded(
        error_message=f"{added} added, {updated} updated, {failed} failed{said}",
        added=added,
        updated=updated,
        failed=failed,
        errors=_errors((batch.invalid for batch in checked), listed),
        warned=warned,
        warnings=_errors((batch.warnings for batch in checked), listed),
        detected=detected,
    )


def _errors(found: Iterable[Sequence[InvalidRow]], listed: int) -> list[RowError]:
    return [RowError(*one) for one in islice(chain.from_iterable(found), listed)]


@endpoint(
    Endpoint(
        method="DELETE",
        path="/do-not-call/{dncListId}/numbers/{phoneNumber}",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Remove a number, in any written form, from a do-not-call list",
        response=Done,
        sample=done_sample("Number removed"),
    )
)
async def remove_number(request: Request) -> Response:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    number = phone.normalise(request.path_params["phoneNumber"], principal.country)
    async with connection(request) as conn:
        if await store.find(conn, principal.tenant_id, dnc_list_id) is None:
            raise NotFound(NO_LIST)
        # An invalid number is in no list: the response is that of an unlisted number.
        if isinstance(number, phone.NumberFault) or not await store.remove(
            conn, principal.tenant_id, dnc_list_id, number, principal.author
        ):
            raise NotFound(_NO_NUMBER)
    return ok(Done(error_message="Number removed"))


HANDLERS: list[Route] = [add_numbers, remove_number]
