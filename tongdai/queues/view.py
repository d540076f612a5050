"""The record of a queue as requests write it, by the vendor's names: moh_file_id, max_wait_sec, ..."""

import re
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import NAME
from tongdai.queues.model import MAX_NAME, MAX_NUMBER, MAX_WAIT_S, Change, NumberRefusal, Strategy
from tongdai.text import CONTROL, has_control

_FILE = re.compile(r"[^/\\:]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,5}")
_NUMBER = re.compile(r"\+?[0-9]{1,31}")
SCHEMA: dict[str, dict[str, Any]] = {
    "callinName": {"minLength": 1, **NAME},
    "moh_file_id": {
        "minLength": 1,
        "maxLength": 255,
        "pattern": rf"^[^/\\:{CONTROL}]*[^/\\:. {CONTROL}][^/\\:{CONTROL}]*$",
    },
    "max_wait_sec": {
        "maxLength": 5,
        "pattern": "^0*([0-9]{1,4}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)$",
    },
    "strategy": {"enum": [s.value for s in Strategy]},
    "announce_position": {"enum": ["0", "1", None]},
    "callinNumber": {"pattern": f"^{_NUMBER.pattern}$"},
}
"""For `Endpoint.refine`."""
_STRATEGIES = ", ".join(f"{s.value} {s.name.lower()}" for s in Strategy)


class VendorFields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    moh_file_id: str | UnsetType | None = UNSET
    """Name of the sound file that callers hear while they wait; null clears it."""
    max_wait_sec: str | UnsetType | None = UNSET
    """Seconds that a caller waits at most, in digits, `0` to `86400`; `0`: no limit; null clears it."""
    strategy: int | UnsetType = UNSET
    """How its calls are treated: 1 normal, 2 VIP, 3 blacklist, 4 divert, 99 temporarily locked."""
    announce_position: str | UnsetType | None = UNSET
    """Whether callers hear their position in the queue: `1` yes, `0` no; null clears it."""
    callinNumber: str | UnsetType | None = UNSET
    """The number that callers dial, in any written form, unique in the tenant; null clears it."""


class QueueChange(VendorFields, forbid_unknown_fields=True, kw_only=True):
    callinName: str | UnsetType = UNSET
    """Name of the queue."""


FIELDS = QueueChange.__struct_fields__


def require_name(name: str) -> None:
    body.text_field("callinName", name, MAX_NAME, min_length=1)


def refused(refusal: NumberRefusal, number: str | UnsetType | None) -> InvalidInput:
    if refusal is NumberRefusal.OF_OTHER_QUEUE:
        return InvalidInput(f"callinNumber {number} is another queue's already")
    return InvalidInput(f"callinNumber {number} is no number of this tenant: an operator gives numbers to tenants")


def fields_of(sent: VendorFields) -> Change:
    """The fields that are sent, checked; InvalidInput names the field. The name of a new queue is none of them."""
    name = sent.callinName if isinstance(sent, QueueChange) else UNSET
    if not isinstance(name, UnsetType):
        require_name(name)
    return Change(
        name=name,
        strategy=UNSET if isinstance(sent.strategy, UnsetType) else _strategy(sent.strategy),
        moh_file=UNSET if isinstance(sent.moh_file_id, UnsetType) else _file(sent.moh_file_id),
        max_wait_s=UNSET if isinstance(sent.max_wait_sec, UnsetType) else _seconds(sent.max_wait_sec),
        announce_position=UNSET if isinstance(sent.announce_position, UnsetType) else _flag(sent.announce_position),
        number=UNSET if isinstance(sent.callinNumber, UnsetType) else _number(sent.callinNumber),
    )


def _strategy(value: int) -> Strategy:
    try:
        return Strategy(value)
    except ValueError:
        raise InvalidInput(f"strategy must be one of {_STRATEGIES}, not {shown(value)}") from None


def _file(value: str | None) -> str | None:
    """Check a file name: no slash, backslash, drive or scheme, and not a folder."""
    if value is None:
        return None
    if not _FILE.fullmatch(value) or value.strip(". ") == "" or has_control(value):
        raise InvalidInput(f"moh_file_id must be a file name of 1 to 255 characters, not {shown(value)!r}")
    return value


def _seconds(value: str | None) -> int | None:
    if value is None:
        return None
    if not _SECONDS.fullmatch(value) or int(value) > MAX_WAIT_S:
        raise InvalidInput(f'max_wait_sec must be seconds as text, "0" to "{MAX_WAIT_S}", not {shown(value)!r}')
    return int(value)


def _flag(value: str | None) -> bool | None:
    if value not in {None, "0", "1"}:
        raise InvalidInput(f'announce_position must be "0" or "1", not {shown(value)!r}')
    return None if value is None else value == "1"


def _number(value: str | None) -> str | None:
    if value is not None and not _NUMBER.fullmatch(value):
        raise InvalidInput(f"callinNumber must be at most {MAX_NUMBER} digits, not {shown(value)!r}")
    return value
