"""Numbers of the tenant; called numbers, phones and trunks of the whole installation, for platform keys."""

from tongdai_client.models.base import Done
from tongdai_client.models.tenants import (
    CalledNumber,
    CalledNumberGiven,
    CallerIds,
    OwnNumber,
    SipEndpoint,
    SipEndpointGiven,
)
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation, without_none


def numbers(*, page_size: int = PAGE_SIZE) -> PagedOperation[OwnNumber]:
    """List the numbers of the tenant that callers dial, with the queue that each leads to."""
    return paged_operation("/numbers", (), OwnNumber, page_size, {})


def caller_ids() -> Operation[CallerIds]:
    """List the numbers that campaigns show to the persons whom they call."""
    return operation("GET", "/numbers/caller-ids", (), CallerIds)


def called_numbers(*, tenant_id: int | None = None, page_size: int = PAGE_SIZE) -> PagedOperation[CalledNumber]:
    """List the numbers that callers dial, with the tenants that they are given to. Takes a platform key."""
    return paged_operation("/called-numbers", (), CalledNumber, page_size, {"tenantId": tenant_id})


def give_number(
    phone_number: str, tenant_id: int, *, trunk: str | None = None, idempotency_key: str | None = None
) -> Operation[CalledNumberGiven]:
    """Give a number that callers dial to a tenant. Takes a platform key.

    With `trunk` its calls come by that trunk alone, and the carrier may send its last digits.
    """
    body = {"phoneNumber": phone_number, "tenantId": tenant_id, "trunk": trunk}
    return operation("POST", "/called-numbers", (), CalledNumberGiven, body=body, idempotency_key=idempotency_key)


def take_number(phone_number: str) -> Operation[Done]:
    """Take a number, in any written form, from its tenant; its callers are refused. Takes a platform key."""
    return operation("DELETE", "/called-numbers/{phoneNumber}", (phone_number,), Done)


def sip_endpoints(
    *, tenant_id: int | None = None, switch: str | None = None, kind: str | None = None, page_size: int = PAGE_SIZE
) -> PagedOperation[SipEndpoint]:
    """List the phones and trunks that are given to tenants. Takes a platform key."""
    query = {"tenantId": tenant_id, "switch": switch, "kind": kind}
    return paged_operation("/sip-endpoints", (), SipEndpoint, page_size, query)


def give_endpoint(
    name: str,
    kind: str,
    tenant_id: int | None,
    *,
    switch: str | None = None,
    idempotency_key: str | None = None,
) -> Operation[SipEndpointGiven]:
    """Give a `phone` or `trunk` of a switch to a tenant; None as tenant gives a trunk to all. Takes a platform key."""
    body = {"name": name, "kind": kind, "tenantId": tenant_id} | without_none(switch=switch)
    return operation("POST", "/sip-endpoints", (), SipEndpointGiven, body=body, idempotency_key=idempotency_key)


def take_endpoint(endpoint_id: int) -> Operation[Done]:
    """Take a phone or trunk from whom it is given to; active calls continue. Takes a platform key."""
    return operation("DELETE", "/sip-endpoints/{id}", (endpoint_id,), Done)
