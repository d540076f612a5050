"""`/customers/{customerId}/erase`: everything about a number is erased."""

import hashlib
import hmac
import re

import msgspec

from tongdai import ids
from tongdai.contacts.numbers import customer_id as customer_ids
from tongdai.customers.erasure import store
from tongdai.customers.erasure.store import Erased, ErasedRows, InCall, Unknown
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import JobId
from tongdai.imports.outcomes import store as outcomes
from tongdai.recordings import retention
from tongdai.recordings.api import storage_of
from tongdai.recordings.store import UnderHold

_POSITION = re.compile(r"([0-9]{1,18}):([0-9]{1,9})")


class Erase(msgspec.Struct, forbid_unknown_fields=True):
    keepDoNotCall: bool = False
    """Whether its entries on do-not-call lists stay, so that nobody calls the number again."""
    after: str | None = None
    """The `next` of the response before it; null begins."""


class ErasureReceipt(Done, kw_only=True):
    contacts: int
    """Number of contacts that were deleted, in all campaigns."""
    calls: int
    """Number of calls that stay without the number and the notes on them."""
    callbacks: int
    """Number of callbacks that were deleted."""
    doNotCallEntries: int
    """Number of entries that were removed from do-not-call lists."""
    callEvents: int
    """Number of events in calls that led to the number, and do not name it any more."""
    webhookEvents: int
    """Number of events of webhooks that named the number, and were deleted; what was delivered is with its receiver."""
    auditEntries: int
    """Number of audit entries that named the number, and do not any more."""
    recordings: int
    """Number of recordings of its calls whose sound was deleted."""
    importRows: int
    """Number of rows of imports that lost their values."""
    openImports: int
    """Number of imports that have not ended: they may bring the number again."""
    proof: str
    """A keyed hash of the number, as in the audit: it shows which number was erased to who knows the number and the
    server's pepper, and to nobody else."""
    next: str | None
    """Where the next request continues, in `after`; null: everything is erased."""


_erase = msgspec.json.Decoder(Erase)


@endpoint(
    Endpoint(
        method="POST",
        path="/customers/{customerId}/erase",
        scope=Scope.ADMIN,
        tag="Customers",
        summary="Erase everything that is stored about a number, and say what was",
        description=(
            "Contacts, callbacks and the events of webhooks are deleted; calls stay without the number, notes and "
            "their recordings, so that reports stay what they were; rows of imports lose their values. A number in a "
            "call is refused, and one with a recording under a legal hold. "
            f"A request looks at {store.CHUNKS_AT_ONCE} chunks of imports: while `next` is not null, repeat it with "
            "`after` set to `next`. Safe to repeat. Backups and stored responses to an `Idempotency-Key` (24 hours) "
            "have it until they expire."
        ),
        body=Erase,
        refine={"Erase": {"after": {"pattern": "^[0-9]{1,18}:[0-9]{1,9}$"}}},
        body_sample={"keepDoNotCall": True},
        response=ErasureReceipt,
        sample=done_sample(
            "The number is erased",
            contacts=2,
            calls=3,
            callbacks=0,
            doNotCallEntries=0,
            callEvents=0,
            webhookEvents=0,
            auditEntries=0,
            recordings=1,
            importRows=2,
            openImports=0,
            proof="8f14e45fceea167a5a36dedd4bea2543",
            next=None,
        ),
        states=True,
    )
)
async def erase(request: Request) -> Response:
    who = principal_of(request)
    customer_id = ids.from_path(request.path_params["customerId"], "Customer")
    number = customer_ids.number_of(who.tenant_id, customer_id)
    if number is None:
        raise NotFound("Customer not found")
    raw = await body.read_json(request)
    sent = body.decode(raw, _erase)
    after, proof = _position(sent.after), _proof(request.resources.pepper, who.tenant_id, number)

    async def work(conn: Connection) -> ErasureReceipt:
        erased = Erased(0, 0, 0, 0, 0, 0, 0, 0)
        if sent.after is None:
            try:
                erased = await store.erase(
                    conn, who.tenant_id, number, proof, who.author, keep_do_not_call=sent.keepDoNotCall
                )
            except Unknown:
                raise NotFound("Customer not found") from None
            except UnderHold:
                raise InvalidState(
                    "A recording of the number is under a legal hold: erase the number when that has ended"
                ) from None
            except InCall:
                raise InvalidState(
                    "The number is in a call, or is being called back: erase it when that has ended"
                ) from None
        of_imports = await store.erase_rows(conn, who.tenant_id, number, who.country, after, proof, who.author)
        return _receipt(erased, of_imports, await outcomes.open_imports(conn, who.tenant_id), proof)

    response = await once(request, raw, work)
    if sent.after is None:
        async with connection(request) as conn:
            await retention.delete_files(conn, storage_of(request), who.tenant_id)
    return response


def _receipt(erased: Erased, of_imports: ErasedRows, open_imports: int, proof: str) -> ErasureReceipt:
    following = of_imports.next
    return ErasureReceipt(
        error_message="The number is erased" if following is None else "The number is erased but for rows of imports",
        contacts=erased.contacts,
        calls=erased.calls,
        callbacks=erased.callbacks,
        doNotCallEntries=erased.do_not_call,
        callEvents=erased.events,
        webhookEvents=erased.webhook_events,
        auditEntries=erased.audit_entries,
        recordings=erased.recordings,
        importRows=of_imports.rows,
        openImports=open_imports,
        proof=proof,
        next=None if following is None else f"{following[0]}:{following[1]}",
    )


def _position(after: str | None) -> tuple[JobId, int]:
    if after is None:
        return JobId(0), 0
    found = _POSITION.fullmatch(after)
    if found is None:
        raise InvalidInput("after must be the next of an earlier response")
    return JobId(int(found[1])), int(found[2])


def _proof(pepper: bytes, tenant_id: int, number: int) -> str:
    return hmac.new(pepper, f"erasure/{tenant_id}/{number}".encode(), hashlib.sha256).hexdigest()[:32]


HANDLERS: list[Route] = [erase]
