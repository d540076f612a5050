"""`/do-not-call/{dncListId}/numbers`: the entries of a list, as pages or as one CSV file."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tongdai import ids
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection
from tongdai.do_not_call import store
from tongdai.do_not_call.model import Entry
from tongdai.errors import InvalidInput, NotFound
from tongdai.http import cursor, paging
from tongdai.http.cursor import Listed, Reading
from tongdai.http.endpoint import (
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import ok
from tongdai.http.principal import Scope
from tongdai.http.streams.csv import accepts_csv, csv_header, csv_headers, csv_of
from tongdai.http.streams.disconnect import disconnected
from tongdai.ids import DncListId, TenantId

TAG = "Do not call"
PIECE = 5000
"""Entries read at once for a CSV file."""
_HEADER = ("phoneNumber", "reason", "expiresAt", "createdAt")
NO_LIST = "Do-not-call list not found"


class NumberView(msgspec.Struct):
    phoneNumber: str
    """The number that is not called."""
    reason: str | None
    """Why it is listed, as sent."""
    expiresAt: datetime | None
    """From when on it may be called again; null: never."""
    createdAt: datetime
    """When it was added."""


class NumberPage(Listed, kw_only=True):
    data: list[NumberView]
    """The entries, by number."""


_ENTRY: dict[str, Any] = {
    "phoneNumber": "0901234567",
    "reason": "Asked not to be called",
    "expiresAt": None,
    "createdAt": "2026-03-10T02:00:00Z",
}


@endpoint(
    Endpoint(
        method="GET",
        path="/do-not-call/{dncListId}/numbers",
        scope=Scope.CAMPAIGN,
        tag=TAG,
        summary="List the numbers of a do-not-call list, expired ones included, by number",
        description="With `Accept: text/csv` all of them as one file, whatever `page`, `size` and `phoneNumber`.",
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query("phoneNumber", "That number alone, in any written form", {"type": "string"}, "0901234567"),
        ),
        response=NumberPage,
        sample={"success": "1", "totalRecord": 1, "data": [_ENTRY]},
        response_media={
            "text/csv": {
                "schema": {"type": "string"},
                "example": "phoneNumber,reason,expiresAt,createdAt\r\n"
                "0901234567,Asked not to be called,,2026-03-10T02:00:00Z\r\n",
            }
        },
    )
)
async def list_numbers(request: Request) -> Response | StreamingResponse:
    dnc_list_id = list_id_of(request)
    principal = principal_of(request)
    query = query_of(request)
    page, number = paging.page_of(query), number_asked_for(query, principal.country)
    as_file = accepts_csv(request.headers.get("accept", ""))
    reading = None if as_file else cursor.reading_of(request, query, str)
    async with connection(request) as conn:
        dnc_list = await store.find(conn, principal.tenant_id, dnc_list_id)
        if dnc_list is None:
            raise NotFound(NO_LIST)
        if as_file:
            found, total = [], 0
        elif reading is not None:
            found, total = await _read(conn, principal.tenant_id, dnc_list_id, number, reading), 0
        elif number is None:
            found, total = (
                await store.page(conn, principal.tenant_id, dnc_list_id, page.size, page.offset),
                dnc_list.entries,
            )
        else:
            one = await store.entry(conn, principal.tenant_id, dnc_list_id, number)
            total = 0 if one is None else 1
            found = [] if one is None or page.offset else [one]
    if as_file:
        return StreamingResponse(_all(request, dnc_list_id), headers=csv_headers(f"do-not-call-{dnc_list_id}.csv"))
    format_number = phone.formatter(principal.country)

    def views(entries: Sequence[Entry]) -> list[NumberView]:
        return [NumberView(format_number(entry.phone), *entry[1:]) for entry in entries]

    if reading is not None:
        rows, more = reading.cut(found, lambda entry: entry.phone)
        return ok(NumberPage(nextCursor=more, data=views(rows)))
    return ok(NumberPage(totalRecord=total, data=views(found)))


async def _read(
    conn: Connection, tenant_id: TenantId, dnc_list_id: DncListId, number: str | None, reading: Reading[str]
) -> list[Entry]:
    """The next entries of a list, by number."""
    after = reading.after or ""
    if number is None:
        return await store.entries_after(conn, tenant_id, dnc_list_id, after, reading.limit)
    one = await store.entry(conn, tenant_id, dnc_list_id, number)
    return [] if one is None or one.phone <= after else [one]


async def _all(request: Request, dnc_list_id: DncListId) -> AsyncGenerator[bytes]:
    """Stream a list as CSV, a piece at a time: no database connection is held while the client reads."""
    principal = principal_of(request)
    format_number, last = phone.formatter(principal.country), ""
    yield csv_header(_HEADER)
    async with disconnected(request) as gone:
        while not gone.done():
            async with connection(request, slow=True) as conn:
                found = await store.entries_after(conn, principal.tenant_id, dnc_list_id, last, PIECE)
            if found:
                yield csv_of([_line(entry, format_number) for entry in found])
            if len(found) < PIECE:
                return
            last = found[-1].phone


def _line(entry: Entry, format_number: Callable[[str], str]) -> tuple[object, ...]:
    return format_number(entry.phone), entry.reason, _instant(entry.expires_at), _instant(entry.created_at)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def list_id_of(request: Request) -> DncListId:
    """The id of the list in the path."""
    return DncListId(ids.from_path(request.path_params["dncListId"], "Do-not-call list"))


def number_asked_for(query: dict[str, list[str]], country: str) -> str | None:
    """The `phoneNumber` of the query in E.164; None when it is not given."""
    text = paging.single(query, "phoneNumber")
    if text is None:
        return None
    number = phone.normalise(text, country)
    if isinstance(number, phone.NumberFault):
        raise InvalidInput(f"phoneNumber {number.message}")
    return number


HANDLERS: list[Route] = [list_numbers]
