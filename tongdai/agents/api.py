"""`/agents`."""

from functools import partial

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.agents import roster, store
from tongdai.agents.model import (
    ALLOWED,
    Action,
    Agent,
    AgentRefusal,
    AgentState,
    Change,
)
from tongdai.agents.previews import api as previews_api
from tongdai.agents.view import (
    AGENT_SAMPLE,
    SCHEMA,
    AgentChange,
    AgentCreated,
    AgentPage,
    AgentView,
    NewAgent,
    agent_of,
    agent_view,
    check,
)
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
from tongdai.http.principal import Scope
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind, not_given

TAG = "Agents"
_STATES = [state.value for state in AgentState]

_new = msgspec.json.Decoder(NewAgent)
_change = msgspec.json.Decoder(AgentChange)


@endpoint(
    Endpoint(
        method="GET",
        path="/agents",
        scope=Scope.AGENT,
        tag=TAG,
        summary="List the tenant's agents, by id",
        query=(
            *paging.PAGE_QUERY,
            cursor.QUERY,
            Query("queueId", "Agents of this queue", {"type": "integer", **ID}, 1001226),
            Query("state", "Agents in this state", {"type": "string", "enum": _STATES}, "idle"),
        ),
        response=AgentPage,
        sample={"success": "1", "totalRecord": 1, "data": [AGENT_SAMPLE]},
    )
)
async def list_agents(request: Request) -> Response:
    query = query_of(request)
    queue_id = paging.optional_id(query, "queueId", QueueId)
    state = _state(paging.single(query, "state"))
    tenant_id = principal_of(request).tenant_id
    wanted = cursor.list_request(request, query, AgentId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(roster.page, conn, tenant_id, queue_id=queue_id, state=state),
            after=partial(roster.after, conn, tenant_id, queue_id=queue_id, state=state),
            key=lambda agent: agent.agent_id,
        )
    return ok(AgentPage(totalRecord=part.total, nextCursor=part.next, data=[agent_view(agent) for agent in part.rows]))


@endpoint(
    Endpoint(
        method="POST",
        path="/agents",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Create an agent, who is offline",
        description="`endpoint` is the name of the PJSIP endpoint of the agent's phone, unique in the tenant.",
        body=NewAgent,
        refine={"NewAgent": SCHEMA},
        body_sample={"agentName": "Tran Thi B", "endpoint": "agent-7", "queueId": 1001226, "wrapUpSec": 10},
        response=AgentCreated,
        sample=done_sample("Agent created", agentId=7),
        failures=(NotFound("Inbound queue not found"),),
    )
)
async def create_agent(request: Request) -> Response:
    raw = await body.read_json(request)
    new = body.decode(raw, _new)
    check(new)
    principal = principal_of(request)

    async def work(conn: Connection) -> AgentCreated:
        made = await roster.create(
            conn,
            principal.tenant_id,
            new.agentName,
            new.endpoint,
            QueueId(new.queueId),
            new.wrapUpSec,
            principal.key_id,
        )
        if isinstance(made, AgentRefusal):
            raise _refused(made, new.endpoint, principal.tenant_id)
        return AgentCreated(error_message="Agent created", agentId=made)

    return await once(request, raw, work)


@endpoint(
    Endpoint(
        method="GET",
        path="/agents/{id}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Get an agent and the agent's state",
        response=AgentView,
        sample=AGENT_SAMPLE,
    )
)
async def get_agent(request: Request) -> Response:
    agent_id = agent_of(request)
    async with connection(request) as conn:
        return ok(agent_view(await _known(conn, principal_of(request).tenant_id, agent_id)))


@endpoint(
    Endpoint(
        method="PATCH",
        path="/agents/{id}",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Change the fields that are sent; the endpoint only while the agent is offline",
        body=AgentChange,
        refine={"AgentChange": {"": {"minProperties": 1}, **SCHEMA}},
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
        raise InvalidInput("Expected at least one of agentName, endpoint, queueId, wrapUpSec")
    check(sent)
    fields = Change(
        name=sent.agentName,
        endpoint=sent.endpoint,
        queue_id=UNSET if isinstance(sent.queueId, UnsetType) else QueueId(sent.queueId),
        wrap_up_s=sent.wrapUpSec,
    )
    principal = principal_of(request)
    async with connection(request) as conn:
        refusal = await roster.change(conn, principal.tenant_id, agent_id, fields, principal.key_id)
        if refusal is AgentRefusal.SIGNED_IN:
            raise _only_offline("change the endpoint of", await _known(conn, principal.tenant_id, agent_id))
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
        if await roster.delete(conn, principal.tenant_id, agent_id, principal.key_id) is not None:
            raise _only_offline("delete", await _known(conn, principal.tenant_id, agent_id))
    return ok(Done(error_message="Agent deleted successfully"))


_MOVES = {Action.SIGN_IN: store.sign_in, Action.SIGN_OUT: store.sign_out, Action.READY: store.ready}


def _transition(action: Action, summary: str, message: str) -> Route:
    @endpoint(
        Endpoint(
            method="POST",
            path=f"/agents/{{id}}/{action}",
            scope=Scope.AGENT,
            tag=TAG,
            summary=summary,
            response=Done,
            sample=done_sample(message),
            states=True,
        )
    )
    async def move(request: Request) -> Response:
        agent_id = agent_of(request)
        raw = await body.read_nothing(request)
        principal = principal_of(request)

        async def work(conn: Connection) -> Done:
            if await _MOVES[action](conn, principal.tenant_id, agent_id, principal.key_id) is None:
                raise _not_allowed(action, await _known(conn, principal.tenant_id, agent_id))
            return Done(error_message=message)

        return await once(request, raw, work)

    return move


async def _known(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Agent:
    agent = await store.find(conn, tenant_id, agent_id)
    if agent is None:
        raise NotFound("Agent not found")
    return agent


def _not_allowed(action: Action, agent: Agent) -> InvalidState:
    return InvalidState(f"Cannot {action} an agent in state {agent.state}, only {' or '.join(ALLOWED[action])}")


def _only_offline(what: str, agent: Agent) -> InvalidState:
    return InvalidState(f"Cannot {what} an agent in state {agent.state}, only {AgentState.OFFLINE}")


def _refused(refusal: AgentRefusal, endpoint_name: str, tenant_id: TenantId) -> ApiError:
    if refusal is AgentRefusal.ENDPOINT_NOT_GIVEN:
        return InvalidInput(not_given("endpoint", EndpointKind.PHONE, endpoint_name, tenant_id))
    if refusal is AgentRefusal.ENDPOINT_TAKEN:
        return InvalidInput(f"endpoint {endpoint_name} is another agent's already")
    return NotFound("Agent not found" if refusal is AgentRefusal.NO_AGENT else "Inbound queue not found")


def _state(text: str | None) -> AgentState | None:
    if text is None:
        return None
    if text not in _STATES:
        raise InvalidInput(f"state must be one of {', '.join(_STATES)}, not {shown(text)!r}")
    return AgentState(text)


HANDLERS: list[Route] = [
    list_agents,
    create_agent,
    get_agent,
    change_agent,
    delete_agent,
    _transition(
        Action.SIGN_IN,
        "Sign in: the agent's phone is called and stays connected; calls are bridged with it",
        "Agent signed in: the phone is being called",
    ),
    _transition(
        Action.SIGN_OUT,
        "Sign out: the agent's phone is hung up, at once or when the present call ends",
        "Agent signed out",
    ),
    _transition(Action.READY, "End wrap-up early", "Agent is ready"),
    *previews_api.HANDLERS,
]
