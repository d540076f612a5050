"""Receives a sound file: from the socket to a file on the disk, and converts it."""

import asyncio
import tempfile
from pathlib import Path

from tongdai.errors import InsufficientStorage, UnsupportedMediaType, shown
from tongdai.files import process
from tongdai.http import body
from tongdai.http.endpoint import Request, principal_of, settings_of
from tongdai.queues.sounds.conversion import require_decoder, to_wav
from tongdai.queues.sounds.model import MAX_UPLOAD_MB
from tongdai.runtime.disk import free_mb
from tongdai.runtime.turns import Turns

MEDIA = (
    "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg", "audio/mp3", "application/octet-stream",
)  # fmt: skip
_turns = Turns(at_once=2, each=1)


async def received(request: Request) -> bytes:
    """The body as WAV of 8 kHz; InvalidInput when it is no sound."""
    require_decoder()
    _require_media(request)
    settings = settings_of(request)
    if free_mb(Path(settings.data_dir)) < settings.min_free_mb:
        raise InsufficientStorage
    folder = str(Path(settings.data_dir) / process.FOLDER)
    limit = MAX_UPLOAD_MB * body.MB
    patience = body.Patience(settings.upload_timeout_s, settings.upload_idle_s, settings.upload_rate)
    with tempfile.TemporaryFile(dir=folder) as file:
        async for piece in body.pieces(request, limit, patience):
            await asyncio.to_thread(file.write, piece)
        file.flush()
        async with _turns.of(principal_of(request).tenant_id):
            return await to_wav(file, folder)


def _require_media(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise UnsupportedMediaType(f"Content-Type {shown(kind)} is not understood: expected audio/wav or audio/mpeg")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the file as it is")
