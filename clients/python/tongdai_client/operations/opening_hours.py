"""Opening hours of queues, and holidays. Without a queue: the defaults of the tenant."""

from collections.abc import Sequence
from datetime import datetime

from tongdai_client.models.base import Done
from tongdai_client.models.inbound.opening_hours import (
    CallerDestination,
    HolidayChange,
    Holidays,
    OpeningHours,
    OpeningWindow,
)
from tongdai_client.operation import Operation, operation, without_none

_QUEUE = "/queues/inbound/{id}"


def opening_hours(queue_id: int) -> Operation[OpeningHours]:
    """Get the opening hours of a queue, and whether it is open now."""
    return operation("GET", f"{_QUEUE}/hours", (queue_id,), OpeningHours)


def default_opening_hours() -> Operation[OpeningHours]:
    """Get the opening hours of queues that set none."""
    return operation("GET", "/queues/hours", (), OpeningHours)


def set_opening_hours(
    queue_id: int,
    windows: Sequence[OpeningWindow] | None = None,
    *,
    observes_holidays: bool | None = None,
    after_hours: CallerDestination | None = None,
) -> Operation[Done]:
    """Set the opening hours of a queue; None: as the tenant's defaults."""
    body = _hours(windows, observes_holidays, after_hours)
    return operation("PUT", f"{_QUEUE}/hours", (queue_id,), Done, body=body)


def set_default_opening_hours(
    windows: Sequence[OpeningWindow] | None = None,
    *,
    observes_holidays: bool | None = None,
    after_hours: CallerDestination | None = None,
) -> Operation[Done]:
    """Set the opening hours of queues that set none; None: always open, and holidays close it if there are windows."""
    return operation("PUT", "/queues/hours", (), Done, body=_hours(windows, observes_holidays, after_hours))


def close_queue(queue_id: int, *, until: datetime | None = None, note: str | None = None) -> Operation[Done]:
    """Close a queue now, until an instant or until it is opened."""
    return operation("PUT", f"{_QUEUE}/closed", (queue_id,), Done, body=without_none(until=until, note=note))


def close_queues(*, until: datetime | None = None, note: str | None = None) -> Operation[Done]:
    """Close all queues of the tenant now, until an instant or until they are opened."""
    return operation("PUT", "/queues/closed", (), Done, body=without_none(until=until, note=note))


def open_queue(queue_id: int) -> Operation[Done]:
    """End the closure of a queue; its opening hours hold again."""
    return operation("DELETE", f"{_QUEUE}/closed", (queue_id,), Done)


def open_queues() -> Operation[Done]:
    """End the closure of all queues of the tenant."""
    return operation("DELETE", "/queues/closed", (), Done)


def holidays(year: int | None = None) -> Operation[Holidays]:
    """List the holidays of a year: the public ones of the tenant's country, with the tenant's changes."""
    return operation("GET", "/queues/holidays", (), Holidays, {"year": year})


def change_holidays(changes: Sequence[HolidayChange]) -> Operation[Done]:
    """Add, rename, remove or reset holidays, or give them hours, all of them together or none."""
    return operation("PATCH", "/queues/holidays", (), Done, body={"holidays": changes})


def _hours(
    windows: Sequence[OpeningWindow] | None, observes_holidays: bool | None, after_hours: CallerDestination | None
) -> dict[str, object]:
    return {"openingHours": windows, "observesHolidays": observes_holidays, "afterHours": after_hours}
