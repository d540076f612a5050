"""`/tenants/me/calling-hours`: when campaigns call that name neither a preset nor windows."""

from typing import Any

import msgspec

from tongdai.campaigns.hours import store
from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.kinds import Window, Windows
from tongdai.campaigns.settings.view import STRUCTS_SCHEMA
from tongdai.campaigns.settings.windows import Week
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Scope

_TAG = "Tenants and keys"
_KIND = Windows()
_SAMPLE: list[dict[str, Any]] = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "20:00"},
    {"days": ["sat"], "from": "08:00", "to": "12:00"},
]


class CallingHours(msgspec.Struct, forbid_unknown_fields=True):
    callingWindows: list[Window] | None
    """Calling windows in the contact's local time; null: 08:00 to 21:00 every day."""


class CallingHoursView(msgspec.Struct):
    callingWindows: list[Window] | None
    """The tenant's own calling windows, in the contact's local time; null: 08:00 to 21:00 every day."""
    effectiveWindows: list[Window]
    """The calling windows in effect for campaigns that have none of their own."""


class CallingHoursChanged(Done, kw_only=True):
    effectiveWindows: list[Window]
    """The calling windows in effect for campaigns that have none of their own."""


_hours = msgspec.json.Decoder(CallingHours)


@endpoint(
    Endpoint(
        method="GET",
        path="/tenants/me/calling-hours",
        scope=Scope.ADMIN,
        tag=_TAG,
        summary="Get the tenant's default calling hours: null is 08:00 to 21:00 every day",
        description="They are those of campaigns with the preset `tenant_hours` and without windows of their own.",
        response=CallingHoursView,
        sample={"callingWindows": _SAMPLE, "effectiveWindows": _SAMPLE},
    )
)
async def get_hours(request: Request) -> Response:
    async with connection(request) as conn:
        week = await store.find(conn, principal_of(request).tenant_id)
    return ok(CallingHoursView(None if week is None else _KIND.show(week), _effective(week)))


@endpoint(
    Endpoint(
        method="PUT",
        path="/tenants/me/calling-hours",
        scope=Scope.ADMIN,
        tag=_TAG,
        summary="Set the tenant's default calling hours; null restores 08:00 to 21:00 every day",
        description="In the contact's local time. They apply to running campaigns at once.",
        body=CallingHours,
        refine={"CallingHours": {"callingWindows": _KIND.schema}, **STRUCTS_SCHEMA},
        body_sample={"callingWindows": _SAMPLE},
        response=CallingHoursChanged,
        sample=done_sample("Calling hours updated successfully", effectiveWindows=_SAMPLE),
    )
)
async def set_hours(request: Request) -> Response:
    sent = body.decode(await body.read_json(request), _hours).callingWindows
    week = None if sent is None else _KIND.parse("callingWindows", sent)
    principal = principal_of(request)
    async with connection(request) as conn:
        await store.change(conn, principal.tenant_id, week, principal.author)
    message = "Calling hours updated successfully"
    return ok(CallingHoursChanged(error_message=message, effectiveWindows=_effective(week)))


def _effective(week: Week | None) -> list[Window]:
    return _KIND.show(rules.STANDARD_HOURS if week is None else week)


HANDLERS: list[Route] = [get_hours, set_hours]
