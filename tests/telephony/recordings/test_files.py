"""Files are fetched from Asterisk by HTTP: whole, or not at all."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tongdai.switch.interface import SwitchRefused, SwitchUnreachable
from tongdai.telephony.recordings.files import AsteriskFiles

SOUND = bytes(range(256)) * 500
Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncGenerator[AsteriskFiles]:
    """An Asterisk that answers each request so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        await answer(head, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield AsteriskFiles(f"ws://127.0.0.1:{port}", "tongdai", "secret")


async def test_file_is_written_whole(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        asked.append(head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(SOUND) + SOUND)
        await writer.drain()

    async with answering(answer) as files:
        assert await files.fetch("tongdai-1-in", tmp_path / "in")
    assert (tmp_path / "in").read_bytes() == SOUND
    assert asked[0].startswith("GET /ari/recordings/stored/tongdai-1-in/file ")
    assert "Basic dG9uZ2RhaTpzZWNyZXQ=" in asked[0]


@pytest.mark.parametrize(
    ("status", "expected"), [(b"404 Not Found", None), (b"500 Error", SwitchRefused), (b"401 No", SwitchRefused)]
)
async def test_file_that_is_not_sent_is_missing_or_refused(
    status: bytes, expected: type[Exception] | None, tmp_path: Path
) -> None:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()

    async with answering(answer) as files:
        if expected is None:
            assert not await files.fetch("tongdai-1-in", tmp_path / "in")
        else:
            with pytest.raises(expected):
                await files.fetch("tongdai-1-in", tmp_path / "in")
    assert not (tmp_path / "in").exists()


async def test_file_that_breaks_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(SOUND) + SOUND[:1000])
        await writer.drain()

    async with answering(answer) as files:
        with pytest.raises(SwitchUnreachable):
            await files.fetch("tongdai-1-in", tmp_path / "in")


async def test_switch_that_is_away_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(SwitchUnreachable):
        await AsteriskFiles("ws://127.0.0.1:9", "tongdai", "secret").fetch("tongdai-1-in", tmp_path / "in")
