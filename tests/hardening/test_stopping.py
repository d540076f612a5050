"""Open event streams and bodies that dribble do not delay a stop; a body that arrives is received to its end."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.imports.client import Campaign, a_campaign
from tests.support.servers import Server, eventually, serving

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="starts processes"), pytest.mark.slow]

DRAIN_S = 60.0
STOPPED_S = 20.0
"""About 2 s are promised; the machine may be busy, and the database writes a checkpoint."""
STREAMS, UPLOADS = 20, 20
ROWS = (b"0901000001,%b\n" % (b"A" * 200)) * 300

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def sent(server: Server, head: str, campaign: Campaign) -> Ends:
    """A connection on which a request has begun."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"{head} HTTP/1.1\r\nHost: a\r\nX-Api-Key: {campaign.key.value}\r\n".encode())
    return reader, writer


async def a_stream(server: Server, campaign: Campaign) -> Ends:
    ends = await sent(server, f"GET /v1/campaigns/{campaign.campaign_id}/live/events", campaign)
    ends[1].write(b"\r\n")
    assert b" 200 " in await ends[0].readline()
    return ends


async def an_upload(server: Server, campaign: Campaign) -> Ends:
    ends = await sent(server, f"POST {campaign.path}/bulk", campaign)
    ends[1].write(b"Content-Type: text/csv\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert await ends[0].readline() == b"HTTP/1.1 100 Continue\r\n"
    await ends[0].readline()
    return ends


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def closed(*all_ends: Ends) -> None:
    for _, writer in all_ends:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def status_of(ends: Ends) -> int:
    return int((await ends[0].readline()).split()[1])


async def test_streams_and_dribbling_uploads_end_at_the_first_signal(data_dir: Path) -> None:
    async with serving(data_dir, workers=2, drain_s=DRAIN_S) as server:
        campaign = await a_campaign(server)
        streams = [await a_stream(server, campaign) for _ in range(STREAMS)]
        uploads = [await an_upload(server, campaign) for _ in range(UPLOADS)]
        for _, writer in uploads:
            writer.write(chunk(b"phoneNumber,name\n"))
        stopped = asyncio.ensure_future(server.stop())
        statuses = [await asyncio.wait_for(status_of(ends), STOPPED_S) for ends in uploads]
        assert statuses == [503] * UPLOADS
        for reader, _ in streams:
            await asyncio.wait_for(reader.read(), STOPPED_S)
        assert await asyncio.wait_for(stopped, STOPPED_S) == 0
        await closed(*streams, *uploads)


async def test_upload_that_arrives_steadily_is_received_while_the_server_stops(data_dir: Path) -> None:
    async with serving(data_dir, drain_s=DRAIN_S) as server:
        campaign = await a_campaign(server)
        reader, writer = await an_upload(server, campaign)
        writer.write(chunk(b"phoneNumber,name\n"))
        stopped = asyncio.ensure_future(server.stop())

        async def port_closed() -> bool:
            writer.write(chunk(ROWS))
            await writer.drain()
            address = urlsplit(server.url)
            try:
                ends = await asyncio.open_connection(address.hostname, address.port)
            except ConnectionError:
                return True
            await closed(ends)
            return False

        await eventually(port_closed, STOPPED_S, "the port to be closed")
        writer.write(chunk(ROWS) + chunk(b""))
        assert await status_of((reader, writer)) == 200
        assert await asyncio.wait_for(stopped, STOPPED_S) == 0
        await closed((reader, writer))
