"""The code of a call, with all that follows from it, in one transaction.

call, its contact ──▶ do-not-call entry ──▶ end of the wrap-up ──▶ audit
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from tongdai.agents.model import Agent
from tongdai.agents.wrap_up import store
from tongdai.agents.wrap_up.model import DNC_LIST, Code, RuleOwner
from tongdai.calls.codes import store as call_codes
from tongdai.calls.codes.store import CallToCode
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.do_not_call import store as do_not_call
from tongdai.do_not_call.model import NewEntry
from tongdai.ids import CodeId, KeyId, TenantId


class Refusal(Enum):
    """Why no code was set."""

    NO_CALL = auto()
    NOT_REACHED = auto()
    """The call had no agent, or was not answered."""
    NO_CODE = auto()
    NOT_OFFERED = auto()
    """The rule of the campaign or queue does not offer the code."""
    CALLBACK_TIME = auto()
    """A callback needs a time in the future, and no other code has one."""
    NO_CONTACT = auto()
    """A callback needs a contact of a campaign: the call is a caller's."""
    WITHHELD = auto()
    """A number that the caller withholds cannot go on a do-not-call list."""
    LIST_TAKEN = auto()
    """The do-not-call list of that name is of one campaign."""


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The code of a call, with what comes with it."""

    code_id: CodeId
    note: str | None = None
    callback_at: datetime | None = None
    ends: bool = True
    """Whether the wrap-up ends."""


NOW = "select now()"


async def set_code(
    conn: Connection, tenant_id: TenantId, call_id: UUID, sent: WrapUp, by: KeyId | None
) -> Agent | Refusal | None:
    """Set or replace the code of a call. Returns the agent whose wrap-up it was, if there is one.

    What an earlier code has done stays done, but for the contact: the new code decides about it anew.
    """
    try:
        return await _set_code(conn, tenant_id, call_id, sent, by)
    except _ListTakenError:
        return Refusal.LIST_TAKEN


class _ListTakenError(Exception):
    """Rolls the transaction back."""


async def _set_code(
    conn: Connection, tenant_id: TenantId, call_id: UUID, sent: WrapUp, by: KeyId | None
) -> Agent | Refusal | None:
    async with conn.transaction():
        call = await call_codes.find(conn, tenant_id, call_id)
        if call is None:
            return Refusal.NO_CALL
        code = await store.find(conn, tenant_id, sent.code_id)
        if code is None:
            return Refusal.NO_CODE
        refusal = await _refusal(conn, tenant_id, call, code, sent)
        if refusal is not None:
            return refusal
        done, due_at = code.flags.contact_done, sent.callback_at
        found = await call_codes.set_code(
            conn, tenant_id, call_id, code.code_id, sent.note, call.contact_id, done=done, due_at=due_at
        )
        if not found:
            return Refusal.NO_CALL
        if code.flags.do_not_call and not await _forbid(conn, tenant_id, call.phone, code, by):
            raise _ListTakenError
        detail = {"code": code.name, "callbackAt": None if due_at is None else due_at.isoformat()}
        await audit.record(conn, tenant_id, by, "call.wrap_up", f"call {call_id}", detail)
        return await store.coded(conn, tenant_id, call_id, ends=sent.ends)


async def _refusal(conn: Connection, tenant_id: TenantId, call: CallToCode, code: Code, sent: WrapUp) -> Refusal | None:
    if not call.reached:
        return Refusal.NOT_REACHED
    owner = RuleOwner(call.campaign_id, None if call.campaign_id is not None else call.queue_id)
    offered = (await store.rule(conn, tenant_id, owner)).codes
    if offered is not None and code.code_id not in offered:
        return Refusal.NOT_OFFERED
    if code.flags.callback != (sent.callback_at is not None):
        return Refusal.CALLBACK_TIME
    if sent.callback_at is not None and sent.callback_at <= await conn.fetchval(NOW):
        return Refusal.CALLBACK_TIME
    if code.flags.callback and call.contact_id is None:
        return Refusal.NO_CONTACT
    return Refusal.WITHHELD if code.flags.do_not_call and not call.phone else None


async def _forbid(conn: Connection, tenant_id: TenantId, phone: str, code: Code, by: KeyId | None) -> bool:
    """Put a number on the tenant's list of wrap-up codes, which is made when it is needed first. False: a list of that
    name is of one campaign alone."""
    list_id = await do_not_call.of_all_campaigns(conn, tenant_id, DNC_LIST, by)
    if list_id is None:
        return False
    await do_not_call.lock(conn, tenant_id, list_id)
    await do_not_call.add(conn, tenant_id, list_id, [NewEntry(phone, code.name, None)])
    await do_not_call.record_added(conn, tenant_id, list_id, by, {"phone": phone})
    return True
