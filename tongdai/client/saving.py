"""Answers that are files: streamed to the disk, and there, or replaced, only when they are whole."""

import os
from pathlib import Path

from tongdai.client.calls import Call
from tongdai.client.errors import TongdaiError, UnexpectedAnswer
from tongdai.client.session import Attempts, Session


async def save(session: Session, rows: Call[None], file: str | os.PathLike[str]) -> Path:
    """Write the answer of a call to a file; its path."""
    path = Path(file)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    attempts = Attempts(session.retry)
    try:
        while True:
            try:
                await _save(session, rows, part)
            except TongdaiError as error:
                pause = attempts.pause_after(error)
            else:
                part.replace(path)
                return path
            await session.transport.sleep(pause)
    finally:
        part.unlink(missing_ok=True)


async def _save(session: Session, rows: Call[None], part: Path) -> None:
    async with session.open(rows) as reply:
        kind = reply.headers.get("content-type", "").partition(";")[0]
        if kind != rows.accept:
            raise UnexpectedAnswer(f"{rows.method} {rows.path}: expected {rows.accept}, not {kind}")
        with part.open("wb") as file:
            async for piece in reply.pieces():
                file.write(piece)
