"""`/calls/{callId}/consult` and the others by which somebody else comes into a live call, or gets it."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.calls.acts import store as acts
from tongdai.calls.acts.acting import NOT_DONE, TAG, WAITS, call_of, done
from tongdai.calls.acts.model import Kind
from tongdai.calls.parties import store
from tongdai.contacts.numbers import phone
from tongdai.errors import InvalidInput, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.principal import Own, Scope
from tongdai.ids import AgentId
from tongdai.numbers.endpoints.check import check_name, check_usable
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.text import SWITCH_NAME

_ONE_OF = "Expected one of agentId, number and endpoint"
_NO_CALL, _NO_AGENT = NotFound("Call not found"), NotFound("Agent not found")


class ConsultRequest(msgspec.Struct, forbid_unknown_fields=True):
    agentId: int | UnsetType = UNSET
    """An agent who is idle."""
    number: str | UnsetType = UNSET
    """A number outside, as it is dialled in the tenant's country or with `+`; called over the trunk of the call's
    campaign or called number."""
    endpoint: str | UnsetType = UNSET
    """Name of the PJSIP endpoint of a phone of the tenant."""


_consult = msgspec.json.Decoder(ConsultRequest)


@endpoint(
    Endpoint(
        method="POST",
        path="/calls/{callId}/consult",
        scope=Scope.AGENT,
        own=Own.CALL,
        tag=TAG,
        summary="Consult an agent, a number or a phone, while the customer is on hold",
        description=(
            "The customer hears music, for an hour at most; the agent hears the consulted party from its answer on. "
            "When it does not answer, or hangs up, the customer stays on hold until `…/resume`. An agent who hangs up "
            f"then hands the customer over, as by `…/consult/complete`. {WAITS}"
        ),
        body=ConsultRequest,
        refine={
            "ConsultRequest": {
                "": {"oneOf": [{"required": ["agentId"]}, {"required": ["number"]}, {"required": ["endpoint"]}]},
                "agentId": dict(ID),
                "number": {"minLength": 1, "maxLength": phone.MAX_TEXT, "format": "phone"},
                "endpoint": {"pattern": f"^{SWITCH_NAME}$"},
            }
        },
        body_sample={"agentId": 8},
        response=Done,
        sample=done_sample("Party is being called"),
        failures=(
            _NO_CALL,
            _NO_AGENT,
            InvalidState("The agent is not available: nobody is reserved"),
            NOT_DONE,
        ),
        states=True,
    )
)
async def consult(request: Request) -> Response:
    call_id = call_of(request)
    raw = await body.read_json(request)
    arguments = await _whom(request, call_id, body.decode(raw, _consult))
    return await done(request, raw, Kind.CONSULT, arguments, "Party is being called")


async def _whom(request: Request, call_id: UUID, sent: ConsultRequest) -> dict[str, Any]:
    who = principal_of(request)
    match sent.agentId, sent.number, sent.endpoint:
        case int(agent_id), UnsetType(), UnsetType():
            known = AgentId(ids.from_body("agentId", agent_id))
            async with connection(request) as conn:
                if not await store.agent_exists(conn, who.tenant_id, known):
                    raise _NO_AGENT if await acts.has_call(conn, who.tenant_id, call_id) else _NO_CALL
            return {"agentId": known}
        case UnsetType(), str(text), UnsetType():
            number = phone.normalise(text, who.country)
            if isinstance(number, phone.NumberFault):
                raise InvalidInput(f"number {number.message}")
            return {"number": number}
        case UnsetType(), UnsetType(), str(name):
            check_name("endpoint", name)
            async with connection(request) as conn:
                await check_usable(conn, who.tenant_id, "endpoint", EndpointKind.PHONE, name)
            return {"endpoint": name}
        case _:
            raise InvalidInput(_ONE_OF)


def _with_party(path: str, kind: Kind, summary: str, description: str, message: str) -> Route:
    """An act with whoever is consulted."""

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/calls/{{callId}}/{path}",
            scope=Scope.AGENT,
            own=Own.CALL,
            tag=TAG,
            summary=summary,
            description=f"{description} {WAITS}",
            response=Done,
            sample=done_sample(message),
            failures=(_NO_CALL, InvalidState("Nobody is consulted"), NOT_DONE),
            states=True,
        )
    )
    async def act(request: Request) -> Response:
        call_of(request)
        return await done(request, await body.read_nothing(request), kind, {}, message)

    return act


HANDLERS: list[Route] = [
    consult,
    _with_party(
        "consult/complete",
        Kind.COMPLETE,
        "Transfer the customer to the consulted party; the agent leaves",
        "The party must have answered. The agent goes to their wrap-up. Ends a conference likewise.",
        "Call transferred",
    ),
    _with_party(
        "consult/cancel",
        Kind.CANCEL,
        "Hang up the consulted party; customer and agent hear each other again",
        "Whether the party has answered or not; in a conference, too.",
        "Consult cancelled",
    ),
    _with_party(
        "conference",
        Kind.CONFERENCE,
        "Let the customer join agent and consulted party: all three hear each other",
        "The party must have answered. Agent or party may leave, and the others continue; the customer's end ends all.",
        "All are connected",
    ),
]
