"""Held dialing, of the whole installation: for platform keys."""

from tongdai_client.models.dialing import Dialing, DialingChanged
from tongdai_client.operation import Operation, operation


def dialing() -> Operation[Dialing]:
    """Get whether dialing is held, why, and how many contacts that concerns. Takes a platform key."""
    return operation("GET", "/dialing", (), Dialing)


def hold_dialing(*, idempotency_key: str | None = None) -> Operation[DialingChanged]:
    """Hold dialing: within a second nobody is called any more. Active calls continue. Takes a platform key."""
    return operation("POST", "/dialing/hold", (), DialingChanged, idempotency_key=idempotency_key)


def release_dialing(hold_id: int, *, idempotency_key: str | None = None) -> Operation[DialingChanged]:
    """Release the hold in force: campaigns that run are dialled again. Takes a platform key.

    After a restored backup, contacts whose calls are missing in the database are called a second time.
    """
    body = {"holdId": hold_id}
    return operation("POST", "/dialing/release", (), DialingChanged, body=body, idempotency_key=idempotency_key)
