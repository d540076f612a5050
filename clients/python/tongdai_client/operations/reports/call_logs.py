"""Call logs, as the vendor has them."""

from datetime import datetime

from tongdai_client.models.reports.call_logs import CallLogPage
from tongdai_client.operation import Operation, operation


def call_logs(
    *,
    phone_number: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    call_type: int | None = None,
    page: int = 1,
    limit: int = 50,
    idempotency_key: str | None = None,
) -> Operation[CallLogPage]:
    """List calls of both directions, newest first; `call_type` 0 is inbound, 1 outbound. The first page is 1.

    Those that began at `since` or later, and at `until` or before. Datetimes must have a time zone.
    """
    sent = {
        "phoneNumber": phone_number,
        "callStartTime": None if since is None else since.isoformat(),
        "callEndtime": None if until is None else until.isoformat(),
        "callType": call_type,
        "page": page,
        "limit": limit,
    }
    body = {name: value for name, value in sent.items() if value is not None}
    return operation("POST", "/reports/call-logs", (), CallLogPage, {}, body, idempotency_key)
