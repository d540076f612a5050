"""`/queues/sounds`: hold music and prompts that tenants upload."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec

from tongdai import ids
from tongdai.errors import InsufficientStorage, InvalidInput, InvalidState, NotFound, shown
from tongdai.http import body, cursor, paging
from tongdai.http.cursor import NextCursor, TotalRecord
from tongdai.http.endpoint import (
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
from tongdai.http.openapi.fields import one_of
from tongdai.http.paging import single
from tongdai.http.principal import Scope
from tongdai.ids import SoundId
from tongdai.queues.settings.model import LANGUAGES
from tongdai.queues.sounds import receive, store
from tongdai.queues.sounds.model import (
    MAX_FILES,
    MAX_NAME,
    MAX_SECONDS,
    MAX_TOTAL_MB,
    MAX_UPLOAD_MB,
    Kind,
    NewSound,
    Sound,
    require_name,
)

_TAG = "Sounds"
_WAV = "audio/wav"
_NAME_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_NAME,
    "pattern": r"^[^/\\:\u0000-\u001f\u007f-\u009f]+$",
}
_KIND = Query("kind", "What it is for", {"type": "string", "enum": [kind.value for kind in Kind]}, "music")
_NAME = Query(
    "name",
    "Its name: of music the file name by which queues name it, of a prompt its part, such as `please-wait`",
    _NAME_SCHEMA,
    "waiting.wav",
)
_LANGUAGE = Query("language", "The language of a prompt", {"type": "string", "enum": [*LANGUAGES]}, "vi")


class SoundView(msgspec.Struct):
    soundId: int
    """The sound file."""
    kind: Annotated[str, one_of(Kind)]
    """Whether it is hold music or a prompt."""
    name: str
    """Its name."""
    language: str | None
    """The language of a prompt."""
    seconds: float
    """How long it is."""
    sizeBytes: int
    """Its size as it is stored."""
    uploadedAt: datetime
    """When it was first uploaded."""


class SoundPage(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    totalRecord: TotalRecord = msgspec.UNSET
    nextCursor: NextCursor = msgspec.UNSET
    data: list[SoundView]
    """The sound files, by id."""


class SoundRename(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    """The new name: of music a file name, of a prompt another part of its language."""


class SoundUploaded(Done, kw_only=True):
    soundId: int
    """The sound file."""


_rename = msgspec.json.Decoder(SoundRename)
_SAMPLE: dict[str, Any] = {
    "soundId": 31,
    "kind": "music",
    "name": "waiting.wav",
    "language": None,
    "seconds": 62.5,
    "sizeBytes": 1000044,
    "uploadedAt": "2026-12-01T02:00:00Z",
}
_MEDIA: Mapping[str, Mapping[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/wav", "audio/mpeg")
}


@endpoint(
    Endpoint(
        method="PUT",
        path="/queues/sounds",
        slow=True,
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Upload hold music or a prompt, in place of one of that name",
        description=(
            f"The body is a WAV or MP3 file of at most {MAX_UPLOAD_MB} MB and {MAX_SECONDS // 60} minutes. It is "
            f"stored as WAV of 8 kHz, mono, 16 bits. A tenant has at most {MAX_FILES} files and "
            f"{MAX_TOTAL_MB} MB of them."
        ),
        query=(_KIND, _NAME, _LANGUAGE),
        media=_MEDIA,
        response=SoundUploaded,
        sample=done_sample("Sound uploaded", soundId=31),
        failures=(
            InvalidInput("The file cannot be read as WAV or MP3: Format not recognised"),
            InsufficientStorage(),
        ),
        states=True,
    )
)
async def upload(request: Request) -> Response:
    principal = principal_of(request)
    kind, name, language = _named(query_of(request))
    async with receive.received(request) as wav, connection(request) as conn:
        stored = await store.put(conn, principal.tenant_id, NewSound(kind, name, language, wav), principal.author)
    if isinstance(stored, str):
        raise InvalidState(stored)
    return ok(SoundUploaded(error_message="Sound uploaded", soundId=stored))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/sounds",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="List hold music and prompts",
        query=(_KIND, *paging.PAGE_QUERY, cursor.QUERY),
        response=SoundPage,
        sample={"success": "1", "totalRecord": 1, "data": [_SAMPLE]},
    )
)
async def list_sounds(request: Request) -> Response:
    query, tenant_id = query_of(request), principal_of(request).tenant_id
    kind = None if (sent := single(query, "kind")) is None else _kind(sent)
    wanted = cursor.list_request(request, query, SoundId)
    async with connection(request) as conn:
        part = await wanted.fetch(
            page=partial(store.page, conn, tenant_id, kind),
            after=partial(store.after, conn, tenant_id, kind),
            key=lambda sound: SoundId(sound.sound_id),
        )
    return ok(SoundPage(totalRecord=part.total, nextCursor=part.next, data=[_view(sound) for sound in part.rows]))


@endpoint(
    Endpoint(
        method="GET",
        path="/queues/sounds/{soundId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Download hold music or a prompt, as it is stored",
        response=None,
        sample="",
        response_media={_WAV: {"schema": {"type": "string", "format": "binary"}}},
    )
)
async def download(request: Request) -> Response:
    sound_id = _sound_id(request)
    async with connection(request) as conn:
        found = await store.data(conn, principal_of(request).tenant_id, sound_id)
    if found is None:
        raise NotFound("Sound not found")
    return Response(found, headers=[(b"content-type", _WAV.encode())])


@endpoint(
    Endpoint(
        method="PATCH",
        path="/queues/sounds/{soundId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Rename hold music that no queue has, or a prompt",
        body=SoundRename,
        refine={"SoundRename": {"name": _NAME_SCHEMA}},
        body_sample={"name": "waiting-2027.wav"},
        response=Done,
        sample=done_sample("Sound renamed"),
        failures=(InvalidState("Cannot rename the hold music of queue 1001226, queue 1001227"),),
        states=True,
    )
)
async def rename(request: Request) -> Response:
    principal, sound_id = principal_of(request), _sound_id(request)
    name = body.decode(await body.read_json(request), _rename).name
    async with connection(request) as conn:
        sound = await store.find(conn, principal.tenant_id, sound_id)
        if sound is None:
            raise NotFound("Sound not found")
        require_name(sound.kind, name, sound.language)
        renamed = await store.rename(conn, principal.tenant_id, sound, name, principal.author)
    if isinstance(renamed, str):
        raise InvalidState(renamed)
    if isinstance(renamed, list):
        raise InvalidState(f"Cannot rename the hold music of {_queues(renamed)}")
    if not renamed:
        raise NotFound("Sound not found")
    return ok(Done(error_message="Sound renamed"))


@endpoint(
    Endpoint(
        method="DELETE",
        path="/queues/sounds/{soundId}",
        scope=Scope.QUEUE,
        tag=_TAG,
        summary="Delete hold music that no queue has, or a prompt",
        response=Done,
        sample=done_sample("Sound deleted successfully"),
        failures=(InvalidState("Cannot delete the hold music of queue 1001226, queue 1001227"),),
        states=True,
    )
)
async def delete(request: Request) -> Response:
    principal, sound_id = principal_of(request), _sound_id(request)
    async with connection(request) as conn:
        deleted = await store.delete(conn, principal.tenant_id, sound_id, principal.author)
    if isinstance(deleted, list):
        raise InvalidState(f"Cannot delete the hold music of {_queues(deleted)}")
    if not deleted:
        raise NotFound("Sound not found")
    return ok(Done(error_message="Sound deleted successfully"))


def _queues(queue_ids: Sequence[int]) -> str:
    return ", ".join(f"queue {queue_id}" for queue_id in queue_ids)


def _sound_id(request: Request) -> SoundId:
    return SoundId(ids.from_path(request.path_params["soundId"], "Sound"))


def _kind(sent: str) -> Kind:
    if sent not in set(Kind):
        raise InvalidInput(f"kind must be one of {', '.join(Kind)}, not {shown(sent)!r}")
    return Kind(sent)


def _named(query: dict[str, list[str]]) -> tuple[Kind, str, str | None]:
    """Kind, name and language of an upload."""
    sent, name, language = (single(query, one) for one in ("kind", "name", "language"))
    if sent is None or name is None:
        raise InvalidInput(f"{'kind' if sent is None else 'name'} is missing")
    kind = _kind(sent)
    require_name(kind, name, language)
    return kind, name, language


def _view(sound: Sound) -> SoundView:
    return SoundView(
        sound.sound_id, sound.kind, sound.name, sound.language, sound.seconds, sound.size, sound.uploaded_at
    )


HANDLERS: list[Route] = [list_sounds, upload, download, rename, delete]
