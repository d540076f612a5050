"""Receives a sound file: from the socket to a file on the disk, and converts it."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from tongdai.errors import UnsupportedMediaType, shown
from tongdai.files import process
from tongdai.files.uploads import threads
from tongdai.files.uploads.space import Share, share_of
from tongdai.http import body
from tongdai.http.endpoint import Request, principal_of, settings_of
from tongdai.queues.sounds.conversion import require_decoder, to_wav
from tongdai.queues.sounds.model import MAX_UPLOAD_MB
from tongdai.runtime.turns import Turns

MEDIA = (
    "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg", "audio/mp3", "application/octet-stream",
)  # fmt: skip
_turns = Turns(at_once=2, each=1)


@asynccontextmanager
async def received(request: Request) -> AsyncGenerator[bytes]:
    """The body as WAV of 8 kHz; InvalidInput when it is no sound.

    Within the block no other sound of the tenant is converted or stored: one that is waits in memory.
    """
    require_decoder()
    _require_media(request)
    settings, tenant_id = settings_of(request), principal_of(request).tenant_id
    folder = str(Path(settings.data_dir) / process.FOLDER)
    patience = body.Patience(settings.upload_timeout_s, settings.upload_idle_s, settings.upload_rate)
    with share_of(settings, tenant_id) as share, tempfile.TemporaryFile(dir=folder) as file:
        spool = _Spool(file, share)
        pieces = body.pieces(request, MAX_UPLOAD_MB * body.MB, patience)
        rest = await threads.received(pieces, tenant_id, spool.take)
        await threads.written(tenant_id, spool.end, rest)
        async with _turns.of(tenant_id):
            request.require_client()  # it may have left while the file waited
            yield await to_wav(file, folder)


class _Spool:
    """The file of a body, and its disk space."""

    def __init__(self, file: IO[bytes], share: Share) -> None:
        self._file = file
        self._share = share

    def take(self, data: bytes) -> None:
        self._share.grow_to(self._share.bytes + len(data))
        self._file.write(data)

    def end(self, rest: bytes) -> None:
        self.take(rest)
        self._file.flush()


def _require_media(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise UnsupportedMediaType(f"Content-Type {shown(kind)} is not understood: expected audio/wav or audio/mpeg")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Content-Encoding is not understood: send the file as it is")
