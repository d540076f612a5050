"""Called numbers on the wire."""

from datetime import datetime
from typing import Any

import msgspec

from tongdai.http.cursor import Listed
from tongdai.http.envelope import Done
from tongdai.numbers.core import MAX_CALLED
from tongdai.numbers.model import CalledNumber
from tongdai.text import CONTROL, SWITCH_NAME

NUMBER_SCHEMA: dict[str, Any] = {"minLength": 1, "maxLength": MAX_CALLED, "pattern": f"^[^{CONTROL}]+$"}
TRUNK_SCHEMA: dict[str, Any] = {"pattern": f"^{SWITCH_NAME}$"}
SAMPLE: dict[str, Any] = {
    "phoneNumber": "+842873001234",
    "national": "02873001234",
    "tenantId": 20260310,
    "trunk": "carrier",
    "givenAt": "2026-03-10T02:00:00Z",
}


class CalledNumberView(msgspec.Struct, kw_only=True):
    phoneNumber: str
    """The number that callers dial, in E.164."""
    national: str
    """Its digits as they are dialled within its country."""
    tenantId: int
    """The tenant that it is given to."""
    trunk: str | None
    """The trunk by which its calls come; null: any."""
    givenAt: datetime
    """When it was given."""


class CalledNumberPage(Listed, kw_only=True):
    data: list[CalledNumberView]
    """The numbers, in ascending order."""


class NewCalledNumber(msgspec.Struct, forbid_unknown_fields=True):
    phoneNumber: str
    """The number, in any written form; without a plus it is read in the tenant's country."""
    tenantId: int
    """The tenant that gets it."""
    trunk: str | None = None
    """The trunk of the tenant's switch by which its calls come; null: any."""


class CalledNumberGiven(Done, kw_only=True):
    number: CalledNumberView
    """The number as it is now."""


def number_view(number: CalledNumber) -> CalledNumberView:
    return CalledNumberView(
        phoneNumber=number.e164,
        national=number.national,
        tenantId=number.tenant_id,
        trunk=number.trunk,
        givenAt=number.given_at,
    )
