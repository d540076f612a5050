"""`/agents/{id}/…`: what agents and supervisors do with an agent's state."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec

from tongdai.agents.actions import store
from tongdai.agents.model import ALLOWED, MAX_REASON, Action, Agent, AgentState, NextState, SupervisorAction
from tongdai.agents.store import find
from tongdai.agents.view import agent_of
from tongdai.db.pool import Connection
from tongdai.errors import InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body
from tongdai.http.endpoint import NAME, Endpoint, Request, Response, Route, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.idempotency import once
from tongdai.http.openapi.fields import one_of
from tongdai.http.principal import Own, Principal, Scope
from tongdai.ids import AgentId, TenantId

TAG = "Agents"
_REASON = {"minLength": 1, **NAME, "maxLength": MAX_REASON}
_NEXT = [*(state.value for state in NextState), AgentState.IDLE.value]


class PauseRequest(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    """Why, as supervisors will read it: `lunch`, `training`."""


class NextStateRequest(msgspec.Struct, forbid_unknown_fields=True):
    state: Annotated[str, one_of([*NextState, AgentState.IDLE])]
    """State of the agent when the present call and its wrap-up have ended: `paused`, `offline` as soon as the call
    has, or `idle`, which takes back the others."""
    reason: str | None = None
    """Why the agent will be paused; only with `paused`, where it is needed."""


_SIGN_OUT = frozenset({Action.SIGN_OUT, SupervisorAction.FORCE_SIGN_OUT})
_LEAVES_LATER = "Agent will be signed out when the present call ends"
_pause = msgspec.json.Decoder(PauseRequest)
_next = msgspec.json.Decoder(NextStateRequest)
Move = Callable[[Connection, Principal, AgentId], Awaitable[Agent | None]]


def _own(action: Action | SupervisorAction) -> Own | None:
    """The tie of an action to the agent; None: it is a supervisor's."""
    return Own.AGENT if isinstance(action, Action) else None


def _simple(action: Action | SupervisorAction, summary: str, message: str, move: Move) -> Route:
    """An action without a body."""

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/agents/{{id}}/{action}",
            scope=Scope.AGENT,
            own=_own(action),
            tag=TAG,
            summary=summary,
            response=Done,
            sample=done_sample(message),
            states=True,
        )
    )
    async def act(request: Request) -> Response:
        agent_id = agent_of(request)
        return await _once(request, await body.read_nothing(request), action, message, agent_id, move)

    return act


def _pausing(action: Action | SupervisorAction, summary: str, *, forced: bool) -> Route:
    message = "Agent is paused, or will be when the present call ends"

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/agents/{{id}}/{action}",
            scope=Scope.AGENT,
            own=_own(action),
            tag=TAG,
            summary=summary,
            body=PauseRequest,
            refine={"PauseRequest": {"reason": _REASON}},
            body_sample={"reason": "lunch"},
            response=Done,
            sample=done_sample(message),
            states=True,
        )
    )
    async def pause(request: Request) -> Response:
        agent_id = agent_of(request)
        raw = await body.read_json(request)
        reason = body.text_field("reason", body.decode(raw, _pause).reason, MAX_REASON, min_length=1)

        def move(conn: Connection, by: Principal, agent_id: AgentId) -> Awaitable[Agent | None]:
            return store.pause(conn, by.tenant_id, agent_id, reason, by.author, forced=forced)

        return await _once(request, raw, action, message, agent_id, move)

    return pause


