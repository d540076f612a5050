"""Downloads: stream a response to a file, and put the file in place only when it is complete."""

import os
from pathlib import Path

from tongdai_client.errors import TongdaiError, UnexpectedAnswer
from tongdai_client.operation import Operation
from tongdai_client.session import RetryState, Session


async def download(session: Session, operation: Operation[None], file: str | os.PathLike[str]) -> Path:
    """Write the response of an operation to a file, replacing it atomically; returns its path."""
    path = Path(file)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    retry_state = RetryState(session.retry)
    try:
        while True:
            try:
                await _write(session, operation, partial)
            except TongdaiError as error:
                pause = retry_state.pause_after(error)
            else:
                partial.replace(path)
                return path
            await session.transport.sleep(pause)
    finally:
        partial.unlink(missing_ok=True)


async def _write(session: Session, operation: Operation[None], partial: Path) -> None:
    async with session.open(operation) as response:
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if media_type not in operation.accept.split(", "):
            where = f"{operation.method} {operation.path}"
            raise UnexpectedAnswer(f"{where}: expected {operation.accept}, not {media_type}")
        with partial.open("wb") as file:
            async for chunk in response.chunks():
                file.write(chunk)
