"""Lists of numbers that are not called: for every campaign, or for one."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from tongdai.client.calls import PAGE_SIZE, Call, Listing, call, listing, present
from tongdai.client.model import (
    DncCheck,
    DncList,
    DncListCreated,
    DncNumber,
    DncNumbersAdded,
    Done,
    NewDncNumber,
)
from tongdai.client.saving import save
from tongdai.client.session import Session
from tongdai.client.uploads import Upload

TAKEN_IN_S = 300.0
"""How long the server may need, after the last byte of a file, until it has all rows of it."""
_LIST = "/do-not-call/{dncListId}"
_NUMBERS = "/do-not-call/{dncListId}/numbers"


def dnc_lists(*, page_size: int = PAGE_SIZE) -> Listing[DncList]:
    """The do-not-call lists, by id."""
    return listing("/do-not-call", (), DncList, page_size, {})


def dnc_list(dnc_list_id: int) -> Call[DncList]:
    """A do-not-call list."""
    return call("GET", _LIST, (dnc_list_id,), DncList)


def create_dnc_list(
    name: str, *, campaign_id: int | None = None, idempotency_key: str | None = None
) -> Call[DncListCreated]:
    """Make a do-not-call list, for every campaign or for one."""
    body = present(name=name, campaignId=campaign_id)
    return call("POST", "/do-not-call", (), DncListCreated, body=body, idempotency_key=idempotency_key)


def delete_dnc_list(dnc_list_id: int) -> Call[Done]:
    """Delete a do-not-call list and all that stands in it."""
    return call("DELETE", _LIST, (dnc_list_id,), Done)


def dnc_numbers(dnc_list_id: int, *, phone_number: str | None = None, page_size: int = PAGE_SIZE) -> Listing[DncNumber]:
    """The numbers of a do-not-call list, in their order; or the one given, however written, if it is there."""
    return listing(_NUMBERS, (dnc_list_id,), DncNumber, page_size, {"phoneNumber": phone_number})


def add_dnc_number(
    dnc_list_id: int,
    phone_number: str,
    *,
    reason: str | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[DncNumbersAdded]:
    """Put a number in a do-not-call list; of one that is there, reason and expiry are replaced."""
    body = present(phoneNumber=phone_number, reason=reason, expiresAt=expires_at)
    return call("POST", _NUMBERS, (dnc_list_id,), DncNumbersAdded, body=body, idempotency_key=idempotency_key)


def add_dnc_numbers(
    dnc_list_id: int,
    numbers: Iterable[NewDncNumber | Mapping[str, object]],
    *,
    idempotency_key: str | None = None,
) -> Call[DncNumbersAdded]:
    """Put up to 10,000 numbers in a do-not-call list; mappings have the wire's names. Bad ones are told in `errors`."""
    body = present(numbers=list(numbers))
    return call("POST", _NUMBERS, (dnc_list_id,), DncNumbersAdded, body=body, idempotency_key=idempotency_key)


def remove_dnc_number(dnc_list_id: int, phone_number: str) -> Call[Done]:
    """Take a number, however written, out of a do-not-call list. NotFound when it is not there."""
    return call("DELETE", f"{_NUMBERS}/{{phoneNumber}}", (dnc_list_id, phone_number), Done)


def check_dnc(phone_number: str, *, campaign_id: int | None = None) -> Call[DncCheck]:
    """Whether a number is not to be called now, by a campaign or (without one) by any, and which lists say so."""
    query = {"phoneNumber": phone_number, "campaignId": campaign_id}
    return call("GET", "/do-not-call/check", (), DncCheck, query)


def add_dnc_csv(
    dnc_list_id: int, file: str | os.PathLike[str], *, idempotency_key: str | None = None
) -> Call[DncNumbersAdded]:
    """Put the numbers of a CSV file in a do-not-call list: a header row with phoneNumber, reason, expiresAt, in UTF-8.

    OSError when it cannot be read.
    """
    upload = Upload(Path(file), "text/csv", gzipped=False, compress=False, progress=None)
    added = call("POST", _NUMBERS, (dnc_list_id,), DncNumbersAdded, body=upload, idempotency_key=idempotency_key)
    return replace(added, read_timeout_s=TAKEN_IN_S)


def dnc_numbers_as_csv(dnc_list_id: int) -> Call[None]:
    """All numbers of a do-not-call list as a CSV file."""
    return replace(call("GET", _NUMBERS, (dnc_list_id,), None), accept="text/csv")


async def save_dnc_csv(session: Session, dnc_list_id: int, file: str | os.PathLike[str]) -> Path:
    """Write all numbers of a do-not-call list to a CSV file; its path.

    It is streamed to the disk, and the file is there, or replaced, only when it is whole.
    """
    return await save(session, dnc_numbers_as_csv(dnc_list_id), file)
