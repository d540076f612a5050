"""`/agents`."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.agents import roster
from tongdai.agents.accounts import api as accounts_api
from tongdai.agents.accounts import store as accounts
from tongdai.agents.accounts.api import AgentCreated, agent_created, created_without_password
from tongdai.agents.actions import api as actions_api
from tongdai.agents.actions.api import TAG, known
from tongdai.agents.model import Agent, AgentRefusal, AgentState, Change, Mode
from tongdai.agents.pause_reasons import api as pause_reasons_api
from tongdai.agents.previews import api as previews_api
from tongdai.agents.store import find
from tongdai.agents.today import api as today_api
from tongdai.agents.transfers import api as transfers_api
from tongdai.agents.view import (
    AGENT_SAMPLE,
    MEMBER_SCHEMA,
    SCHEMA,
    SKILL_SCHEMA,
    AgentChange,
    AgentPage,
    AgentView,
    NewAgent,
    agent_of,
    agent_view,
    check,
    members,
    skills_of,
)
from tongdai.agents.wrap_up import api as wrap_up_api
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.endpoint import (
    ID,
    Endpoint,
    Query,
    Request,
    Response,
    Route,
    connection,
    endpoint,
    principal_of,
    query_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Own, Principal, Scope
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind, not_given

_STATES = [state.value for state in AgentState]
MOST_FOLLOWED = 1000
"""Agents of a tenant that an event stream follows."""

_new = msgspec.json.Decoder(NewAgent)
_change = msgspec.json.Decoder(AgentChange)


@endpoint(
    Endpoint(
        method="GET",
        path="/agents",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=TAG,
        summary="List the tenant's agents, by id",
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query("queueId", "Agents of this queue", {"type": "integer", **ID}, 1001226),
            Query("state", "Agents in this state", {"type": "string", "enum": _STATES}, "idle"),
            Query("teamId", "Agents of this team", {"type": "integer", **ID}, 3),
            Query("queue_id", "The same as `queueId`", {"type": "integer", **ID}),
            Query("status", "The same as `state`", {"type": "string", "enum": _STATES}),
            Query("team_id", "The same as `teamId`", {"type": "integer", **ID}),
        ),
        response=AgentPage,
        sample={"success": "1", "totalRecord": 1, "data": [AGENT_SAMPLE]},
    )
)
async def list_agents(request: Request) -> Response:
    query = query_of(request)
    queue_id = paging.optional_id(query, _sent(query, "queueId", "queue_id"), QueueId)
    name = _sent(query, "state", "status")
    state = _state(name, paging.single(query, name))
    team_id = paging.optional_id(query, _sent(query, "teamId", "team_id"), int)
    tenant_id = principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, AgentId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(roster.page, conn, tenant_id, queue_id=queue_id, state=state, team_id=team_id),
            after=partial(roster.after, conn, tenant_id, queue_id=queue_id, state=state, team_id=team_id),
            key=lambda agent: agent.agent_id,
        )
        data = await _views(conn, tenant_id, part.rows)
    return ok(AgentPage(totalRecord=part.total, nextCursor=part.next, data=data))


def _sent(query: Mapping[str, Any], name: str, vendors: str) -> str:
    """The name of a parameter that is sent: ours, or the vendor's."""
    if name in query and vendors in query:
        raise InvalidInput(f"{vendors} and {name} are the same parameter: send one of them")
    return vendors if vendors in query else name


async def all_of(conn: Connection, tenant_id: TenantId) -> list[AgentView]:
    """The agents of a tenant, at most MOST_FOLLOWED, by id."""
    return await _views(
        conn, tenant_id, await roster.after(conn, tenant_id, None, MOST_FOLLOWED, queue_id=None, state=None)
    )


