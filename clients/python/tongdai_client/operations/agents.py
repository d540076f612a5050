"""Agents, the contacts they preview, and how they wrap up calls."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType

from tongdai_client.models.agents import (
    Agent,
    AgentCreated,
    AgentPreview,
    AgentSkill,
    AgentToday,
    PauseReasons,
    PhoneAccount,
    PhoneAccountMade,
    PreviewOffered,
    QueueMember,
)
from tongdai_client.models.base import Done
from tongdai_client.models.wrap_up import WrapUpCodeCreated, WrapUpCodes, WrapUpCounts, WrapUpRule
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    operation,
    paged_operation,
    without_none,
    without_unset,
)


def agents(
    *,
    queue_id: int | None = None,
    state: str | None = None,
    team_id: int | None = None,
    page_size: int = PAGE_SIZE,
) -> PagedOperation[Agent]:
    """List the agents by id, optionally of one queue, in one `AgentState` or of one team."""
    return paged_operation("/agents", (), Agent, page_size, {"queueId": queue_id, "state": state, "teamId": team_id})


def agent(agent_id: int) -> Operation[Agent]:
    """Get an agent and their state."""
    return operation("GET", "/agents/{id}", (agent_id,), Agent)


def create_agent(
    name: str,
    endpoint: str | None,
    queue_id: int,
    *,
    wrap_up_sec: int | None = None,
    mode: str | None = None,
    team_id: int | None = None,
    queues: Iterable[QueueMember] | None = None,
    skills: Iterable[AgentSkill] | None = None,
    idempotency_key: str | None = None,
) -> Operation[AgentCreated]:
    """Create an agent, who is offline. `endpoint` names their PJSIP endpoint and is unique within the tenant; with None
    the server makes a SIP account for their phone, and `phone` of the result has its password.

    `queue_id` is their own queue; `queues` are those whose calls they take besides.
    """
    body = without_none(
        agentName=name,
        endpoint=endpoint,
        queueId=queue_id,
        wrapUpSec=wrap_up_sec,
        mode=mode,
        teamId=team_id,
        queues=None if queues is None else list(queues),
        skills=None if skills is None else list(skills),
    )
    return operation("POST", "/agents", (), AgentCreated, body=body, idempotency_key=idempotency_key)


def update_agent(
    agent_id: int,
    *,
    name: str | UnsetType = UNSET,
    endpoint: str | UnsetType = UNSET,
    queue_id: int | UnsetType = UNSET,
    wrap_up_sec: int | UnsetType = UNSET,
    mode: str | UnsetType = UNSET,
    team_id: int | UnsetType | None = UNSET,
    queues: Iterable[QueueMember] | UnsetType = UNSET,
    skills: Iterable[AgentSkill] | UnsetType = UNSET,
) -> Operation[Done]:
    """Change the given fields of an agent. InvalidState for `endpoint` and `mode` unless they are offline."""
    body = without_unset(
        agentName=name,
        endpoint=endpoint,
        queueId=queue_id,
        wrapUpSec=wrap_up_sec,
        mode=mode,
        teamId=team_id,
        queues=UNSET if isinstance(queues, UnsetType) else list(queues),
        skills=UNSET if isinstance(skills, UnsetType) else list(skills),
    )
    return operation("PATCH", "/agents/{id}", (agent_id,), Done, body=body)


def delete_agent(agent_id: int) -> Operation[Done]:
    """Delete an agent. InvalidState unless they are offline."""
    return operation("DELETE", "/agents/{id}", (agent_id,), Done)


def phone_account(agent_id: int) -> Operation[PhoneAccount]:
    """Get the SIP account of the agent's phone, without its password. NotFound if there is none."""
    return operation("GET", "/agents/{id}/phone-account", (agent_id,), PhoneAccount)


def make_phone_account(agent_id: int, *, idempotency_key: str | None = None) -> Operation[PhoneAccountMade]:
    """Make a SIP account for the phone of an offline agent, whose endpoint it becomes. The result has its password."""
    return operation(
        "POST", "/agents/{id}/phone-account", (agent_id,), PhoneAccountMade, idempotency_key=idempotency_key
    )


def rotate_phone_password(agent_id: int, *, idempotency_key: str | None = None) -> Operation[PhoneAccountMade]:
    """Give the SIP account of the agent's phone another password; the phone is signed off until it has it."""
    return operation(
        "POST", "/agents/{id}/phone-account/rotate", (agent_id,), PhoneAccountMade, idempotency_key=idempotency_key
    )


