"""A proxy before the server, on a socket of its own, that loses responses."""

import contextlib
import socket
import threading
from collections.abc import Generator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit


class LosingProxy(ThreadingTCPServer):
    """Passes connections on. The responses to the next `lose` requests break the connection at their first byte.

    It serves in threads, so that a client which blocks its thread may call it from the same process.
    """

    daemon_threads = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None  # noqa: PT018
        self.target = parts.hostname, parts.port
        self.lose = self.lost = 0
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Connection(BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        proxy = self.server
        assert isinstance(proxy, LosingProxy)
        with socket.create_connection(proxy.target) as up:
            threading.Thread(target=_pipe, args=(self.request, up), daemon=True).start()
            with contextlib.suppress(OSError):
                while data := up.recv(65536):
                    if proxy.lose:
                        proxy.lose -= 1
                        proxy.lost += 1
                        return
                    self.request.sendall(data)


def _pipe(client: socket.socket, up: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            up.sendall(data)
        up.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def losing_proxy(url: str) -> Generator[LosingProxy]:
    with LosingProxy(url) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