async def view_of(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> AgentView | None:
    """An agent; None: there is none with that id."""
    found = await find(conn, tenant_id, agent_id)
    return None if found is None else (await _views(conn, tenant_id, [found]))[0]


async def _views(conn: Connection, tenant_id: TenantId, agents: Sequence[Agent]) -> list[AgentView]:
    roles = await roster.roles(conn, tenant_id, [agent.agent_id for agent in agents])
    return [agent_view(agent, roles[agent.agent_id]) for agent in agents]


@endpoint(
    Endpoint(
        method="POST",
        path="/agents",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Create an agent, who is offline",
        description="`endpoint` is the name of the PJSIP endpoint of the agent's phone, unique in the tenant. Without "
        "it the server makes a SIP account for the phone, which the switch has within seconds: `phone` has its "
        "password, and no other response shows that.",
        body=NewAgent,
        refine={"NewAgent": SCHEMA, "QueueMember": MEMBER_SCHEMA, "AgentSkill": SKILL_SCHEMA},
        body_sample={
            "agentName": "Tran Thi B",
            "endpoint": "agent-7",
            "queueId": 1001226,
            "wrapUpSec": 10,
            "queues": [{"queueId": 1001227, "position": 2}],
            "skills": [{"skill": "english", "level": 5}],
        },
        response=AgentCreated,
        sample=done_sample("Agent created", agentId=7, phone=None),
        failures=(NotFound("Inbound queue not found"),),
    )
)
async def create_agent(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new)
    check(new)
    principal = principal_of(request)
    pepper: bytes = request.resources.pepper

    async def work(conn: Connection) -> AgentCreated:
        if not isinstance(new.endpoint, UnsetType):
            return agent_created(await _create(conn, principal, new, new.endpoint), None)
        async with conn.transaction():
            name = await accounts.reserve_name(conn, principal.tenant_id, principal.author)
            agent_id = await _create(conn, principal, new, name)
            account = await accounts.insert(conn, principal.tenant_id, agent_id, name, pepper, principal.author)
        return agent_created(agent_id, account)

    return await once(request, raw, work, keep=created_without_password)


async def _create(conn: Connection, by: Principal, new: NewAgent, endpoint_name: str) -> AgentId:
    made = await roster.create(
        conn,
        by.tenant_id,
        new.agentName,
        endpoint_name,
        QueueId(new.queueId),
        new.wrapUpSec,
        by.author,
        mode=Mode(new.mode),
        team_id=new.teamId,
        queues=members(new.queues),
        skills=skills_of(new.skills),
    )
    if isinstance(made, AgentRefusal):
        raise _refused(made, endpoint_name, by.tenant_id)
    return made


@endpoint(
    Endpoint(
        method="GET",
        path="/agents/{id}",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=TAG,
        summary="Get an agent and the agent's state",
        response=AgentView,
        sample=AGENT_SAMPLE,
    )
)
async def get_agent(request: Request) -> Response:
    agent_id = agent_of(request)
    async with connection(request) as conn:
        tenant_id = principal_of(request).tenant_id
        (view,) = await _views(conn, tenant_id, [await known(conn, tenant_id, agent_id)])
        return ok(view)


@endpoint(
    Endpoint(
        method="PATCH",
        path="/agents/{id}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Change the fields that are sent; the endpoint and the mode only while the agent is offline",
        body=AgentChange,
        refine={
            "AgentChange": {"": {"minProperties": 1}, **SCHEMA},
            "QueueMember": MEMBER_SCHEMA,
            "AgentSkill": SKILL_SCHEMA,
        },
        body_sample={"queueId": 1001226, "wrapUpSec": 20},
        response=Done,
        sample=done_sample("Agent updated successfully"),
        states=True,
    )
)
async def change_agent(request: Request) -> Response:
    agent_id = agent_of(request)
    sent = body.decode(await body.read_json(request), _change)
    if sent == AgentChange():
        raise InvalidInput(f"Expected at least one of {', '.join(AgentChange.__struct_fields__)}")
    check(sent)
    fields = Change(
        name=sent.agentName,
        endpoint=sent.endpoint,
        queue_id=UNSET if isinstance(sent.queueId, UnsetType) else QueueId(sent.queueId),
        wrap_up_s=sent.wrapUpSec,
        team_id=sent.teamId,
        mode=UNSET if isinstance(sent.mode, UnsetType) else Mode(sent.mode),
        queues=UNSET if isinstance(sent.queues, UnsetType) else members(sent.queues),
        skills=UNSET if isinstance(sent.skills, UnsetType) else skills_of(sent.skills),
    )
    principal = principal_of(request)
    async with connection(request) as conn:
        refusal = await roster.change(conn, principal.tenant_id, agent_id, fields, principal.author)
        if refusal is AgentRefusal.SIGNED_IN:
            raise _only_offline("change the endpoint or mode of", await known(conn, principal.tenant_id, agent_id))
    if refusal is not None:
        raise _refused(refusal, str(sent.endpoint), principal.tenant_id)
    return ok(Done(error_message="Agent updated successfully"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/agents/{id}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Delete an agent who is offline",
        response=Done,
        sample=done_sample("Agent deleted successfully"),
        states=True,
    )
)
async def delete_agent(request: Request) -> Response:
    agent_id = agent_of(request)
    principal = principal_of(request)
    async with connection(request) as conn:
        if await roster.delete(conn, principal.tenant_id, agent_id, principal.author) is not None:
            raise _only_offline("delete", await known(conn, principal.tenant_id, agent_id))
    return ok(Done(error_message="Agent deleted successfully"))


def _only_offline(what: str, agent: Agent) -> InvalidState:
    return InvalidState(f"Cannot {what} an agent in state {agent.state}, only {AgentState.OFFLINE}")


def _refused(refusal: AgentRefusal, endpoint_name: str, tenant_id: TenantId) -> ApiError:
    if refusal is AgentRefusal.ENDPOINT_NOT_GIVEN:
        return InvalidInput(not_given("endpoint", EndpointKind.PHONE, endpoint_name, tenant_id))
    if refusal is AgentRefusal.ENDPOINT_TAKEN:
        return InvalidInput(f"endpoint {endpoint_name} is another agent's already")
    return NotFound("Agent not found" if refusal is AgentRefusal.NO_AGENT else "Inbound queue not found")


def _state(name: str, text: str | None) -> AgentState | None:
    if text is None:
        return None
    if text not in _STATES:
        raise InvalidInput(f"{name} must be one of {', '.join(_STATES)}, not {shown(text)!r}")
    return AgentState(text)


HANDLERS: list[Route] = [
    list_agents,
    create_agent,
    get_agent,
    change_agent,
    delete_agent,
    *actions_api.HANDLERS,
    *transfers_api.HANDLERS,
    *accounts_api.HANDLERS,
    *previews_api.HANDLERS,
    *today_api.HANDLERS,
    *pause_reasons_api.HANDLERS,
    *wrap_up_api.HANDLERS,
]
