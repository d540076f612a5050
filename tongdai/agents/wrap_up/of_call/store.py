"""The code of a call, with all that follows from it, in one transaction.

call, its contact or the callback to the caller ──▶ do-not-call entry ──▶ end of the wrap-up ──▶ audit
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from tongdai.agents.model import Agent
from tongdai.agents.wrap_up import store
from tongdai.agents.wrap_up.model import DNC_LIST, Code, RuleOwner
from tongdai.callbacks.model import PATIENCE_S, Source
from tongdai.callbacks.requests import store as callbacks
from tongdai.calls.codes import store as call_codes
from tongdai.calls.codes.store import CallToCode
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.do_not_call import store as do_not_call
from tongdai.do_not_call.model import NewEntry, as_columns
from tongdai.ids import AgentId, Author, CodeId, TenantId


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
    WITHHELD = auto()
    """A number that the caller withholds cannot go on a do-not-call list, and is not called back."""
    CALLED_BACK = auto()
    """The number is to be called back for the queue already."""
    NO_AGENT = auto()
    """The callback is to be kept for an agent who does not exist."""
    OF_CAMPAIGN = auto()
    """A contact is called by the campaign, and no agent is chosen."""
    LIST_TAKEN = auto()
    """The do-not-call list of that name is of one campaign."""


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The code of a call, with what comes with it."""

    code_id: CodeId
    note: str | None = None
    callback_at: datetime | None = None
    agent_id: AgentId | None = None
    """The agent for whom the callback to a caller is kept; None: any of the queue."""
    patience_s: int = PATIENCE_S
    """How long it is kept for the agent."""
    ends: bool = True
    """Whether the wrap-up ends."""


NOW = "select now()"


async def set_code(
    conn: Connection, tenant_id: TenantId, call_id: UUID, sent: WrapUp, by: Author | None
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
    conn: Connection, tenant_id: TenantId, call_id: UUID, sent: WrapUp, by: Author | None
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
        refusal = await _call_back(conn, tenant_id, call_id, call, sent, by)
        if refusal is not None:
            return refusal
        done, due_at = code.flags.contact_done, None if call.contact_id is None else sent.callback_at
        found = await call_codes.set_code(
            conn, tenant_id, call_id, code.code_id, sent.note, call.contact_id, done=done, due_at=due_at
        )
        if not found:
            return Refusal.NO_CALL
        if code.flags.do_not_call and not await _forbid(conn, tenant_id, call.phone, code, by):
            raise _ListTakenError
        at = sent.callback_at
        detail = {"code": code.name, "callbackAt": None if at is None else at.isoformat()}
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
    if sent.agent_id is not None and (call.contact_id is not None or not code.flags.callback):
        return Refusal.OF_CAMPAIGN
    return Refusal.WITHHELD if (code.flags.do_not_call or code.flags.callback) and not call.phone else None


async def _call_back(
    conn: Connection, tenant_id: TenantId, call_id: UUID, call: CallToCode, sent: WrapUp, by: Author | None
) -> Refusal | None:
    """Schedule the callback to a caller; one that an earlier code of the call has scheduled is changed, or cancelled if
    the new code is no callback."""
    if call.contact_id is not None or call.queue_id is None:
        return None
    before = await callbacks.scheduled_by(conn, tenant_id, call_id)
    if sent.callback_at is None:
        if before is not None:
            await callbacks.cancel(conn, tenant_id, before, by)
        return None
    agent = sent.agent_id, sent.patience_s
    if before is not None:
        changed = await callbacks.change(conn, tenant_id, before, due_at=sent.callback_at, agent=agent, by=by)
        return None if changed is None else _CALLBACKS[changed]
    wanted = callbacks.Wanted(
        queue_id=call.queue_id,
        phone=call.phone,
        source=Source.WRAP_UP,
        due_at=sent.callback_at,
        agent_id=sent.agent_id,
        patience_s=sent.patience_s,
        from_call=call_id,
        note=sent.note,
    )
    made = await callbacks.create(conn, tenant_id, wanted, by)
    return _CALLBACKS[made] if isinstance(made, callbacks.Refusal) else None


_CALLBACKS = {
    callbacks.Refusal.NO_CALLBACK: Refusal.CALLED_BACK,
    callbacks.Refusal.NO_QUEUE: Refusal.NOT_OFFERED,
    callbacks.Refusal.NO_AGENT: Refusal.NO_AGENT,
    callbacks.Refusal.EXISTS: Refusal.CALLED_BACK,
    callbacks.Refusal.NOT_PENDING: Refusal.CALLED_BACK,
    callbacks.Refusal.PAST: Refusal.CALLBACK_TIME,
}


async def _forbid(conn: Connection, tenant_id: TenantId, phone: str, code: Code, by: Author | None) -> bool:
    """Put a number on the tenant's list of wrap-up codes, which is made when it is needed first. False: a list of that
    name is of one campaign alone."""
    list_id = await do_not_call.of_all_campaigns(conn, tenant_id, DNC_LIST, by)
    if list_id is None:
        return False
    await do_not_call.lock(conn, tenant_id, list_id)
    await do_not_call.add(conn, tenant_id, list_id, as_columns([NewEntry(phone, code.name, None)]))
    await do_not_call.record_added(conn, tenant_id, list_id, by, {"phone": phone})
    return True
