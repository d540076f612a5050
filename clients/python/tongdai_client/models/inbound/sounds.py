"""Hold music and prompts."""

from datetime import datetime

from tongdai_client.models.base import Done, Result


class SoundFile(Result, frozen=True, kw_only=True):
    sound_id: int
    kind: str
    """music or prompt."""
    name: str
    """The file name by which queues name music; the part of announcements of a prompt."""
    language: str | None
    seconds: float
    size_bytes: int
    uploaded_at: datetime


class SoundUploaded(Done, frozen=True, kw_only=True):
    sound_id: int
