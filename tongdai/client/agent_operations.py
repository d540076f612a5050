"""Agents, and the contacts that they look at before these are called, as calls."""

from msgspec import UNSET, UnsetType

from tongdai.client.calls import PAGE_SIZE, Call, Listing, call, listing, present, sent
from tongdai.client.model import Agent, AgentCreated, Done, Offered


def agents(*, queue_id: int | None = None, state: str | None = None, page_size: int = PAGE_SIZE) -> Listing[Agent]:
    """The tenant's agents, by id: those of a queue, in an `AgentState`."""
    return listing("/agents", (), Agent, page_size, {"queueId": queue_id, "state": state})


def agent(agent_id: int) -> Call[Agent]:
    """An agent and what he is doing."""
    return call("GET", "/agents/{id}", (agent_id,), Agent)


def create_agent(
    name: str,
    endpoint: str,
    queue_id: int,
    *,
    wrap_up_sec: int | None = None,
    idempotency_key: str | None = None,
) -> Call[AgentCreated]:
    """Make an agent, who is offline. The endpoint is the name of the phone's PJSIP endpoint, unique in the tenant."""
    body = present(agentName=name, endpoint=endpoint, queueId=queue_id, wrapUpSec=wrap_up_sec)
    return call("POST", "/agents", (), AgentCreated, body=body, idempotency_key=idempotency_key)


def update_agent(
    agent_id: int,
    *,
    name: str | UnsetType = UNSET,
    endpoint: str | UnsetType = UNSET,
    queue_id: int | UnsetType = UNSET,
    wrap_up_sec: int | UnsetType = UNSET,
) -> Call[Done]:
    """Change what is given of an agent. InvalidState for the endpoint of one who is not offline."""
    body = sent(agentName=name, endpoint=endpoint, queueId=queue_id, wrapUpSec=wrap_up_sec)
    return call("PATCH", "/agents/{id}", (agent_id,), Done, body=body)


def delete_agent(agent_id: int) -> Call[Done]:
    """Delete an agent. InvalidState unless offline."""
    return call("DELETE", "/agents/{id}", (agent_id,), Done)


def sign_in_agent(agent_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """Have the agent's phone called; once it is answered, the agent is idle. InvalidState unless offline."""
    return call("POST", "/agents/{id}/sign-in", (agent_id,), Done, idempotency_key=idempotency_key)


def sign_out_agent(agent_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """Have the agent's phone hung up, at once or as soon as the talk is over. InvalidState when offline."""
    return call("POST", "/agents/{id}/sign-out", (agent_id,), Done, idempotency_key=idempotency_key)


def ready_agent(agent_id: int, *, idempotency_key: str | None = None) -> Call[Done]:
    """End the agent's wrap-up before its time. InvalidState unless in wrap-up."""
    return call("POST", "/agents/{id}/ready", (agent_id,), Done, idempotency_key=idempotency_key)


def offer_contact(agent_id: int, campaign_id: int, *, idempotency_key: str | None = None) -> Call[Offered]:
    """The next contact of a preview campaign for the agent to look at; the same until it is accepted or skipped.

    `offer` is None when no contact is due within its calling window.
    """
    body = present(campaignId=campaign_id)
    return call("POST", "/agents/{id}/preview", (agent_id,), Offered, body=body, idempotency_key=idempotency_key)


def accept_contact(agent_id: int, *, idempotency_key: str | None = None) -> Call[Offered]:
    """Have the contact called that is offered to the agent. InvalidState unless the agent is idle and has one."""
    return call("POST", "/agents/{id}/preview/accept", (agent_id,), Offered, idempotency_key=idempotency_key)


def skip_contact(agent_id: int) -> Call[Done]:
    """Skip the contact that is offered to the agent: it is due again after 10 minutes."""
    return call("DELETE", "/agents/{id}/preview", (agent_id,), Done)
