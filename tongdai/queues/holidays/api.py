"""`/queues/holidays`: the public holidays of the tenant's country, with the tenant's changes."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tongdai.errors import InvalidInput
from tongdai.http import body, paging
from tongdai.http.endpoint import (
    NAME,
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
from tongdai.http.principal import Scope
from tongdai.queues.holidays import public, store
from tongdai.queues.holidays.model import calendar_of
from tongdai.queues.holidays.view import MAX_CHANGES, HolidayChanges, HolidayList, edits_of, view_of
from tongdai.queues.hours import store as hours
from tongdai.queues.hours.view import SPAN_SCHEMA

_TAG = "Opening hours"
_YEAR = Query(
    "year",
    "The year; without it the present one of the tenant",
    {"type": "integer", "minimum": public.FIRST_YEAR, "maximum": public.LAST_YEAR},
    2027,
)


_changes = msgspec.json.Decoder(HolidayChanges)
_SAMPLE: dict[str, Any] = {
    "date": "2027-02-05",
    "name": "Giao thừa Tết Nguyên Đán",
    "open": [{"from": "08:00", "to": "12:00"}],
    "publicHoliday": True,
    "changed": True,
    "removed": False,
}


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/holidays",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="List the holidays of a year: the public ones of the tenant's country, with the tenant's changes",
        query=(_YEAR,),
        response=HolidayList,
        sample={"success": "1", "year": 2027, "country": "VN", "data": [_SAMPLE]},
    )
)
async def list_holidays(request: Request) -> Response:
    principal, query = principal_of(request), query_of(request)
    async with connection(request) as conn:
        settings = await hours.find(conn, principal.tenant_id, None)
        assert settings is not None, "a request's tenant exists"
        now = settings.now.astimezone(ZoneInfo(settings.zone)).year
        year = paging.whole(query, "year", now, public.FIRST_YEAR, public.LAST_YEAR)
        edits = await store.edits(conn, principal.tenant_id, *public.days_of_year(year))
    known = await asyncio.to_thread(public.of_year, principal.country, year)
    days = [view_of(day) for day in calendar_of(known, edits)]
    return ok(HolidayList(year=year, country=principal.country, data=days))


@endpoint(
    Endpoint(
        method="PATCH",
        path="/queues/holidays",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Add, rename, remove or reset holidays, or give them hours, all of them together or none",
        description=(
            "A day that is no public holiday needs a name. `removed` makes a public holiday an ordinary day; `reset` "
            "drops the tenant's change of a day, and with it a holiday of its own. `open` are hours of that day alone, "
            "as for half a day. Queues that observe holidays follow at once."
        ),
        body=HolidayChanges,
        refine={
            "HolidayChanges": {"holidays": {"minItems": 1, "maxItems": MAX_CHANGES}},
            "HolidayChange": {"date": {"format": "date"}, "name": {"minLength": 1, **NAME}},
            **SPAN_SCHEMA,
        },
        body_sample={
            "holidays": [
                {"date": "2027-02-05", "open": [{"from": "08:00", "to": "12:00"}]},
                {"date": "2027-07-10", "name": "Du lịch công ty"},
            ]
        },
        response=Done,
        sample=done_sample("2 days changed"),
    )
)
async def change_holidays(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _changes).holidays
    principal = principal_of(request)
    if not 0 < len(sent) <= MAX_CHANGES:
        raise InvalidInput(f"holidays must be 1 to {MAX_CHANGES} days, not {len(sent)}")
    edits = await asyncio.to_thread(edits_of, sent, principal.country)
    async with connection(request) as conn:
        await store.change(conn, principal.tenant_id, edits, principal.author)
    return ok(Done(error_message=f"{len(edits)} day{'' if len(edits) == 1 else 's'} changed"))


HANDLERS: list[Route] = [list_holidays, change_holidays]
