"""`/wallboards`: the boards of a tenant, by key or session."""

from functools import partial
from typing import Any

import msgspec

from tongdai import ids
from tongdai.db.pool import Connection
from tongdai.errors import InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import Endpoint, Request, Response, Route, connection, endpoint, principal_of
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.idempotency import once
from tongdai.http.principal import Scope
from tongdai.ids import WallboardId
from tongdai.tenants import key_format
from tongdai.wallboards import store
from tongdai.wallboards.model import MAX_BOARDS
from tongdai.wallboards.view import (
    SAMPLE,
    SCHEMA,
    THRESHOLDS_SAMPLE,
    NewWallboard,
    WallboardChange,
    WallboardCreated,
    WallboardList,
    look_of,
    view,
)

TAG = "Wallboards"
_new = msgspec.json.Decoder(NewWallboard)
_change = msgspec.json.Decoder(WallboardChange)
_of_boards: Any = partial(Endpoint, scope=Scope.QUEUE, tag=TAG)
_NO_BOARD = NotFound("Wallboard not found")
_FULL = InvalidState(f"The tenant has {MAX_BOARDS} wallboards: revoke one first")


@endpoint(
    _of_boards(
        method="GET",
        path="/wallboards",
        summary="List the tenant's wallboards, by id, without their tokens",
        response=WallboardList,
        sample={"success": "1", "data": [SAMPLE]},
    )
)
async def list_wallboards(request: Request) -> Response:
    async with connection(request) as conn:
        found = await store.boards(conn, principal_of(request).tenant_id)
    return ok(WallboardList(data=[view(board) for board in found]))


@endpoint(
    _of_boards(
        method="POST",
        path="/wallboards",
        summary="Create a wallboard; only this response shows its token",
        description=(
            "Whoever has the token may see the board, until it is revoked, and do nothing else: by "
            f"`GET /wallboard`. A tenant has at most {MAX_BOARDS}. Queues that do not exist are left out."
        ),
        body=NewWallboard,
        refine={"NewWallboard": SCHEMA},
        body_sample={"name": "Phòng tổng đài", "thresholds": THRESHOLDS_SAMPLE},
        response=WallboardCreated,
        sample=done_sample("Wallboard created", wallboardId=4, token="wb_…"),  # noqa: S106 - none
        failures=(_FULL,),
        states=True,
    )
)
async def create_wallboard(request: Request) -> Response:
    raw, by = await body.read_json(request), principal_of(request)
    look = look_of(body.decode(raw, _new))
    pepper: bytes = request.resources.pepper

    async def work(conn: Connection) -> WallboardCreated:
        token = key_format.generate(key_format.WALLBOARD)
        hint, digest = key_format.hint(token), key_format.digest(token, pepper)
        made = await store.create(conn, by.tenant_id, look, hint, digest, by.author)
        if made is None:
            raise _FULL
        return WallboardCreated(error_message="Wallboard created", wallboardId=made.wallboard_id, token=token)

    return await once(request, raw, work, keep=_without_token)


def _without_token(made: object) -> object:
    """The response to store for a repeated request: without the token, which is shown once and never stored."""
    assert isinstance(made, WallboardCreated)
    message = "Wallboard created before; its token is shown once"
    return msgspec.structs.replace(made, token=None, error_message=message)


@endpoint(
    _of_boards(
        method="PATCH",
        path="/wallboards/{wallboardId}",
        summary="Change what a wallboard shows; where it is open it follows within seconds",
        body=WallboardChange,
        refine={"WallboardChange": SCHEMA},
        body_sample={"theme": "light"},
        response=Done,
        sample=done_sample("Wallboard updated"),
        failures=(_NO_BOARD,),
    )
)
async def change_wallboard(request: Request) -> Response:
    board_id, by = _board_id(request), principal_of(request)
    sent = body.decode(await body.read_json(request), _change)
    async with connection(request) as conn, conn.transaction():
        found = await store.locked(conn, by.tenant_id, board_id)
        if found is None:
            raise _NO_BOARD
        await store.change(conn, by.tenant_id, board_id, look_of(sent, found.look), by.author)
    return ok(Done(error_message="Wallboard updated"))


@endpoint(
    _of_boards(
        method="DELETE",
        path="/wallboards/{wallboardId}",
        summary="Revoke a wallboard's token, everywhere within a second, and delete the board",
        response=Done,
        sample=done_sample("Wallboard revoked"),
        failures=(_NO_BOARD,),
    )
)
async def revoke_wallboard(request: Request) -> Response:
    board_id, by = _board_id(request), principal_of(request)
    async with connection(request) as conn:
        revoked = await store.revoke(conn, by.tenant_id, board_id, by.author)
    if not revoked:
        raise _NO_BOARD
    request.resources.guard.forget()  # this process does not wait for its own notification
    return ok(Done(error_message="Wallboard revoked"))


def _board_id(request: Request) -> WallboardId:
    return WallboardId(ids.from_path(request.path_params["wallboardId"], "Wallboard"))


HANDLERS: list[Route] = [list_wallboards, create_wallboard, change_wallboard, revoke_wallboard]
