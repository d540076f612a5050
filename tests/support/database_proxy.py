"""A proxy before the database whose connections break or fall silent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit


class DatabaseProxy:
    """A proxy at `dsn`; with `cut_after` each connection breaks after so many bytes from the server.

    `cuts` counts the broken connections. While `speaks` is not set nothing passes, as with a server that hangs.
    """

    def __init__(self, dsn: str, folder: Path, cut_after: Callable[[], int] | None = None) -> None:
        parts = urlsplit(dsn)
        query = parse_qs(parts.query)
        self._target = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}" if "host" in query else None
        self._address = (parts.hostname, parts.port or 5432)
        self._path = folder / ".s.PGSQL.5432"
        host = quote(str(folder), safe="")
        login = parts.netloc.rpartition("@")[0]
        options = f"&options={quote(query['options'][0])}" if "options" in query else ""
        self.dsn = f"postgresql://{login}@{parts.path}?host={host}&port=5432{options}"
        self._cut_after = cut_after
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.cuts = 0
        self.speaks = asyncio.Event()
        self.speaks.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Break all connections and accept no more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._target is None:
            up, up_writer = await asyncio.open_connection(*self._address)
        else:
            up, up_writer = await asyncio.open_unix_connection(self._target)
        limit = self._cut_after() if self._cut_after is not None else None
        both = [asyncio.create_task(self._pipe(*ends)) for ends in ((reader, up_writer, None), (up, writer, limit))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            self.cuts += 1
        except asyncio.CancelledError:
            pass
        finally:
            for pipe in both:
                pipe.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for end in (writer, up_writer):
                end.transport.abort()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self.speaks.wait()
                if limit is not None:
                    limit -= len(data)
                    if limit < 0:
                        return
                writer.write(data)
                await writer.drain()
