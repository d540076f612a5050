"""Sound files of tenants: hold music and prompts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tongdai.errors import InvalidInput, shown
from tongdai.ids import SoundId
from tongdai.queues.prompts.model import language_named
from tongdai.queues.settings.model import LANGUAGES
from tongdai.text import has_control

MAX_NAME = 255
MAX_UPLOAD_MB = 30
MAX_SECONDS = 600
MAX_FILES, MAX_TOTAL_MB = 500, 200
"""The most of a tenant, in the format in which they are stored."""
MEMORY_MB, CPU_S = 1024, 60
"""The most that the conversion of a file may take."""
BYTES_A_SECOND = 16_000
WAV_HEADER = 44
FORMATS = ("WAV", "WAVEX", "MP3")
REFUSED = 4
"""The exit code of a conversion that refuses its file."""


class Kind(StrEnum):
    MUSIC = "music"
    PROMPT = "prompt"


class ConvertTask(msgspec.Struct):
    """The argument of the process that converts, in JSON."""

    parent: int
    """The pid of the process that waits: without it there is nothing to do."""
    memory_mb: int = MEMORY_MB
    cpu_s: int = CPU_S


@dataclass(frozen=True, slots=True)
class Sound:
    sound_id: int
    kind: Kind
    name: str
    """The file name by which queues name music; the part of announcements of a prompt."""
    language: str | None
    """The language of a prompt."""
    size: int
    """Bytes."""
    uploaded_at: datetime

    @property
    def seconds(self) -> float:
        return seconds_of(self.size)


def seconds_of(size: int) -> float:
    """The length of a stored file of that size."""
    return round(max(0, size - WAV_HEADER) / BYTES_A_SECOND, 2)


class StoredFile(NamedTuple):
    """A file that a switch may fetch."""

    sound_id: SoundId
    digest: bytes
    """SHA-256 of its contents."""
    seconds: float


@dataclass(frozen=True, slots=True)
class QueueSounds:
    """The files of a tenant for the callers of a queue."""

    music: StoredFile | None = None
    prompts: Mapping[str, StoredFile] = field(default_factory=dict[str, StoredFile])
    """By part, in the language of the queue."""


@dataclass(frozen=True, slots=True)
class NewSound:
    kind: Kind
    name: str
    language: str | None
    data: bytes


def require_name(kind: Kind, name: str, language: str | None) -> None:
    """Raise InvalidInput unless a file of that kind may have that name and language."""
    if not 0 < len(name) <= MAX_NAME or set(name) & set("/\\:") or has_control(name) or not name.strip(". "):
        raise InvalidInput(f"name must be a file name of 1 to {MAX_NAME} characters, not {shown(name)!r}")
    if kind is Kind.MUSIC:
        if language is not None:
            raise InvalidInput("language is for prompts")
        return
    if language not in LANGUAGES:
        instead = "" if language is None else f", not {shown(language)!r}"
        raise InvalidInput(f"language must be one of {', '.join(LANGUAGES)} for a prompt{instead}")
    if name not in language_named(language).parts:
        raise InvalidInput(f"name must be a part of announcements in {language}, not {shown(name)!r}")


def room(files: int, total: int, more: int) -> str | None:
    """Why a tenant has no room for a file of that size besides its others; None: it has."""
    if files >= MAX_FILES:
        return f"The tenant has {MAX_FILES} sound files: delete some"
    if total + more > MAX_TOTAL_MB * 1024 * 1024:
        return f"The sound files of the tenant would have more than {MAX_TOTAL_MB} MB: delete some"
    return None
