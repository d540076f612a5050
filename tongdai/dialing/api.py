"""`/dialing`: hold the dialing of the whole installation, and release it."""

import msgspec

from tongdai.dialing import store
from tongdai.dialing.model import Hold, HoldReason
from tongdai.dialing.view import (
    HOLD_SAMPLE,
    RELEASED_SAMPLE,
    SAMPLE,
    DialingView,
    HoldView,
    SwitchBeat,
    view,
)
from tongdai.errors import InvalidState, NotFound
from tongdai.http import body, idempotency
from tongdai.http.endpoint import ID, Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, ok
from tongdai.http.principal import Scope

_TAG = "Dialing"
NEWEST = 20
_PLATFORM = "For a platform key, which need not name a tenant: it concerns the whole installation."


class Held(Done, kw_only=True):
    hold: HoldView
    """The hold as it is now."""


class ToRelease(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    hold_id: int
    """Id of the hold in force, as it was shown: another one is not released."""


_to_release = msgspec.json.Decoder(ToRelease)


def _done(message: str, sample: object) -> dict[str, object]:
    return {"success": "1", "error_code": "SUCCESS", "error_message": message, "hold": sample}


@endpoint(
    Endpoint(
        method="GET",
        path="/dialing",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Whether dialing is held, why, and how many contacts that concerns",
        description=(
            f"{_PLATFORM} `contacts` are the pending contacts of running campaigns that were added before "
            "`callsKnownUntil` and are due: each of them may have been called after it, which this database cannot "
            "know. It is counted at each request."
        ),
        response=DialingView,
        sample=SAMPLE,
    )
)
async def dialing(request: Request) -> Response:
    async with connection(request) as conn:
        current = await store.current(conn)
        contacts = None if current is None else await store.uncertain(conn, current)
        newest = await store.newest(conn, NEWEST)
        beats = await store.beats(conn)
    return ok(
        DialingView(
            held=current is not None,
            hold=None if current is None else view(current, contacts),
            switches=[SwitchBeat(name, beat_at) for name, beat_at in beats.items()],
            newest=[view(hold, contacts) for hold in newest],
        )
    )


@endpoint(
    Endpoint(
        method="POST",
        path="/dialing/hold",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Hold dialing: within a second nobody is called any more; active calls continue",
        description=f"{_PLATFORM} Dialing that is held already stays held for the reason that it was.",
        response=Held,
        sample=_done("Dialing held", HOLD_SAMPLE | {"reason": "operator", "callsKnownUntil": None, "contacts": None}),
    )
)
async def hold(request: Request) -> Response:
    await body.read_nothing(request)
    by, repeated = principal_of(request).key_id, idempotency.key_of(request)
    async with connection(request) as conn:
        found = await store.hold(conn, HoldReason.OPERATOR, by=by, request=repeated and f"{by} {repeated}")
        contacts = await store.uncertain(conn, found)
    return ok(Held(error_message="Dialing held", hold=view(found, contacts)))


@endpoint(
    Endpoint(
        method="POST",
        path="/dialing/release",
        scope=Scope.ADMIN,
        platform=True,
        tag=_TAG,
        summary="Release the hold: campaigns that run are dialled again",
        description=(
            f"{_PLATFORM} `holdId` is that of the hold in force, as `GET /dialing` shows it, so that a hold for "
            "another reason is not released unseen. After a restored backup the database is accepted as it is, and "
            "`contacts` says how many may be called a second time. A hold that is released already stays as it is."
        ),
        body=ToRelease,
        refine={"ToRelease": {"holdId": ID}},
        body_sample={"holdId": 3},
        response=Held,
        sample=_done("Dialing released", RELEASED_SAMPLE),
        states=True,
        failures=(NotFound("Hold not found"),),
    )
)
async def release(request: Request) -> Response:
    wanted = body.decode(await body.read_json(request), _to_release).hold_id
    async with connection(request) as conn:
        found = await store.release(conn, wanted, principal_of(request).key_id) if _is_id(wanted) else None
        current = await store.current(conn)
    if found is None:
        raise NotFound("Hold not found")
    _check_in_force(found, current)
    return ok(Held(error_message="Dialing released", hold=view(found, found.contacts)))


def _check_in_force(found: Hold, current: Hold | None) -> None:
    """Another hold than the released one may be in force: it took its place before it was seen."""
    if current is not None:
        raise InvalidState(
            f"Hold {found.hold_id} is released, and dialing is held by {current.hold_id}: {current.message}"
        )


def _is_id(number: int) -> bool:
    return 0 < number < 10**18


HANDLERS: list[Route] = [dialing, hold, release]
