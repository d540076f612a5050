"""A switch for phones in browsers, as far as signing on needs one: it accepts each REGISTER, and calls nobody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

_KEPT = ("via", "from", "to", "call-id", "cseq", "contact")
"""The headers of a request that its answer repeats."""


def answered(request: str) -> str | None:
    """The answer to a message of a phone; None: it wants none."""
    first, *lines = request.split("\r\n\r\n", 1)[0].split("\r\n")
    if not first.startswith("REGISTER "):
        return None
    kept = [line for line in lines if line.partition(":")[0].strip().lower() in _KEPT]
    tagged = [f"{line};tag=registrar" if line.lower().startswith("to:") else line for line in kept]
    return "\r\n".join(["SIP/2.0 200 OK", *tagged, "Content-Length: 0", "", ""])


def _phone(connection: ServerConnection) -> None:
    for message in connection:
        answer = answered(str(message))
        if answer is not None:
            connection.send(answer)


@contextmanager
def registrar() -> Iterator[str]:
    """The address of its websocket."""
    with serve(_phone, "127.0.0.1", 0, subprotocols=[Subprotocol("sip")]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws"
        server.shutdown()
        thread.join()
