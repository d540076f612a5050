"""`/pause-reasons`: the reasons that agents choose from when they pause."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tongdai.agents.actions.api import TAG
from tongdai.agents.model import AUTO_PAUSE_REASON, MAX_REASON
from tongdai.agents.pause_reasons import store
from tongdai.agents.pause_reasons.store import MAX_REASONS
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import PLAIN_TEXT, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Own, Scope

_SCHEMA: dict[str, Any] = {
    "maxItems": MAX_REASONS,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_REASON, **PLAIN_TEXT},
}


class PauseReasons(msgspec.Struct, forbid_unknown_fields=True):
    reasons: list[str]
    """The reasons in the order in which agents see them; an agent may give another one."""


_reasons = msgspec.json.Decoder(PauseReasons)


@endpoint(
    Endpoint(
        method="GET",
        path="/pause-reasons",
        scope=Scope.AGENT,
        own=Own.ANY,
        tag=TAG,
        summary="List the reasons for pauses that agents choose from",
        response=PauseReasons,
        sample={"reasons": ["Lunch", "Short break", "Meeting"]},
    )
)
async def get_reasons(request: Request) -> Response:
    async with connection(request) as conn:
        return ok(PauseReasons(await store.find(conn, principal_of(request).tenant_id)))


@endpoint(
    Endpoint(
        method="PUT",
        path="/pause-reasons",
        scope=Scope.AGENT,
        tag=TAG,
        summary="Replace the reasons for pauses that agents choose from",
        description="Pauses that have another reason keep it.",
        body=PauseReasons,
        refine={"PauseReasons": {"reasons": _SCHEMA}},
        body_sample={"reasons": ["Lunch", "Short break", "Meeting"]},
        response=Done,
        sample=done_sample("Pause reasons saved"),
    )
)
async def put_reasons(request: Request) -> Response:
    reasons = body.decode(await body.read_json(request), _reasons).reasons
    _check(reasons)
    by = principal_of(request)
    async with connection(request) as conn:
        await store.put(conn, by.tenant_id, reasons, by.author)
    return ok(Done(error_message="Pause reasons saved"))


def _check(reasons: Sequence[str]) -> None:
    if len(reasons) > MAX_REASONS:
        raise InvalidInput(f"reasons must have at most {MAX_REASONS} items, not {len(reasons)}")
    for at, reason in enumerate(reasons):
        body.text_field(f"reasons[{at}]", reason, MAX_REASON, min_length=1)
        if reason == AUTO_PAUSE_REASON:
            raise InvalidInput(f"reasons[{at}] must not be {AUTO_PAUSE_REASON}: that is the reason of automatic pauses")
        if reason in reasons[:at]:
            raise InvalidInput(f"reasons[{at}] repeats {shown(reason)!r}")


HANDLERS: list[Route] = [get_reasons, put_reasons]
