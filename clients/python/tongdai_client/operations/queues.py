"""Inbound queues, and the menus in front of them."""

import os
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from tongdai_client.download import download
from tongdai_client.models.base import Done
from tongdai_client.models.inbound.menus import Menu, MenuCreated, NewMenu
from tongdai_client.models.inbound.sounds import SoundFile, SoundUploaded
from tongdai_client.models.queues import Queue, QueueCreated, QueueSettings, QueueSettingsChange
from tongdai_client.operation import (
    PAGE_SIZE,
    Operation,
    PagedOperation,
    operation,
    paged_operation,
    without_none,
    without_unset,
)
from tongdai_client.session import Session
from tongdai_client.upload import Upload

_SOUNDS = "/queues/sounds"
_MENU = "/queues/menus/{menuId}"


def queues(*, page_size: int = PAGE_SIZE) -> PagedOperation[Queue]:
    """List the inbound queues by id."""
    return paged_operation("/queues/inbound", (), Queue, page_size, {})


def queue(queue_id: int) -> Operation[Queue]:
    """Get an inbound queue."""
    return operation("GET", "/queues/inbound/{id}", (queue_id,), Queue)


def create_queue(
    name: str,
    *,
    number: str | None = None,
    moh_file_id: str | UnsetType | None = UNSET,
    max_wait_sec: int | UnsetType | None = UNSET,
    strategy: int | UnsetType = UNSET,
    announce_position: bool | UnsetType | None = UNSET,
    idempotency_key: str | None = None,
) -> Operation[QueueCreated]:
    """Create an inbound queue; `number` is the number that callers dial."""
    body = without_none(callinName=name, callinNumber=number)
    body |= _queue_fields(moh_file_id, max_wait_sec, strategy, announce_position)
    return operation("POST", "/queues/inbound", (), QueueCreated, body=body, idempotency_key=idempotency_key)


def update_queue(
    queue_id: int,
    *,
    name: str | UnsetType = UNSET,
    moh_file_id: str | UnsetType | None = UNSET,
    max_wait_sec: int | UnsetType | None = UNSET,
    strategy: int | UnsetType = UNSET,
    announce_position: bool | UnsetType | None = UNSET,
    number: str | UnsetType | None = UNSET,
) -> Operation[Done]:
    """Change the given fields of an inbound queue; None clears a field, except the name and the strategy."""
    body = _queue_fields(moh_file_id, max_wait_sec, strategy, announce_position)
    body |= without_unset(callinName=name, callinNumber=number)
    return operation("PUT", "/queues/inbound/{id}", (queue_id,), Done, body=body)


def delete_queue(queue_id: int) -> Operation[Done]:
    """Delete an inbound queue. InvalidState while agents or campaigns refer to it."""
    return operation("DELETE", "/queues/inbound/{id}", (queue_id,), Done)


def queue_settings(queue_id: int) -> Operation[QueueSettings]:
    """Get the settings of a queue beyond those of its own record."""
    return operation("GET", "/queues/inbound/{id}/settings", (queue_id,), QueueSettings)


def update_queue_settings(queue_id: int, settings: QueueSettingsChange) -> Operation[Done]:
    """Change the given settings of a queue, all or none; others stay as they are."""
    body = msgspec.to_builtins(settings)
    body |= _queue_fields(settings.moh_file_id, settings.max_wait_sec, settings.strategy, settings.announce_position)
    return operation("PATCH", "/queues/inbound/{id}/settings", (queue_id,), Done, body=body)


def menus(*, page_size: int = PAGE_SIZE) -> PagedOperation[Menu]:
    """List the keypad menus by id."""
    return paged_operation("/queues/menus", (), Menu, page_size, {})


def menu(menu_id: int) -> Operation[Menu]:
    """Get a keypad menu."""
    return operation("GET", _MENU, (menu_id,), Menu)


def create_menu(menu: NewMenu, *, idempotency_key: str | None = None) -> Operation[MenuCreated]:
    """Create a keypad menu."""
    body = msgspec.to_builtins(menu)
    return operation("POST", "/queues/menus", (), MenuCreated, body=body, idempotency_key=idempotency_key)


def replace_menu(menu_id: int, menu: NewMenu) -> Operation[Done]:
    """Replace a keypad menu by another."""
    return operation("PUT", _MENU, (menu_id,), Done, body=msgspec.to_builtins(menu))


def delete_menu(menu_id: int) -> Operation[Done]:
    """Delete a keypad menu. InvalidState while queues or other menus refer to it."""
    return operation("DELETE", _MENU, (menu_id,), Done)


def sounds(*, kind: str | None = None, page_size: int = PAGE_SIZE) -> PagedOperation[SoundFile]:
    """List uploaded hold music and prompts by id; `kind` is music or prompt."""
    return paged_operation(_SOUNDS, (), SoundFile, page_size, {"kind": kind})


def upload_sound(
    file: str | os.PathLike[str], *, name: str, kind: str = "music", language: str | None = None
) -> Operation[SoundUploaded]:
    """Upload a WAV or MP3 file as hold music or a prompt, in place of one of that name.

    Queues name music by `name` (`moh_file_id`); the name of a prompt is its part, and it has a `language`.
    """
    path = Path(file)
    content_type = "audio/mpeg" if path.suffix.lower() == ".mp3" else "audio/wav"
    upload = Upload(path, content_type, gzipped=False, compress=False, progress=None)
    query = {"kind": kind, "name": name, "language": language}
    return operation("PUT", _SOUNDS, (), SoundUploaded, query, upload)


def sound_as_wav(sound_id: int) -> Operation[None]:
    """Get uploaded hold music or a prompt as it is stored."""
    return replace(operation("GET", f"{_SOUNDS}/{{soundId}}", (sound_id,), type(None)), accept="audio/wav")


async def save_sound(session: Session, sound_id: int, file: str | os.PathLike[str]) -> Path:
    """Save uploaded hold music or a prompt as a WAV file; returns its path."""
    return await download(session, sound_as_wav(sound_id), file)


def rename_sound(sound_id: int, name: str) -> Operation[Done]:
    """Rename uploaded hold music or a prompt. InvalidState while queues have the music, or another has the name."""
    return operation("PATCH", f"{_SOUNDS}/{{soundId}}", (sound_id,), Done, body={"name": name})


def delete_sound(sound_id: int) -> Operation[Done]:
    """Delete uploaded hold music or a prompt."""
    return operation("DELETE", f"{_SOUNDS}/{{soundId}}", (sound_id,), Done)


def _queue_fields(
    moh_file_id: str | UnsetType | None,
    max_wait_sec: int | UnsetType | None,
    strategy: int | UnsetType,
    announce_position: bool | UnsetType | None,
) -> dict[str, object]:
    """The wire has seconds and booleans as strings."""
    return without_unset(
        moh_file_id=moh_file_id,
        max_wait_sec=str(max_wait_sec) if isinstance(max_wait_sec, int) else max_wait_sec,
        strategy=strategy,
        announce_position=str(int(announce_position)) if isinstance(announce_position, bool) else announce_position,
    )
