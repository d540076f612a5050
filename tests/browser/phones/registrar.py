"""A switch for phones in browsers, as far as signing on needs one: it accepts each REGISTER, and rings phones."""

import re
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


SOUND = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio 9 UDP/TLS/RTP/SAVPF 8\r
a=rtpmap:8 PCMA/8000\r
a=ice-ufrag:abcd\r
a=ice-pwd:abcdefghijklmnopqrstuvwx\r
a=fingerprint:sha-256 {fingerprint}\r
a=setup:actpass\r
a=rtcp-mux\r
a=sendrecv\r
a=candidate:1 1 UDP 1 127.0.0.1 9 typ host\r
""".format(fingerprint=":".join(["AB"] * 32))
"""The sound of a call as browsers have it, at a port where nobody answers."""


def _asked(method: str, contact: str, *, picks_up: bool = False) -> str:
    """A call to a phone, or its end. `picks_up`: the phone is asked to answer it by itself."""
    headers = [
        f"{method} {contact} SIP/2.0", "Via: SIP/2.0/WS 127.0.0.1;branch=z9hG4bKring", "Max-Forwards: 70",
        "From: <sip:caller@tongdai.invalid>;tag=caller", f"To: <{contact}>", "Call-ID: ring", f"CSeq: 1 {method}",
    ]  # fmt: skip
    body = ""
    if method == "INVITE":
        headers += ["Contact: <sip:caller@127.0.0.1;transport=ws>", "Content-Type: application/sdp"]
        headers += ["Call-Info: <sip:tongdai>;answer-after=0"] if picks_up else []
        body = (
            SOUND
            if picks_up
            else "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
        )
    return "\r\n".join([*headers, f"Content-Length: {len(body)}", "", body])


class Registrar:
    def __init__(self) -> None:
        self.url = ""
        self._phones: dict[str, tuple[ServerConnection, str]] = {}
        """The connection and the contact of each account that has signed on."""

    def ring(self, account: str) -> None:
        self._ask("INVITE", account)

    def connect(self, account: str) -> None:
        """Call a phone that is to answer by itself, from where no sound comes."""
        self._ask("INVITE", account, picks_up=True)

    def stop_ringing(self, account: str) -> None:
        self._ask("CANCEL", account)

    def _ask(self, method: str, account: str, *, picks_up: bool = False) -> None:
        connection, contact = self._phones[account]
        connection.send(_asked(method, contact, picks_up=picks_up))

    def phone(self, connection: ServerConnection) -> None:
        for message in connection:
            answer = answered(str(message))
            if answer is not None:
                account = re.search(r"^To: <sip:([^@]+)@", answer, re.MULTILINE)
                contact = re.search(r"<(sip:[^>]+ws)>", answer)
                if account is not None and contact is not None:
                    self._phones[account[1]] = connection, contact[1]
                connection.send(answer)


@contextmanager
def registrar() -> Iterator[Registrar]:
    """One that listens."""
    made = Registrar()
    with serve(made.phone, "127.0.0.1", 0, subprotocols=[Subprotocol("sip")]) as server:
        made.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
