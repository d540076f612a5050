"""`/calls/{callId}/recording`, and signed links to it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tongdai import ids
from tongdai.errors import InvalidInput, InvalidState, NotFound
from tongdai.http import body
from tongdai.http.endpoint import (
    PLAIN_TEXT,
    Endpoint,
    Request,
    Response,
    Route,
    StreamingResponse,
    connection,
    endpoint,
    principal_of,
    settings_of,
)
from tongdai.http.envelope import Done, done_sample, ok
from tongdai.http.principal import Own, Scope
from tongdai.recordings import links, store
from tongdai.recordings.byte_range import range_of
from tongdai.recordings.links import Link
from tongdai.recordings.model import MEDIA_TYPES, RecordingState, media_type_of
from tongdai.recordings.storage import Storage, storage_in
from tongdai.recordings.store import RecordingRow

_TAG = "Calls"
NOT_FOUND = "Recording not found"
_HELD = "The recording is under a legal hold: end that first"
_BINARY: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}}


@endpoint(
    Endpoint(
        method="GET",
        path="/calls/{callId}/recording",
        scope=Scope.REPORT,
        own=Own.CALL_BEFORE,
        tag=_TAG,
        summary="Get the recording of a call: a stereo file, the customer left and the others right",
        description="A header `Range` with one range gets that part (206). Each request is in the audit, as "
        "`recording.play`. A recording that is not stored, or not any more, is 404; the call's `recording` says why.",
        response=None,
        sample="",
        response_media=dict.fromkeys(MEDIA_TYPES.values(), _BINARY),
        failures=(NotFound(NOT_FOUND),),
    )
)
async def play(request: Request) -> Response | StreamingResponse:
    who, call_id, part = principal_of(request), call_of(request), request.headers.get("range")
    async with connection(request) as conn:
        found = await store.of_call(conn, who.tenant_id, call_id)
        if found is None or found.state is not RecordingState.STORED:
            raise NotFound(NOT_FOUND)
        await store.log_access(conn, who.tenant_id, call_id, who.author, part)
    return await file_response(storage_of(request), found, part)


class LinkWanted(msgspec.Struct, forbid_unknown_fields=True):
    seconds: int = links.MOST_S
    """For how long it can be used."""


class RecordingLink(msgspec.Struct):
    url: str
    """Where the recording is, without a key: below `public_url`, or a path on this server where that is not set."""
    expiresAt: datetime
    """When it cannot be used any more. Deleting the recording ends it at once."""


_link = msgspec.json.Decoder(LinkWanted)


@endpoint(
    Endpoint(
        method="POST",
        path="/calls/{callId}/recording/link",
        scope=Scope.REPORT,
        own=Own.CALL_BEFORE,
        tag=_TAG,
        summary="Make a link by which anybody plays the recording of a call, for ten minutes at most",
        description="For programs that can send no key, such as a player in another page. It is in the audit as "
        "`recording.link`, and each of its uses as `recording.play` of who made it.",
        body=LinkWanted,
        body_sample={"seconds": 300},
        refine={"LinkWanted": {"seconds": {"minimum": links.LEAST_S, "maximum": links.MOST_S}}},
        response=RecordingLink,
        sample={
            "url": "https://calls.example.com/v1/recordings/20260310-5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11-1773108600-k31-"
            "3a6eb0790f39ac87c94f3856b2dd2c5d",
            "expiresAt": "2026-03-10T02:10:00Z",
        },
        failures=(NotFound(NOT_FOUND),),
    )
)
async def make_link(request: Request) -> Response:
    who, call_id = principal_of(request), call_of(request)
    wanted = body.decode(await body.read_json(request), _link)
    if not links.LEAST_S <= wanted.seconds <= links.MOST_S:
        raise InvalidInput(f"seconds must be {links.LEAST_S} to {links.MOST_S}, not {wanted.seconds}")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=wanted.seconds)
    async with connection(request) as conn:
        found = await store.of_call(conn, who.tenant_id, call_id)
        if found is None or found.state is not RecordingState.STORED:
            raise NotFound(NOT_FOUND)
        await store.log_link(conn, who.tenant_id, call_id, who.author, expires_at)
    path = links.path_of(request.resources.pepper, Link(who.tenant_id, call_id, expires_at, who.author))
    return ok(RecordingLink((settings_of(request).public_url or "").rstrip("/") + path, expires_at))


async def play_by_link(request: Request) -> Response | StreamingResponse:
    """The recording of a signed link, or a part of it; NotFound when it has expired, or was deleted."""
    resources, part = request.resources, request.headers.get("range")
    link = links.read(resources.pepper, request.path_params["link"], datetime.now(UTC))
    if link is None:
        raise NotFound(NOT_FOUND)
    borrowed = resources.database.borrow(request.require_client)
    async with resources.parts.within(links.ROUTE, link.tenant_id, borrowed) as conn:
        found = await store.of_call(conn, link.tenant_id, link.call_id)
        if found is None or found.state is not RecordingState.STORED:
            raise NotFound(NOT_FOUND)
        await store.log_access(conn, link.tenant_id, link.call_id, link.by, part, by_link=True)
    return await file_response(storage_of(request), found, part)


async def file_response(storage: Storage, row: RecordingRow, part: str | None) -> Response | StreamingResponse:
    """The file of a stored recording, or the part of it that a Range header asks for."""
    key, size = row.file_key, row.size
    assert key is not None, "what is stored has a file"
    assert size is not None, "what is stored has a size"
    wanted = range_of(part, size)
    headers = [
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private, no-store"),
        (b"content-disposition", b'inline; filename="%s"' % key.rpartition("/")[2].encode()),
    ]
    if wanted is None:
        return Response(b"", 416, [*headers, (b"content-range", b"bytes */%d" % size)])
    pieces = await storage.read(key, *wanted)
    if pieces is None:
        raise NotFound(NOT_FOUND)
    headers += [
        (b"content-type", media_type_of(key).encode()),
        (b"content-length", b"%d" % wanted.length),
    ]
    if wanted.length == size:
        return StreamingResponse(pieces, 200, headers)
    last = wanted.first + wanted.length - 1
    headers.append((b"content-range", b"bytes %d-%d/%d" % (wanted.first, last, size)))
    return StreamingResponse(pieces, 206, headers)


@endpoint(
    Endpoint(
        method="DELETE",
        path="/calls/{callId}/recording",
        scope=Scope.REPORT,
        tag=_TAG,
        summary="Delete the recording of a call",
        description="Its file is gone when the response is sent; the call's `recording` says that it was deleted. One "
        "that is under a legal hold is not deleted.",
        response=Done,
        sample=done_sample("Recording deleted successfully"),
        failures=(NotFound(NOT_FOUND), InvalidState("The recording is not stored yet")),
        states=True,
    )
)
async def delete(request: Request) -> Response:
    who, call_id = principal_of(request), call_of(request)
    async with connection(request) as conn:
        found = await store.of_call(conn, who.tenant_id, call_id)
        if found is None or found.state in {RecordingState.FAILED, RecordingState.DELETED}:
            raise NotFound(NOT_FOUND)
        if found.file_key is None:
            raise InvalidState("The recording is not stored yet: the call lasts, or its sound is being fetched")
        marked = await store.delete(conn, who.tenant_id, call_id, who.author)
        if not marked and found.state is RecordingState.STORED:
            raise InvalidState(_HELD)
    await storage_of(request).delete(found.file_key)
    async with connection(request) as conn:
        await store.deleted(conn, who.tenant_id, call_id)
    return ok(Done(error_message="Recording deleted successfully"))


class HoldWanted(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    """Why the recording must be kept, such as the reference of a case."""


_hold = msgspec.json.Decoder(HoldWanted)
_MOST_REASON = 500


@endpoint(
    Endpoint(
        method="PUT",
        path="/calls/{callId}/recording/legal-hold",
        scope=Scope.ADMIN,
        tag=_TAG,
        summary="Keep the recording of a call from being deleted",
        description="Neither by request, nor by its age, nor with everything about its customer, until the hold ends. "
        "A recording that is on its way is kept too. Repeated, it changes the reason.",
        body=HoldWanted,
        body_sample={"reason": "Case 17/2026"},
        refine={"HoldWanted": {"reason": {"minLength": 1, "maxLength": _MOST_REASON, **PLAIN_TEXT}}},
        response=Done,
        sample=done_sample("Recording is under a legal hold"),
        failures=(NotFound(NOT_FOUND),),
    )
)
async def hold(request: Request) -> Response:
    who, call_id = principal_of(request), call_of(request)
    wanted = body.decode(await body.read_json(request), _hold)
    body.text_field("reason", wanted.reason, _MOST_REASON, min_length=1)
    async with connection(request) as conn:
        if not await store.hold(conn, who.tenant_id, call_id, wanted.reason, who.author):
            raise NotFound(NOT_FOUND)
    return ok(Done(error_message="Recording is under a legal hold"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/calls/{callId}/recording/legal-hold",
        scope=Scope.ADMIN,
        tag=_TAG,
        summary="End the legal hold of a recording",
        description="From then on its age counts again, since the call. Where there is none, nothing changes.",
        response=Done,
        sample=done_sample("Legal hold ended"),
        failures=(NotFound(NOT_FOUND),),
    )
)
async def release(request: Request) -> Response:
    who, call_id = principal_of(request), call_of(request)
    async with connection(request) as conn:
        if await store.of_call(conn, who.tenant_id, call_id) is None:
            raise NotFound(NOT_FOUND)
        await store.release(conn, who.tenant_id, call_id, who.author)
    return ok(Done(error_message="Legal hold ended"))


def call_of(request: Request) -> UUID:
    text = request.path_params["callId"]
    if not ids.is_call_id(text):
        raise NotFound(NOT_FOUND)
    return UUID(text)


def storage_of(request: Request) -> Storage:
    settings = settings_of(request)
    return storage_in(settings.data_dir, settings.recordings_dir)


HANDLERS: list[Route] = [play, make_link, delete, hold, release]