def remove_phone_account(agent_id: int) -> Operation[Done]:
    """Remove the SIP account of an offline agent's phone."""
    return operation("DELETE", "/agents/{id}/phone-account", (agent_id,), Done)


def sign_in_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Call the agent's phone; the agent is idle once they answer. InvalidState unless they are offline."""
    return operation("POST", "/agents/{id}/sign-in", (agent_id,), Done, idempotency_key=idempotency_key)


def sign_out_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Hang up the agent's phone, at once or when their call ends. InvalidState if they are offline."""
    return operation("POST", "/agents/{id}/sign-out", (agent_id,), Done, idempotency_key=idempotency_key)


def ready_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """End the agent's pause, or their wrap-up early. InvalidState unless they are paused or in wrap-up."""
    return operation("POST", "/agents/{id}/ready", (agent_id,), Done, idempotency_key=idempotency_key)


def pause_agent(agent_id: int, reason: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Pause the agent until they are ready, at once or when the present call ends. InvalidState if offline."""
    body = without_none(reason=reason)
    return operation("POST", "/agents/{id}/pause", (agent_id,), Done, body=body, idempotency_key=idempotency_key)


def set_next_state(
    agent_id: int, state: str, reason: str | None = None, *, idempotency_key: str | None = None
) -> Operation[Done]:
    """Set what an agent in a call or in wrap-up becomes next: paused, offline, or idle, which takes back the others."""
    body = without_none(state=state, reason=reason)
    return operation("POST", "/agents/{id}/next-state", (agent_id,), Done, body=body, idempotency_key=idempotency_key)


def force_pause_agent(agent_id: int, reason: str, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Pause an agent, as a supervisor."""
    body = without_none(reason=reason)
    return operation("POST", "/agents/{id}/force-pause", (agent_id,), Done, body=body, idempotency_key=idempotency_key)


def force_ready_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Make an agent idle who is paused, in wrap-up or unreachable, as a supervisor."""
    return operation("POST", "/agents/{id}/force-ready", (agent_id,), Done, idempotency_key=idempotency_key)


def force_sign_out_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Sign an agent out, as a supervisor; in a call, when it ends."""
    return operation("POST", "/agents/{id}/force-sign-out", (agent_id,), Done, idempotency_key=idempotency_key)


def release_agent(agent_id: int, *, idempotency_key: str | None = None) -> Operation[Done]:
    """Sign an agent out at once, whatever their state and their call: the last resort for a wrong state."""
    return operation("POST", "/agents/{id}/release", (agent_id,), Done, idempotency_key=idempotency_key)


def next_preview(agent_id: int, campaign_id: int, *, idempotency_key: str | None = None) -> Operation[PreviewOffered]:
    """Offer the agent the next contact of a preview campaign; the same one until it is accepted or skipped.

    `preview` is None if no contact is due within its calling window.
    """
    body = without_none(campaignId=campaign_id)
    return operation(
        "POST", "/agents/{id}/preview", (agent_id,), PreviewOffered, body=body, idempotency_key=idempotency_key
    )


def accept_preview(agent_id: int, *, idempotency_key: str | None = None) -> Operation[PreviewOffered]:
    """Call the contact offered to the agent. InvalidState unless the agent is idle and has been offered one."""
    return operation(
        "POST", "/agents/{id}/preview/accept", (agent_id,), PreviewOffered, idempotency_key=idempotency_key
    )


def preview(agent_id: int) -> Operation[AgentPreview]:
    """Get the contact offered to the agent, and the campaigns from which one may be."""
    return operation("GET", "/agents/{id}/preview", (agent_id,), AgentPreview)


def skip_preview(agent_id: int, *, reason: str | None = None) -> Operation[Done]:
    """Skip the contact offered to the agent; it is due again after 10 minutes. The audit log keeps the reason."""
    return operation("DELETE", "/agents/{id}/preview", (agent_id,), Done, query={"reason": reason})


def agent_today(agent_id: int) -> Operation[AgentToday]:
    """Get the figures of an agent since midnight of the tenant."""
    return operation("GET", "/agents/{id}/today", (agent_id,), AgentToday)


def pause_reasons() -> Operation[PauseReasons]:
    """List the reasons for pauses that agents choose from."""
    return operation("GET", "/pause-reasons", (), PauseReasons)


def set_pause_reasons(reasons: list[str]) -> Operation[Done]:
    """Replace the reasons for pauses that agents choose from; pauses that have another one keep it."""
    return operation("PUT", "/pause-reasons", (), Done, body={"reasons": reasons})


def wrap_up_codes() -> Operation[WrapUpCodes]:
    """List the wrap-up codes of the tenant."""
    return operation("GET", "/wrap-up-codes", (), WrapUpCodes)


def create_wrap_up_code(
    name: str,
    *,
    success: bool = False,
    callback: bool = False,
    do_not_call: bool = False,
    number_unusable: bool = False,
    idempotency_key: str | None = None,
) -> Operation[WrapUpCodeCreated]:
    """Create a wrap-up code, with what follows from it."""
    body = {
        "name": name,
        "success": success,
        "callback": callback,
        "doNotCall": do_not_call,
        "numberUnusable": number_unusable,
    }
    return operation("POST", "/wrap-up-codes", (), WrapUpCodeCreated, body=body, idempotency_key=idempotency_key)


def update_wrap_up_code(
    code_id: int,
    *,
    name: str | None = None,
    success: bool | None = None,
    callback: bool | None = None,
    do_not_call: bool | None = None,
    number_unusable: bool | None = None,
) -> Operation[Done]:
    """Change what is not None of a wrap-up code, for calls that get it from then on."""
    body = without_none(
        name=name, success=success, callback=callback, doNotCall=do_not_call, numberUnusable=number_unusable
    )
    return operation("PATCH", "/wrap-up-codes/{codeId}", (code_id,), Done, body=body)


def delete_wrap_up_code(code_id: int) -> Operation[Done]:
    """Delete a wrap-up code: it is no longer offered, and calls that have it keep it."""
    return operation("DELETE", "/wrap-up-codes/{codeId}", (code_id,), Done)


def campaign_wrap_up(campaign_id: int) -> Operation[WrapUpRule]:
    """Get how agents wrap up the calls of a campaign."""
    return operation("GET", "/campaigns/{id}/wrap-up", (campaign_id,), WrapUpRule)


def set_campaign_wrap_up(
    campaign_id: int, mode: str, *, timed_sec: int | None = None, code_ids: Sequence[int] | None = None
) -> Operation[Done]:
    """Set how agents wrap up the calls of a campaign: `optional`, `mandatory` or `timed`. No `code_ids`: all codes."""
    body = {"mode": mode, "timedSec": timed_sec, "codeIds": code_ids}
    return operation("PUT", "/campaigns/{id}/wrap-up", (campaign_id,), Done, body=body)


def queue_wrap_up(queue_id: int) -> Operation[WrapUpRule]:
    """Get how agents wrap up the calls of a queue's callers."""
    return operation("GET", "/queues/inbound/{id}/wrap-up", (queue_id,), WrapUpRule)


def set_queue_wrap_up(
    queue_id: int, mode: str, *, timed_sec: int | None = None, code_ids: Sequence[int] | None = None
) -> Operation[Done]:
    """Set how agents wrap up the calls of a queue's callers, likewise."""
    body = {"mode": mode, "timedSec": timed_sec, "codeIds": code_ids}
    return operation("PUT", "/queues/inbound/{id}/wrap-up", (queue_id,), Done, body=body)


def wrap_up_call(
    call_id: str | UUID,
    code_id: int,
    *,
    note: str | None = None,
    callback_at: datetime | None = None,
    callback_agent_id: int | None = None,
    callback_patience_sec: int | None = None,
    end_wrap_up: bool = True,
) -> Operation[Done]:
    """Set or replace the wrap-up code of a call, with what follows from it. `callback_at` is aware. A callback to a
    caller is kept for `callback_agent_id` for so many seconds."""
    body = without_none(
        codeId=code_id,
        note=note,
        callbackAt=callback_at,
        callbackAgentId=callback_agent_id,
        callbackPatienceSec=callback_patience_sec,
        endWrapUp=end_wrap_up,
    )
    return operation("PUT", "/calls/{callId}/wrap-up", (call_id,), Done, body=body)


def wrap_up_counts(
    since: datetime,
    before: datetime,
    *,
    campaign_id: int | None = None,
    queue_id: int | None = None,
    agent_id: int | None = None,
) -> Operation[WrapUpCounts]:
    """Count the calls that ended in a period by their wrap-up code."""
    query = {
        "from": since.isoformat(),
        "to": before.isoformat(),
        "campaignId": campaign_id,
        "queueId": queue_id,
        "agentId": agent_id,
    }
    return operation("GET", "/wrap-up-codes/counts", (), WrapUpCounts, query)
