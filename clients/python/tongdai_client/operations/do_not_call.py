"""Do-not-call lists, for every campaign or for one."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from tongdai_client.download import download
from tongdai_client.models.base import Done
from tongdai_client.models.do_not_call import (
    DncCheck,
    DncList,
    DncListCreated,
    DncNumber,
    DncNumbersAdded,
    NewDncNumber,
)
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation, without_none
from tongdai_client.session import Session
from tongdai_client.upload import FORMATS, Upload

UPLOAD_READ_TIMEOUT_S = 300.0
"""From the last byte of a file to the response: the server stores all rows in between."""
_CONTENT_TYPES = {f".{name}": FORMATS[name] for name in ("xlsx", "ndjson", "jsonl")} | {".json": FORMATS["ndjson"]}
"""By the extension of a file; the server tells one value from a value a line."""
_LIST = "/do-not-call/{dncListId}"
_NUMBERS = "/do-not-call/{dncListId}/numbers"


def dnc_lists(*, page_size: int = PAGE_SIZE) -> PagedOperation[DncList]:
    """List the do-not-call lists by id."""
    return paged_operation("/do-not-call", (), DncList, page_size, {})


def dnc_list(dnc_list_id: int) -> Operation[DncList]:
    """Get a do-not-call list."""
    return operation("GET", _LIST, (dnc_list_id,), DncList)


def create_dnc_list(
    name: str, *, campaign_id: int | None = None, idempotency_key: str | None = None
) -> Operation[DncListCreated]:
    """Create a do-not-call list, for every campaign or for one."""
    body = without_none(name=name, campaignId=campaign_id)
    return operation("POST", "/do-not-call", (), DncListCreated, body=body, idempotency_key=idempotency_key)


def delete_dnc_list(dnc_list_id: int) -> Operation[Done]:
    """Delete a do-not-call list and its entries."""
    return operation("DELETE", _LIST, (dnc_list_id,), Done)


def dnc_numbers(
    dnc_list_id: int, *, phone_number: str | None = None, page_size: int = PAGE_SIZE
) -> PagedOperation[DncNumber]:
    """List the numbers of a do-not-call list in ascending order, optionally only one, written in any format."""
    return paged_operation(_NUMBERS, (dnc_list_id,), DncNumber, page_size, {"phoneNumber": phone_number})


def add_dnc_number(
    dnc_list_id: int,
    phone_number: str,
    *,
    reason: str | None = None,
    expires_at: datetime | date | None = None,
    idempotency_key: str | None = None,
) -> Operation[DncNumbersAdded]:
    """Add a number to a do-not-call list, or replace the reason and expiry of an existing one.

    A date lasts until it ends in the tenant's time zone.
    """
    body = without_none(phoneNumber=phone_number, reason=reason, expiresAt=expires_at)
    return operation("POST", _NUMBERS, (dnc_list_id,), DncNumbersAdded, body=body, idempotency_key=idempotency_key)


def add_dnc_numbers(
    dnc_list_id: int,
    numbers: Iterable[NewDncNumber | Mapping[str, object]],
    *,
    errors: int | None = None,
    idempotency_key: str | None = None,
) -> Operation[DncNumbersAdded]:
    """Add up to 10,000 numbers to a do-not-call list. Mappings use the wire's names.

    `errors` is how many failed rows and warnings the response lists: 100, at most 10,000.
    """
    body = without_none(numbers=list(numbers))
    return operation(
        "POST",
        _NUMBERS,
        (dnc_list_id,),
        DncNumbersAdded,
        {"errors": errors},
        body=body,
        idempotency_key=idempotency_key,
    )


def remove_dnc_number(dnc_list_id: int, phone_number: str) -> Operation[Done]:
    """Remove a number, written in any format, from a do-not-call list. NotFound if it is not in the list."""
    return operation("DELETE", f"{_NUMBERS}/{{phoneNumber}}", (dnc_list_id, phone_number), Done)


def check_dnc(phone_number: str, *, campaign_id: int | None = None) -> Operation[DncCheck]:
    """Check whether any campaign, or a given one, must not call a number now, and which lists contain it."""
    query = {"phoneNumber": phone_number, "campaignId": campaign_id}
    return operation("GET", "/do-not-call/check", (), DncCheck, query)


def add_dnc_csv(
    dnc_list_id: int,
    file: str | os.PathLike[str],
    *,
    errors: int | None = None,
    idempotency_key: str | None = None,
) -> Operation[DncNumbersAdded]:
    """Add the numbers of a CSV file, a workbook named `.xlsx`, or a file of JSON or NDJSON to a do-not-call list.

    `detected` of the response says what was read as what. `errors` is how many failed rows and warnings the response
    lists: 100, at most 10,000. OSError if the file cannot be read.
    """
    path = Path(file)
    content_type = _CONTENT_TYPES.get(path.suffix.lower(), FORMATS["csv"])
    upload = Upload(path, content_type, gzipped=False, compress=False, progress=None)
    added = operation(
        "POST",
        _NUMBERS,
        (dnc_list_id,),
        DncNumbersAdded,
        {"errors": errors},
        body=upload,
        idempotency_key=idempotency_key,
    )
    return replace(added, read_timeout_s=UPLOAD_READ_TIMEOUT_S)


def dnc_numbers_as_csv(dnc_list_id: int) -> Operation[None]:
    """Get all numbers of a do-not-call list as CSV."""
    return replace(operation("GET", _NUMBERS, (dnc_list_id,), None), accept="text/csv")


async def save_dnc_csv(session: Session, dnc_list_id: int, file: str | os.PathLike[str]) -> Path:
    """Save all numbers of a do-not-call list as a CSV file; returns its path.

    The response is streamed to the disk and replaces the file only when it is complete.
    """
    return await download(session, dnc_numbers_as_csv(dnc_list_id), file)
