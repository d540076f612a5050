"""`tongdai queue sound`."""

import os
from pathlib import Path

import click

from tongdai.cli.commands.opening.hours import tenant_option
from tongdai.cli.commands.tenants import known
from tongdai.cli.database import database_options, run
from tongdai.cli.param_types import ID, Text
from tongdai.cli.tables import json_option, show
from tongdai.db.pool import Connection
from tongdai.errors import ApiError, InvalidInput, OperatorError
from tongdai.ids import QueueId, SoundId
from tongdai.queues.settings.model import LANGUAGES
from tongdai.queues.sounds import store
from tongdai.queues.sounds.conversion import require_decoder, to_wav
from tongdai.queues.sounds.model import MAX_FILES, MAX_UPLOAD_MB, Kind, NewSound, Sound, require_name
from tongdai.settings.declarations import Settings

_sound_id = click.argument("sound_id", metavar="SOUND", type=ID)


@click.group
def sound() -> None:
    """Store a tenant's hold music and prompts.

    \b
    Examples:
      tongdai queue sound add --tenant 20260310 waiting.mp3
      tongdai queue sound list --tenant 20260310
    """


@sound.command
@tenant_option
@click.option(
    "--language", type=click.Choice(LANGUAGES), help="They are prompts of that language, named by their parts."
)
@click.option("--name", type=Text(), help="The name to store one file by, instead of its own.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@database_options
def add(settings: Settings, tenant_id: int, language: str | None, name: str | None, files: tuple[Path, ...]) -> None:
    """Store WAV or MP3 files, in place of those of the same names.

    Queues name hold music by its file name. The file of a prompt is named by its part, with any ending; see `tongdai
    queue prompts`. All files are read before the first is stored.

    \b
    Examples:
      tongdai queue sound add --tenant 20260310 waiting.mp3
      tongdai queue sound add --tenant 20260310 --name waiting.wav music-2027.mp3
      tongdai queue sound add --tenant 20260310 --language vi recorded/*.wav
    """
    if name is not None and len(files) > 1:
        raise click.UsageError("--name is for one file.")
    kind = Kind.MUSIC if language is None else Kind.PROMPT

    async def work(conn: Connection) -> None:
        owner = await known(conn, tenant_id)
        sounds = [await _converted(file, kind, language, name) for file in files]
        for new in sounds:
            stored = await store.put(conn, owner.tenant_id, new, None)
            if isinstance(stored, str):
                raise OperatorError(f"{new.name}: {stored}")
            click.echo(f"{stored}\t{new.name}")

    run(settings, work)


async def _converted(path: Path, kind: Kind, language: str | None, given: str | None) -> NewSound:
    name = given or (path.name if kind is Kind.MUSIC else path.stem)
    try:
        require_decoder()
        require_name(kind, name, language)
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_UPLOAD_MB * 1024 * 1024:
                raise InvalidInput(f"The file is larger than {MAX_UPLOAD_MB} MB")
            return NewSound(kind, name, language, await to_wav(file))
    except OSError as error:
        raise OperatorError(f"cannot read {path}: {error.strerror}") from None
    except ApiError as error:
        raise OperatorError(f"{path}: {error.message}") from None


@sound.command("list")
@tenant_option
@json_option
@database_options
def list_(settings: Settings, tenant_id: int, as_json: bool) -> None:
    """List a tenant's hold music and prompts.

    \b
    Example:
      tongdai queue sound list --tenant 20260310
    """

    async def work(conn: Connection) -> list[Sound]:
        owner = await known(conn, tenant_id)
        return (await store.page(conn, owner.tenant_id, None, MAX_FILES, 0))[0]

    rows = [
        {
            "soundId": one.sound_id,
            "kind": one.kind.value,
            "name": one.name,
            "language": one.language,
            "seconds": one.seconds,
        }
        for one in run(settings, work)
    ]
    show(["soundId", "kind", "name", "language", "seconds"], rows, as_json=as_json)


@sound.command
@tenant_option
@_sound_id
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@database_options
def save(settings: Settings, tenant_id: int, sound_id: int, file: Path) -> None:
    """Save a sound as a WAV file, as it is stored.

    \b
    Example:
      tongdai queue sound save --tenant 20260310 31 waiting.wav
    """

    async def work(conn: Connection) -> bytes | None:
        return await store.data(conn, (await known(conn, tenant_id)).tenant_id, SoundId(sound_id))

    data = run(settings, work)
    if data is None:
        raise _missing(tenant_id, sound_id)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise OperatorError(f"cannot write {file}: {error.strerror}") from None


@sound.command
@tenant_option
@_sound_id
@click.argument("name", metavar="NAME", type=Text())
@database_options
def rename(settings: Settings, tenant_id: int, sound_id: int, name: str) -> None:
    """Rename hold music that no queue has, or a prompt.

    \b
    Example:
      tongdai queue sound rename --tenant 20260310 31 waiting-2027.wav
    """

    async def work(conn: Connection) -> None:
        owner = await known(conn, tenant_id)
        found = await store.find(conn, owner.tenant_id, SoundId(sound_id))
        if found is None:
            raise _missing(tenant_id, sound_id)
        try:
            require_name(found.kind, name, found.language)
        except InvalidInput as error:
            raise OperatorError(error.message) from None
        renamed = await store.rename(conn, owner.tenant_id, found, name, None)
        if isinstance(renamed, str):
            raise OperatorError(renamed)
        _require_unused(sound_id, renamed)
        if not renamed:
            raise _missing(tenant_id, sound_id)

    run(settings, work)


@sound.command
@tenant_option
@_sound_id
@database_options
def delete(settings: Settings, tenant_id: int, sound_id: int) -> None:
    """Delete hold music that no queue has, or a prompt.

    \b
    Example:
      tongdai queue sound delete --tenant 20260310 31
    """

    async def work(conn: Connection) -> None:
        deleted = await store.delete(conn, (await known(conn, tenant_id)).tenant_id, SoundId(sound_id), None)
        _require_unused(sound_id, deleted)
        if not deleted:
            raise _missing(tenant_id, sound_id)

    run(settings, work)


def _require_unused(sound_id: int, answer: bool | list[QueueId]) -> None:
    """Raise OperatorError when the answer of the store is the queues that have the sound."""
    if isinstance(answer, list):
        raise OperatorError(f"sound {sound_id} is the hold music of queue {', '.join(map(str, answer))}")


def _missing(tenant_id: int, sound_id: int) -> OperatorError:
    return OperatorError(f"sound {sound_id} of tenant {tenant_id} not found; see tongdai queue sound list")
