"""`/calls/{callId}/recording`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tongdai import ids
from tongdai.errors import InvalidState, NotFound
from tongdai.http.endpoint import (
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
from tongdai.recordings import store
from tongdai.recordings.byte_range import range_of
from tongdai.recordings.model import MEDIA_TYPES, RecordingState, media_type_of
from tongdai.recordings.storage import Storage, storage_in
from tongdai.recordings.store import RecordingRow

_TAG = "Calls"
NOT_FOUND = "Recording not found"
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
        description="Its file is gone when the response is sent; the call's `recording` says that it was deleted.",
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
        await store.delete(conn, who.tenant_id, call_id, who.author)
    await storage_of(request).delete(found.file_key)
    async with connection(request) as conn:
        await store.deleted(conn, who.tenant_id, call_id)
    return ok(Done(error_message="Recording deleted successfully"))


def call_of(request: Request) -> UUID:
    text = request.path_params["callId"]
    if not ids.is_call_id(text):
        raise NotFound(NOT_FOUND)
    return UUID(text)


def storage_of(request: Request) -> Storage:
    settings = settings_of(request)
    return storage_in(settings.data_dir, settings.recordings_dir)


HANDLERS: list[Route] = [play, delete]