@endpoint(
    Endpoint(
        method="POST",
        path="/agents/{id}/next-state",
        scope=Scope.AGENT,
        own=Own.AGENT,
        tag=TAG,
        summary="Set what the agent becomes when the present call and its wrap-up have ended; the last one sent holds",
        body=NextStateRequest,
        refine={"NextStateRequest": {"state": {"enum": _NEXT}, "reason": _REASON}},
        body_sample={"state": "paused", "reason": "lunch"},
        response=Done,
        sample=done_sample("Next state set"),
        states=True,
    )
)
async def set_next_state(request: Request) -> Response:
    agent_id = agent_of(request)
    raw = await body.read_json(request)
    sent = body.decode(raw, _next)
    if sent.state not in _NEXT:
        raise InvalidInput(f"state must be one of {', '.join(_NEXT)}, not {shown(sent.state)!r}")
    if sent.reason is not None:
        body.text_field("reason", sent.reason, MAX_REASON, min_length=1)
    state = None if sent.state == AgentState.IDLE else NextState(sent.state)
    if (sent.reason is not None) != (state is NextState.PAUSED):
        raise InvalidInput("reason is needed with state paused, and no other state has one")

    def move(conn: Connection, by: Principal, agent_id: AgentId) -> Awaitable[Agent | None]:
        return store.set_next_state(conn, by.tenant_id, agent_id, state, sent.reason, by.author)

    return await _once(request, raw, Action.NEXT_STATE, "Next state set", agent_id, move)


async def _once(
    request: Request, raw: bytes, action: Action | SupervisorAction, message: str, agent_id: AgentId, move: Move
) -> Response:
    by = principal_of(request)

    async def work(conn: Connection) -> Done:
        agent = await move(conn, by, agent_id)
        if agent is None:
            raise _not_allowed(action, await known(conn, by.tenant_id, agent_id))
        leaves_later = action in _SIGN_OUT and agent.state not in {AgentState.OFFLINE, AgentState.HANGING_UP}
        return Done(error_message=_LEAVES_LATER if leaves_later else message)

    return await once(request, raw, work)


async def known(conn: Connection, tenant_id: TenantId, agent_id: AgentId) -> Agent:
    agent = await find(conn, tenant_id, agent_id)
    if agent is None:
        raise NotFound("Agent not found")
    return agent


def _not_allowed(action: Action | SupervisorAction, agent: Agent) -> InvalidState:
    if action is Action.READY and agent.code_needed:
        return InvalidState("The wrap-up needs a code: set that of the call")
    return InvalidState(f"Cannot {action} an agent in state {agent.state}, only {' or '.join(ALLOWED[action])}")


HANDLERS: list[Route] = [
    _simple(
        Action.SIGN_IN,
        "Sign in: the agent's phone is called and stays connected; in mode ring it is called for each call",
        "Agent signed in: the phone is being called",
        lambda conn, by, agent_id: store.sign_in(conn, by.tenant_id, agent_id, by.author),
    ),
    _simple(
        Action.SIGN_OUT,
        "Sign out: the agent's phone is hung up, at once or when the present call ends",
        "Agent signed out",
        lambda conn, by, agent_id: store.sign_out(conn, by.tenant_id, agent_id, by.author),
    ),
    _simple(
        Action.READY,
        "End a pause, or wrap-up early",
        "Agent is ready",
        lambda conn, by, agent_id: store.ready(conn, by.tenant_id, agent_id, by.author),
    ),
    _pausing(Action.PAUSE, "Pause: the agent gets no calls until they are ready", forced=False),
    set_next_state,
    _simple(
        SupervisorAction.FORCE_SIGN_OUT,
        "Sign an agent out, at once or when the present call ends, as a supervisor",
        "Agent signed out",
        lambda conn, by, agent_id: store.sign_out(conn, by.tenant_id, agent_id, by.author, forced=True),
    ),
    _simple(
        SupervisorAction.FORCE_READY,
        "Make an agent idle who is paused, in wrap-up or unreachable, as a supervisor",
        "Agent is ready",
        lambda conn, by, agent_id: store.ready(conn, by.tenant_id, agent_id, by.author, forced=True),
    ),
    _pausing(SupervisorAction.FORCE_PAUSE, "Pause an agent, as a supervisor", forced=True),
    _simple(
        SupervisorAction.RELEASE,
        "Sign an agent out at once, whatever the state and the call: the last resort for a state that is wrong",
        "Agent released",
        lambda conn, by, agent_id: store.release(conn, by.tenant_id, agent_id, by.author),
    ),
]
