"""`/do-not-call/{dncListId}/numbers`: add one number, many or a file of them to a list, and remove one."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import NamedTuple

import msgspec

from tongdai.contacts.api import PHONE_SCHEMA
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.do_not_call import store
from tongdai.do_not_call.entries import file_reader
from tongdai.do_not_call.entries.list_api import NO_LIST, TAG, list_id_of
from tongdai.do_not_call.entries.validation import Sent, check_all
from tongdai.do_not_call.model import MAX_NUMBERS, MAX_REASON, MAX_ROWS, InvalidRow, NewEntry
from tongdai.errors import InvalidInput, NotFound, UnsupportedMediaType, shown
from tongdai.http import body
from tongdai.http.endpoint import (
    PLAIN_TEXT,
    Answer,
    Endpoint,
    Request,
    Route,
    connection,
    endpoint,
    principal_of,
    settings_of,
)
from tongdai.http.envelope import Done, answer, done_sample
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope

CSV = "text/csv"
SHOWN_ERRORS = 100
_NO_NUMBER = "Number not found"
_REASON = {"maxLength": MAX_REASON, **PLAIN_TEXT}


class _Checked(NamedTuple):
    """A batch of rows, checked."""

    rows: int
    entries: list[NewEntry]
    invalid: list[InvalidRow]


class NewNumber(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str
    reason: str | None = None
    expiresAt: datetime | None = None


class NewNumbers(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str | None = None
    reason: str | None = None
    expiresAt: datetime | None = None
    numbers: list[NewNumber] | None = None


class RowError(msgspec.Struct):
    row: int
    phoneNumber: str | None
    reason: str


class NumbersAdded(Done, kw_only=True):
    added: int
    updated: int
    failed: int
    errors: list[RowError]


_new_numbers = msgspec.json.Decoder(NewNumbers)


@endpoint(
    Endpoint(
        method="POST",
        path="/do-not-call/{dncListId}/numbers",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Add numbers to a do-not-call list; of a number it has, reason and expiresAt are replaced",
        description=(
            f"One number, or up to {MAX_NUMBERS:,} as `numbers`, or a CSV file in UTF-8 with a header row and the "
            f"columns phoneNumber, reason, expiresAt in any order and up to {MAX_ROWS:,} rows, empty ones among them; "
            "other columns are ignored, and a longer file is refused as a whole. Of several numbers, the invalid ones "
            f"are counted in `failed`, the first {SHOWN_ERRORS} of them listed in `errors`, and the others are added. "
            "A listed number is not called any more; from `expiresAt` on it may be called again."
        ),
        body=NewNumbers,
        refine={
            "NewNumbers": {
                "": {"oneOf": [{"required": ["phoneNumber"]}, {"required": ["numbers"]}]},
                "phoneNumber": PHONE_SCHEMA,
                "reason": _REASON,
                "numbers": {"minItems": 1, "maxItems": MAX_NUMBERS},
            },
        },
        body_sample={"numbers": [{"phoneNumber": "0901234567", "reason": "Asked not to be called"}]},
        media={
            CSV: {
                "schema": {"type": "string"},
                "example": "phoneNumber,reason,expiresAt\n0901234567,Asked not to be called,\n",
            }
        },
        answer=NumbersAdded,
        sample=done_sample("1 added, 0 updated, 0 failed", added=1, updated=0, failed=0, errors=[]),
    )
)
async def add_numbers(request: Request) -> Answer:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    now = datetime.now(UTC)
    raw, batches = await _sent(request, now)
    # In a thread, so that the event loop is not blocked; and before the list is locked, to keep the lock short.
    checked = await asyncio.to_thread(_checked, batches, principal.country, now)

    async def work(conn: Connection) -> NumbersAdded:
        added = 0
        async with conn.transaction():
            if not await store.lock(conn, principal.tenant_id, dnc_list_id):
                raise NotFound(NO_LIST)
            for batch in checked:
                added += await store.add(conn, principal.tenant_id, dnc_list_id, batch.entries)
            result = _result(added, checked)
            detail = {"added": result.added, "updated": result.updated, "failed": result.failed}
            await store.record_added(conn, principal.tenant_id, dnc_list_id, principal.key_id, detail)
        return result

    return await once(request, raw, work)


async def _sent(request: Request, now: datetime) -> tuple[bytes, Iterator[list[Sent]]]:
    """The body, and its rows in batches of MAX_NUMBERS. InvalidInput for a single invalid number."""
    if _kind(request) == CSV:
        raw = await _file(request)
        # In a thread: looking for the header reads through the rows above it.
        return raw, await asyncio.to_thread(file_reader.read, raw, MAX_ROWS)
    raw = await body.read_json(request)
    sent = body.decode(raw, _new_numbers)
    if sent.numbers is None:
        one = _one(sent)
        _, invalid = check_all([one], principal_of(request).country, now)
        if invalid:
            raise InvalidInput(invalid[0].reason)
        return raw, iter([[one]])
    if (sent.phoneNumber, sent.reason, sent.expiresAt) != (None, None, None):
        raise InvalidInput("Expected either phoneNumber with reason and expiresAt, or numbers alone")
    if not 0 < len(sent.numbers) <= MAX_NUMBERS:
        raise InvalidInput(f"numbers must have 1 to {MAX_NUMBERS} items, not {len(sent.numbers)}")
    return raw, iter([[Sent(number.phoneNumber, number.reason, number.expiresAt) for number in sent.numbers]])


def _one(sent: NewNumbers) -> Sent:
    if sent.phoneNumber is None:
        raise InvalidInput("Expected phoneNumber or numbers")
    return Sent(sent.phoneNumber, sent.reason, sent.expiresAt)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _file(request: Request) -> bytes:
    charset = request.headers.get("content-type", "").lower().partition("charset=")[2].strip('" ')
    if charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaType(f"charset {shown(charset)} is not understood: expected utf-8")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the file as it is")
    return b"".join([piece async for piece in body.pieces(request, settings_of(request).max_body_mb)])


def _checked(batches: Iterable[list[Sent]], country: str, now: datetime) -> list[_Checked]:
    """Check all batches; a file has at most MAX_ROWS rows, so the result fits in memory."""
    found: list[_Checked] = []
    first = 1
    for batch in batches:
        found.append(_Checked(len(batch), *check_all(batch, country, now, first)))
        first += len(batch)
    return found


def _result(added: int, checked: Sequence[_Checked]) -> NumbersAdded:
    failed = sum(len(batch.invalid) for batch in checked)
    updated = sum(batch.rows for batch in checked) - failed - added
    invalid = chain.from_iterable(batch.invalid for batch in checked)
    return NumbersAdded(
        error_message=f"{added} added, {updated} updated, {failed} failed",
        added=added,
        updated=updated,
        failed=failed,
        errors=[RowError(*one) for one in islice(invalid, SHOWN_ERRORS)],
    )


@endpoint(
    Endpoint(
        method="DELETE",
        path="/do-not-call/{dncListId}/numbers/{phoneNumber}",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="Remove a number, in any written form, from a do-not-call list",
        answer=Done,
        sample=done_sample("Number removed"),
    )
)
async def remove_number(request: Request) -> Answer:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    number = phone.normalise(request.path_params["phoneNumber"], principal.country)
    async with connection(request) as conn:
        if await store.find(conn, principal.tenant_id, dnc_list_id) is None:
            raise NotFound(NO_LIST)
        # An invalid number is in no list: the answer is that of an unlisted number.
        if isinstance(number, phone.Reason) or not await store.remove(
            conn, principal.tenant_id, dnc_list_id, number, principal.key_id
        ):
            raise NotFound(_NO_NUMBER)
    return answer(Done(error_message="Number removed"))


HANDLERS: list[Route] = [add_numbers, remove_number]
