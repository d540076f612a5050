"""Connections to a server whose limits are those of the protocol, byte by byte."""

import asyncio
import gc
from contextlib import suppress

import msgspec
import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tests.support.raw_connections import GET, HELD, NEVER, POST_REFUSED, SOON, WITHIN_S, serving
from tests.support.servers import eventually
from tongdai.http.connections.protocol import HEAD_MAX, HEADERS_MAX, PIPELINED_MAX, LimitedProtocol


async def test_connection_without_a_first_byte_is_closed() -> None:
    async with serving(head_s=SOON) as server, server.connected() as silent:
        assert await silent.rest() == b""


@pytest.mark.parametrize("sent", [b"G", b"\r\n", b"GET / HTTP/1.1\r\nX: 1\r\n"])
async def test_head_that_does_not_end_is_answered_408_on_a_new_and_on_a_kept_connection(sent: bytes) -> None:
    expected = b"" if sent == b"\r\n" else b"HTTP/1.1 408 Request Timeout"
    async with serving(head_s=SOON) as server:
        async with server.connected() as new:
            await new.send(sent)
            assert (await new.rest()).partition(b"\r\n")[0] == expected
        async with server.connected() as kept:
            await kept.send(GET)
            assert await kept.answer() == b"HTTP/1.1 200 OK"
            await kept.send(sent)
            assert (await kept.rest()).partition(b"\r\n")[0] == expected


async def test_bytes_do_not_extend_the_time_of_a_head() -> None:
    async with serving(head_s=SOON) as server, server.connected() as slow:
        await slow.send(b"GET / HTTP/1.1\r\nX: ")

        async def dribble() -> None:
            while True:
                await slow.send(b"x")
                await asyncio.sleep(0)

        dribbling = asyncio.create_task(dribble())
        try:
            assert b"200" not in await slow.rest()
        except ConnectionError:
            pass
        finally:
            dribbling.cancel()


async def test_head_that_is_too_large_is_refused_before_it_ends() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"GET / HTTP/1.1\r\nX: " + b"x" * (HEAD_MAX + 1))
        assert await client.reader.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


