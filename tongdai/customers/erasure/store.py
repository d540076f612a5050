"""Erasing a number: each table by its owner, in one transaction, with what was erased in the audit.

Contacts, callbacks and the events of webhooks are deleted. Calls stay without the number, the notes on them and their
recordings, so that reports stay what they were. The audit and the events of calls lose the number where they name it.
The rows of imports are rewritten chunk by chunk afterwards, as there may be millions.
"""

from dataclasses import asdict, dataclass

from tongdai.callbacks import store as callbacks
from tongdai.calls.events import store as events
from tongdai.calls.forget import store as calls
from tongdai.contacts.many import store as contacts
from tongdai.customers.erasure import rows
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.do_not_call import store as do_not_call
from tongdai.ids import Author, JobId, TenantId
from tongdai.imports.outcomes import store as outcomes
from tongdai.imports.outcomes.store import SentChunk
from tongdai.recordings import store as recordings
from tongdai.webhooks.deliveries import history as deliveries

CHUNKS_AT_ONCE = 50
"""Chunks of imports that one request looks at; each takes some milliseconds."""
ACTION = "customer.erase"


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased, by kind."""

    contacts: int
    calls: int
    callbacks: int
    do_not_call: int
    events: int
    webhook_events: int
    audit_entries: int
    recordings: int
    """Recordings of the calls, whose files are deleted after the transaction."""


class InCall(Exception):
    """The number is in a call, or being called back."""


class Unknown(Exception):
    """Nothing is stored about the number, and it was not erased before."""


KNOWN = """
select exists (select from do_not_call where tenant_id = $1 and phone = $2)
    or exists (select from audit where tenant_id = $1 and action = $3 and subject = $4)
"""


async def _is_known(conn: Connection, tenant_id: TenantId, phone: str, proof: str) -> bool:
    return await conn.fetchval(KNOWN, tenant_id, phone, ACTION, _subject(proof))


def _subject(proof: str) -> str:
    return f"erasure {proof[:12]}"


async def erase(
    conn: Connection, tenant_id: TenantId, number: int, proof: str, by: Author, *, keep_do_not_call: bool
) -> Erased:
    """Erase a number, but for the rows of imports. InCall while it is in a call, UnderHold while a recording of it is
    under a legal hold, Unknown if there is nothing."""
    phone = f"+{number}"
    async with conn.transaction():
        if await calls.is_live(conn, tenant_id, phone):
            raise InCall
        called_back = await callbacks.forget(conn, tenant_id, phone)
        deleted = await contacts.erase(conn, tenant_id, number)
        if called_back is None or deleted is None:
            raise InCall
        had = await calls.forget(conn, tenant_id, phone)
        erased = Erased(
            contacts=deleted,
            calls=len(had),
            callbacks=called_back,
            do_not_call=0 if keep_do_not_call else await do_not_call.forget(conn, tenant_id, phone),
            events=await events.forget(conn, tenant_id, phone),
            webhook_events=await deliveries.forget(conn, tenant_id, phone),
            audit_entries=await audit.forget(conn, tenant_id, phone),
            recordings=await recordings.erase(conn, tenant_id, had),
        )
        if not any(asdict(erased).values()) and not await _is_known(conn, tenant_id, phone, proof):
            raise Unknown
        detail = asdict(erased) | {"keepDoNotCall": keep_do_not_call, "proof": proof}
        await audit.record(conn, tenant_id, by, ACTION, _subject(proof), detail)
    return erased


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """How many rows of imports lost the number, and where the next step continues; None: nowhere."""

    rows: int
    next: tuple[JobId, int] | None


async def erase_rows(
    conn: Connection,
    tenant_id: TenantId,
    number: int,
    country: str,
    after: tuple[JobId, int],
    proof: str,
    by: Author,
    at_once: int = CHUNKS_AT_ONCE,
) -> ErasedRows:
    """Take a number out of the rows of the next chunks of imports, which are kept for a time."""
    found = await outcomes.next_sent(conn, tenant_id, after, at_once)
    erased = 0
    async with conn.transaction():
        for chunk in found:
            erased += await _rewrite(conn, tenant_id, chunk, f"+{number}", country)
        if erased:
            detail = {"importRows": erased, "proof": proof}
            await audit.record(conn, tenant_id, by, ACTION, _subject(proof), detail)
    return ErasedRows(erased, (found[-1].job_id, found[-1].seq) if len(found) == at_once else None)


async def _rewrite(conn: Connection, tenant_id: TenantId, chunk: SentChunk, number: str, country: str) -> int:
    left = rows.without(chunk.sent, number, country)
    if left is None:
        return 0
    sent, erased = left
    await outcomes.replace_sent(conn, tenant_id, chunk, sent)
    return erased
