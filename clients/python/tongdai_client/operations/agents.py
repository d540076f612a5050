"""Agents, and the contacts they preview."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from tongdai_client.models.agents import (
    Agent,
    AgentCreated,
    AgentSkill,
    PhoneAccount,
    PhoneAccountMade,
    PreviewOffered,
    QueueMember,
)
from tongdai_client.models.base import Done
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


def skip_preview(agent_id: int) -> Operation[Done]:
    """Skip the contact offered to the agent; it is due again after 10 minutes."""
    return operation("DELETE", "/agents/{id}/preview", (agent_id,), Done)