@pytest.mark.parametrize("sent", [b"what?\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_bytes_that_are_no_request_are_answered_400_as_any_failure(sent: bytes) -> None:
    async with serving() as server, server.connected() as client:
        await client.send(sent)
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
        assert b"\r\nx-request-id: " in head
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"\r\nconnection: close" in head
        assert msgspec.json.decode(body)["error_code"] == "INVALID_INPUT"


async def test_head_that_arrives_at_once_is_refused_for_its_size_or_number_of_headers() -> None:
    many = b"".join(b"X-%d: a\r\n" % number for number in range(HEADERS_MAX))
    async with serving() as server:
        for headers in (b"X: " + b"a" * HEAD_MAX + b"\r\n", many):
            async with server.connected() as client:
                await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n")
                assert await client.answer() == b"HTTP/1.1 431 Request Header Fields Too Large"
                assert await client.rest() == b""
        async with server.connected() as client:
            head = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
            await client.send(head + many + b"\r\n")
            assert await client.answer() == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert server.app.requests <= 1, "the last one, whose head was good"


async def test_requests_beyond_those_that_may_wait_on_a_connection_end_it_once_the_others_are_answered() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(GET * 1000)
        answers = await client.rest()
        assert answers.count(b"HTTP/1.1 200 OK\r\n") == PIPELINED_MAX + 1
        assert answers.count(b"\r\nconnection: close\r\n") == 1
    assert server.app.requests == PIPELINED_MAX + 1


async def test_request_before_bytes_that_are_none_is_answered() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\nwhat?\r\n\r\n")
        await server.app.arrived.wait()
        server.app.go.set()
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.count(b"HTTP/1.1 ") == 1


async def test_body_that_cannot_be_parsed_is_answered_400_once() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.send(b"no length\r\n")
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        async with asyncio.timeout(WITHIN_S):
            await server.app.left.wait()


@pytest.mark.parametrize("sent", [GET, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"])
async def test_whole_request_under_overload_is_refused_unread_and_its_connection_kept(sent: bytes) -> None:
    async with serving() as server, server.connected() as client:
        await client.send(sent)
        assert await client.answer() == b"HTTP/1.1 200 OK"
        before = server.app.requests
        server.app.overloaded = True
        ids = set[bytes]()
        for _ in range(2):
            await client.send(sent)
            head = await client.head()
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"\r\nretry-after: 1\r\n" in head
            ids |= {line for line in head.split(b"\r\n") if line.startswith(b"x-request-id: ")}
        assert len(ids) == 2
        server.app.overloaded = False
        assert server.app.requests == before
        await client.send(sent)
        assert await client.answer() == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("count", [2, PIPELINED_MAX])
async def test_pipelined_requests_under_overload_are_each_refused_unread(count: int) -> None:
    async with serving() as server, server.connected() as client:
        server.app.overloaded = True
        await client.send(GET * count)
        assert [await client.answer() for _ in range(count)] == [b"HTTP/1.1 503 Service Unavailable"] * count
        assert server.app.requests == 0
        server.app.overloaded = False
        await client.send(GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"


async def test_client_that_takes_nothing_is_sent_no_refusals_without_end() -> None:
    async with serving() as server, server.connected() as client:
        server.app.overloaded = True
        client.pause()
        sending = asyncio.create_task(client.send(GET * 500_000))
        await eventually(lambda: server.app.requests, WITHIN_S, "a request to be left to the application, which waits")
        sending.cancel()


async def test_request_that_waits_for_its_client_to_read_learns_that_it_left_while_others_wait_behind_it() -> None:
    async with serving() as server:
        async with server.connected() as client:
            client.pause()
            await client.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
            await eventually(lambda: server.app.requests == 2, WITHIN_S, "the second to wait for the first response")
        async with asyncio.timeout(WITHIN_S):
            await server.app.left.wait()
    assert server.app.requests == 2


async def test_request_in_pieces_under_overload_is_left_to_the_application() -> None:
    async with serving() as server, server.connected() as client:
        server.app.overloaded = True
        await client.send(GET[:5])
        async with server.connected() as other:  # the piece has arrived before the rest
            await other.send(GET)
            assert await other.answer() == b"HTTP/1.1 503 Service Unavailable"
        await client.send(GET[5:])
        assert await client.answer() == b"HTTP/1.1 200 OK"


async def test_client_that_closed_its_connection_before_its_answer_has_left() -> None:
    async with serving() as server:
        async with server.connected() as client:
            await client.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            await server.app.arrived.wait()
            client.writer.close()
            await client.writer.wait_closed()
        async with server.connected() as other:  # the end has arrived before the answer
            await other.send(GET)
            await other.answer()
        server.app.go.set()
        async with asyncio.timeout(WITHIN_S):
            await server.app.left.wait()


async def test_kept_connection_of_a_half_closed_client_is_closed_after_the_answer() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        await server.app.arrived.wait()
        client.writer.write_eof()
        async with server.connected() as other:  # the end has arrived before the answer
            await other.send(GET)
            await other.answer()
        server.app.go.set()
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
        assert b"\r\nconnection: close\r\n" in answer


async def test_idle_connection_is_closed_after_the_longer_limit_only() -> None:
    async with serving(keep_alive_s=SOON) as server, server.connected() as kept:
        await kept.send(GET)
        assert await kept.answer() == b"HTTP/1.1 200 OK"
        assert await kept.rest() == b""


async def test_request_that_is_being_answered_has_no_limit_here() -> None:
    async with serving(head_s=SOON, keep_alive_s=SOON) as server, server.connected() as held:
        await held.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        await server.app.arrived.wait()
        async with server.connected() as silent:
            assert await silent.rest() == b""  # as long as that limit
        server.app.go.set()
        assert await held.answer() == b"HTTP/1.1 200 OK"


async def test_silent_connection_makes_place_for_another() -> None:
    async with serving(at_most=2) as server, server.connected() as kept:
        await kept.send(GET)
        await kept.answer()
        async with server.connected() as silent, server.connected() as other:
            await other.send(GET)
            assert await other.answer() == b"HTTP/1.1 200 OK"
            assert await silent.rest() == b""
            await kept.send(GET)
            assert await kept.answer() == b"HTTP/1.1 200 OK"


async def test_idle_connection_makes_place_when_none_is_silent() -> None:
    async with serving(at_most=1) as server, server.connected() as kept:
        await kept.send(GET)
        await kept.answer()
        async with server.connected() as other:
            await other.send(GET)
            assert await other.answer() == b"HTTP/1.1 200 OK"
            assert await kept.rest() == b""


@pytest.mark.parametrize("path", [b"/large", b"/pieces"])
async def test_connection_whose_client_takes_nothing_makes_place_when_none_is_idle(path: bytes) -> None:
    async with serving(at_most=1) as server, server.connected() as slow:
        slow.pause()
        await slow.send(GET.replace(b"/ ", path + b" "))
        await server.until_stalled()
        async with server.connected() as other:
            await other.send(GET)
            assert await other.answer() == b"HTTP/1.1 200 OK"
        slow.resume()
        with suppress(ConnectionError):
            assert len(await slow.rest()) < 100_000_000, "it would have been closed once its client has all"
        if path == b"/pieces":
            async with asyncio.timeout(WITHIN_S):
                await server.app.left.wait()


async def test_connection_beyond_those_being_answered_is_refused_at_once() -> None:
    async with serving(at_most=1) as server, server.connected() as held:
        await held.send(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        await server.app.arrived.wait()
        async with server.connected() as other:
            answer = await other.rest()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nretry-after: 1\r\n" in answer
        server.app.go.set()
        assert await held.answer() == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("request_", "before"),
    [
        (b"GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"GET /held HTTP/1.0\r\n\r\n", b""),
    ],
    ids=["1.1", "1.0"],
)
async def test_half_closed_client_is_answered(request_: bytes, before: bytes) -> None:
    """One of version 1.0 is sent nothing but its answer."""
    async with serving() as server, server.connected() as client:
        await client.send(request_)
        await server.app.arrived.wait()
        client.writer.write_eof()
        async with server.connected() as other:  # the end has arrived before the answer
            await other.send(GET)
            await other.answer()
        server.app.go.set()
        assert (await client.rest()).startswith(before + b"HTTP/1.1 200 OK")


async def test_requests_and_connections_are_freed_without_the_collector() -> None:
    """It runs seldom, and under overload they are many."""
    async with serving() as server:
        gc.collect()
        gc.disable()
        try:
            async with server.connected() as kept:
                for _ in range(20):
                    await kept.send(GET)
                    assert await kept.answer() == b"HTTP/1.1 200 OK"
                assert _present(RequestResponseCycle) <= 2, "the last ones alone"
            for sent in (HELD, HELD + GET, POST_REFUSED, GET + b"G\0", b"GET / HT"):
                async with server.connected() as leaving:
                    await leaving.send(sent)
                    async with server.connected() as other:  # it has arrived before the answer
                        await other.send(GET)
                        await other.answer()
            server.app.go.set()
            await eventually(
                lambda: _present(LimitedProtocol, RequestResponseCycle) == 0,
                WITHIN_S,
                lambda: f"{_present(LimitedProtocol)} connections, {_present(RequestResponseCycle)} requests",
            )
        finally:
            gc.enable()


def _present(*types: type) -> int:
    return sum(isinstance(one, types) for one in gc.get_objects())


async def test_application_learns_that_the_client_of_a_stream_left() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(WITHIN_S):
            await client.reader.readuntil(b"first")
            client.writer.close()
            await server.app.left.wait()


async def test_client_that_sends_all_before_it_reads_sees_the_refusal() -> None:
    async with serving() as server, server.connected() as client:
        body = b"x" * (32 * 1024 * 1024)
        await client.send(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
        async with asyncio.timeout(WITHIN_S):
            await client.send(body)
        answer = await client.rest()
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nconnection: close\r\n" in answer


async def test_small_body_that_was_not_awaited_keeps_the_connection() -> None:
    async with serving() as server, server.connected() as client:
        await client.send(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        assert (await client.answer()).startswith(b"HTTP/1.1 413 ")
        await client.send(b"body" + GET)
        assert await client.answer() == b"HTTP/1.1 200 OK"


async def test_rest_of_a_small_body_that_does_not_arrive_has_the_limit_of_a_head() -> None:
    async with serving(head_s=SOON) as server, server.connected() as client:
        await client.send(b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        assert (await client.answer()).startswith(b"HTTP/1.1 413 ")
        assert await client.rest() == b""


async def test_first_request_of_a_connection_is_answered_while_the_server_stops_and_is_its_last() -> None:
    async with serving() as server, server.connected() as early, server.connected() as kept:
        await kept.send(GET)
        await kept.answer()
        server.stop()
        assert await kept.rest() == b""
        await early.send(GET)
        response = await early.rest()
        assert response.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\nconnection: close\r\n" in response


async def test_silent_connection_is_closed_soon_after_the_server_began_to_stop() -> None:
    async with serving(head_s=NEVER) as server, server.connected() as silent, server.connected() as kept:
        await kept.send(GET)
        await kept.answer()
        server.stop()
        assert await silent.rest() == b""
