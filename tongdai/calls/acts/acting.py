"""Common parts of the endpoints of acts: the call of a request, and the act that is asked for and waited for."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from tongdai import ids
from tongdai.calls.acts import question
from tongdai.calls.acts.model import Kind
from tongdai.errors import NotFound, Unavailable
from tongdai.http.endpoint import Request, Response, connection, principal_of, settings_of
from tongdai.http.envelope import Done, ok
from tongdai.http.idempotency import digest_of, key_of

TAG = "Live calls"
NOT_DONE = Unavailable("The switch did not answer in time: nothing was done")
WAITS = (
    "Done by the process that leads the call's switch; the answer comes when it is, after 5 seconds at the latest "
    "(`act_wait_s`). 503 says whether nothing was done, or it is not known. Repeated with the same "
    "`Idempotency-Key` it is done once."
)


def call_of(request: Request) -> UUID:
    """The call of a request; NotFound when its id is malformed, as for an unknown one."""
    text = request.path_params["callId"]
    if not ids.is_call_id(text):
        raise NotFound("Call not found")
    return UUID(text)


async def done(request: Request, raw: bytes, kind: Kind, arguments: Mapping[str, Any], message: str) -> Response:
    """Ask for an act and answer with its result."""
    call_id, who, key = call_of(request), principal_of(request), key_of(request)
    async with connection(request) as conn:
        if key is None:
            act_id = await question.ask(conn, who.tenant_id, call_id, kind, arguments, who.author)
        else:
            digest = digest_of(request, hashlib.sha256(raw).digest())
            act_id = await question.ask_once(conn, who.tenant_id, key, digest, call_id, kind, arguments, who.author)
    wait_s = settings_of(request).act_wait_s
    await question.result(partial(connection, request), who.tenant_id, act_id, wait_s)
    return ok(Done(error_message=message))
