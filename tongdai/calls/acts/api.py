"""`/calls/{callId}/…`: what is asked of a live call."""

import re

import msgspec

from tongdai.calls.acts.acting import NOT_DONE, TAG, WAITS, call_of, done
from tongdai.calls.acts.model import DEFAULT_HOLD_S, MAX_HOLD_S, MAX_KEYS, MIN_HOLD_S, Kind
from tongdai.errors import InvalidInput, NotFound, shown
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample
from tongdai.http.principal import Own, Scope
from tongdai.numbers.endpoints.check import check_name, check_usable
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.text import SWITCH_NAME, TELEPHONE_KEYS

_KEYS = re.compile(TELEPHONE_KEYS)


class HoldRequest(msgspec.Struct, forbid_unknown_fields=True):
    maxSec: int = DEFAULT_HOLD_S
    """The limit: after so many seconds the call resumes by itself."""


class DtmfRequest(msgspec.Struct, forbid_unknown_fields=True):
    digits: str
    """Keys to press one after the other: 0-9, A-D, `*`, `#`, and `w` for a pause of half a second."""


_dtmf = msgspec.json.Decoder(DtmfRequest)
_hold = msgspec.json.Decoder(HoldRequest)


@endpoint(
    Endpoint(
        method="POST",
        path="/calls/{callId}/hold",
        scope=Scope.AGENT,
        own=Own.CALL,
        tag=TAG,
        summary="Put the customer on hold: they hear music until the call resumes, at the limit by itself",
        description=f"The customer leaves the agent, who stays connected and hears nobody. {WAITS}",
        body=HoldRequest,
        refine={"HoldRequest": {"maxSec": {"minimum": MIN_HOLD_S, "maximum": MAX_HOLD_S}}},
        body_sample={"maxSec": 120},
        response=Done,
        sample=done_sample("Call is on hold"),
        failures=(NotFound("Call not found"), NOT_DONE),
        states=True,
    )
)
async def hold(request: Request) -> Response:
    call_of(request)
    raw = await body.read_json(request)
    sent = body.decode(raw, _hold) if raw.strip() else HoldRequest()
    if not MIN_HOLD_S <= sent.maxSec <= MAX_HOLD_S:
        raise InvalidInput(f"maxSec must be a number from {MIN_HOLD_S} to {MAX_HOLD_S}, not {sent.maxSec}")
    return await done(request, raw, Kind.HOLD, {"maxSec": sent.maxSec}, "Call is on hold")


@endpoint(
    Endpoint(
        method="POST",
        path="/calls/{callId}/dtmf",
        scope=Scope.AGENT,
        own=Own.CALL,
        tag=TAG,
        summary="Press keys for the customer's side to hear, such as another system's menu",
        description=f"The keys are sent to the switch at once, which presses them one after the other. {WAITS}",
        body=DtmfRequest,
        refine={"DtmfRequest": {"digits": {"pattern": f"^{TELEPHONE_KEYS}$", "minLength": 1, "maxLength": MAX_KEYS}}},
        body_sample={"digits": "1w2#"},
        response=Done,
        sample=done_sample("Keys are being pressed"),
        failures=(NotFound("Call not found"), NOT_DONE),
        states=True,
    )
)
async def dtmf(request: Request) -> Response:
    call_of(request)
    raw = await body.read_json(request)
    digits = body.decode(raw, _dtmf).digits
    if not _KEYS.fullmatch(digits):
        raise InvalidInput(f"digits must be 1 to {MAX_KEYS} of 0-9, A-D, *, # and w, not {shown(digits)!r}")
    return await done(request, raw, Kind.DTMF, {"digits": digits}, "Keys are being pressed")


class SupervisorRequest(msgspec.Struct, forbid_unknown_fields=True):
    endpoint: str
    """Name of the PJSIP endpoint of the supervisor's phone."""


_supervisor = msgspec.json.Decoder(SupervisorRequest)


_BESIDE = "The phone ends with the call, or by hanging up; the call does not change by it."


def _supervising(kind: Kind, summary: str, message: str, description: str = _BESIDE) -> Route:
    """An act of a supervisor's phone."""

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/calls/{{callId}}/{kind.replace('_', '-')}",
            scope=Scope.AGENT,
            tag=TAG,
            summary=summary,
            description=f"{description} {WAITS}",
            body=SupervisorRequest,
            refine={"SupervisorRequest": {"endpoint": {"pattern": f"^{SWITCH_NAME}$"}}},
            body_sample={"endpoint": "supervisor-1"},
            response=Done,
            sample=done_sample(message),
            failures=(NotFound("Call not found"), NOT_DONE),
            states=True,
        )
    )
    async def act(request: Request) -> Response:
        call_of(request)
        raw = await body.read_json(request)
        name = body.decode(raw, _supervisor).endpoint
        check_name("endpoint", name)
        async with connection(request) as conn:
            await check_usable(conn, principal_of(request).tenant_id, "endpoint", EndpointKind.PHONE, name)
        return await done(request, raw, kind, {"endpoint": name}, message)

    return act


def _simple(kind: Kind, summary: str, message: str) -> Route:
    """An act without a body."""

    @endpoint(
        Endpoint(
            method="POST",
            path=f"/calls/{{callId}}/{kind.replace('_', '-')}",
            scope=Scope.AGENT,
            own=Own.CALL,
            tag=TAG,
            summary=summary,
            description=WAITS,
            response=Done,
            sample=done_sample(message),
            failures=(NotFound("Call not found"), NOT_DONE),
            states=True,
        )
    )
    async def act(request: Request) -> Response:
        call_of(request)
        return await done(request, await body.read_nothing(request), kind, {}, message)

    return act


HANDLERS: list[Route] = [
    hold,
    dtmf,
    _simple(Kind.RESUME, "End a hold: customer and agent hear each other again", "Call resumed"),
    _simple(Kind.MUTE, "Mute the agent: the customer does not hear them", "Agent is muted"),
    _simple(Kind.UNMUTE, "Unmute the agent", "Agent is unmuted"),
    _simple(Kind.HANG_UP, "End an answered call: the customer is hung up", "Call is being hung up"),
    _supervising(
        Kind.LISTEN,
        "Let a supervisor's phone hear a call, which does not hear it: the phone is called first",
        "Supervisor listens as soon as the phone is answered",
    ),
    _supervising(
        Kind.WHISPER,
        "Let a supervisor's phone hear a call and speak to the agent alone",
        "Supervisor is heard by the agent as soon as the phone is answered",
    ),
    _supervising(
        Kind.BARGE,
        "Let a supervisor's phone join a call: all three hear each other",
        "Supervisor is in the call as soon as the phone is answered",
    ),
    _supervising(
        Kind.TAKE_OVER,
        "Let a supervisor's phone take a call over: it talks with the customer, and the agent leaves",
        "Supervisor takes the call over as soon as the phone is answered",
        "The phone may be in the call already, by another act. The agent goes to their wrap-up.",
    ),
    _supervising(Kind.LEAVE, "Hang up a supervisor's phone; the call continues", "Supervisor has left"),
]
