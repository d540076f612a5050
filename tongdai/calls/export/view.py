"""The columns of a file of calls: those of the response in JSON, then names, and instants by the tenant's clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tongdai.calls import view as json_view
from tongdai.calls.export.store import Names
from tongdai.calls.history import CallRecord
from tongdai.calls.view import CallView
from tongdai.contacts.fields import FIELDS

_LATER = ("direction", "queueId", "calledNumber")
"""Fields of the response whose columns came after others."""
_CALL = [name for name in CallView.__struct_fields__ if name not in _LATER]
_INSTANTS = [name for name in _CALL if name.endswith("At")]
_LOCAL = "%Y-%m-%d %H:%M:%S"
"""A date and time that spreadsheets read."""
HEADER = (
    *_CALL,
    *(field.text.wire for field in FIELDS),
    "agentName",
    "campaignName",
    *(f"{name}Local" for name in _INSTANTS),
    "timeZone",
    "wrapUpCode",
    *_LATER,
)
"""`timeZone` is that of the `…Local` columns. New columns come at the end: positions stay."""


def line(call: CallRecord, shown: Callable[[str], str], names: Names, zone: ZoneInfo) -> tuple[object, ...]:
    """The cells of a call. `shown` formats a number for the tenant's country."""
    view = json_view.view(call, shown)
    cells = [getattr(view, name) for name in _CALL]
    instants = [getattr(view, name) for name in _INSTANTS]
    return (
        *(_instant(cell) if isinstance(cell, datetime) else cell for cell in cells),
        *(
            [None] * len(FIELDS)
            if call.contact_id is None
            else names.contacts.get(call.contact_id, [None] * len(FIELDS))
        ),
        None if call.agent_id is None else names.agents.get(call.agent_id),
        None if call.campaign_id is None else names.campaigns.get(call.campaign_id),
        *(None if at is None else at.astimezone(zone).strftime(_LOCAL) for at in instants),
        zone.key,
        None if call.wrap_up_code_id is None else names.codes.get(call.wrap_up_code_id),
        *(getattr(view, name) for name in _LATER),
    )


def _instant(value: datetime) -> str:
    """The text that JSON has."""
    return value.isoformat().replace("+00:00", "Z")


def sample(of: dict[str, Any]) -> str:
    """An example of a file, of the example of a call in JSON."""
    names = {field.text.wire: field.text.sample for field in FIELDS}
    others = {"agentName": "Lan", "campaignName": "Khao sat thang 4", "timeZone": "Asia/Ho_Chi_Minh"}
    others |= {"wrapUpCode": "Sold"}
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    local = {
        f"{name}Local": datetime.fromisoformat(of[name]).astimezone(zone).strftime(_LOCAL)
        for name in _INSTANTS
        if of[name] is not None
    }
    cells = of | names | others | local
    row = ",".join("" if cells.get(name) is None else str(cells[name]) for name in HEADER)
    return f"{','.join(HEADER)}\r\n{row}\r\n"
