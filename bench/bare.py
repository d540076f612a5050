"""The upper bound for our code: a bare ASGI function with the same server, driver and statements, no checks.

`idle` does no work at all: it shows how much the load itself can measure. `Unread` is a protocol of the event loop that
answers all that arrives by the same bytes: what is left of a refusal when nothing is looked at.
"""

import asyncio
import os
from typing import Any, cast

import asyncpg
import msgspec

from tongdai.contacts import listing, store
from tongdai.contacts.api import ContactAdded
from tongdai.contacts.numbers import customer_id
from tongdai.contacts.view import ContactBody, ContactPage, ContactRow
from tongdai.db.pool import ACQUIRE_TIMEOUT_S

_encode = msgspec.json.Encoder().encode
_body = msgspec.json.Decoder(ContactBody).decode
_state: dict[str, Any] = {}
IDLE = b"x" * 2700
"""About as long as a page of 20."""
REFUSAL = b"HTTP/1.1 200 OK\r\ncontent-length: 95\r\nretry-after: 1\r\nx-request-id: %b\r\n\r\n%b" % (
    b"0" * 32,
    b"x" * 95,
)
ZONE = "Asia/Ho_Chi_Minh"


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send, _open)
    else:
        await _answer(send, await (_post if scope["method"] == "POST" else _page)(scope, receive))


async def idle(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send, _nothing)
    else:
        await _answer(send, IDLE)


class Unread(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour alone

    def data_received(self, data: bytes) -> None:
        self._transport.write(REFUSAL)
        if data.endswith(b"close\r\n\r\n"):
            self._transport.close()


async def unread(port: int) -> None:
    """Serve it for ever."""
    server = await asyncio.get_running_loop().create_server(Unread, "127.0.0.1", port, backlog=2048)
    async with server:
        await server.serve_forever()


async def _page(scope: dict[str, Any], _: Any) -> bytes:
    path = scope["path"].split("/")
    page = int(scope["query_string"].partition(b"page=")[2] or 0)
    async with _state["pool"].acquire() as conn:
        customer = customer_id.of(_state["tenant"])
        rows = await conn.fetch(listing.PAGE, _state["tenant"], int(path[3]), int(path[5]), 20, page * 20)
    data = [ContactRow(r[1], customer(r[2]), "0" + str(r[2])[2:], *r[3:]) for r in rows]
    return _encode(ContactPage(totalRecord=rows[0][0], data=data))


async def _post(scope: dict[str, Any], receive: Any) -> bytes:
    campaign = int(scope["path"].split("/")[3])
    new = _body((await receive())["body"])
    number = int("84" + new.phoneNumber[1:])
    async with _state["pool"].acquire() as conn:
        row = await conn.fetchrow(store.ADD, _state["tenant"], campaign, new.listId, number, ZONE, None, new.name, None)
    contact_id, list_id = row["added_id"], row["added_list"]
    message = f"Contact added to list {list_id}"
    return _encode(ContactAdded(error_message=message, contactId=contact_id, listId=list_id, duplicate=False))


async def _answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Any, send: Any, start: Any) -> None:
    await receive()
    await start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _open() -> None:
    _state["tenant"] = int(os.environ["BENCH_TENANT"])
    _state["pool"] = await asyncpg.create_pool(
        os.environ["BENCH_DSN"],
        min_size=0,
        max_size=int(os.environ["BENCH_POOL"]),
        timeout=ACQUIRE_TIMEOUT_S,
        reset=_as_it_is,
        server_settings={"timezone": "UTC", "jit": "off"},
    )


async def _as_it_is(_: object) -> None:
    """Nothing here changes a session: asyncpg's own reset would be a second round trip for each request."""


async def _nothing() -> None:
    pass
