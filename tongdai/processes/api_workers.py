"""The main process of the API: listens on the port, and keeps the workers running that accept from it.

On Linux each worker inherits a listening socket of its own, and the kernel spreads connections over the sockets
(SO_REUSEPORT). The main process keeps all of them open: a connection that waits to be accepted while its worker is
restarted is accepted by the successor. On other systems the workers share one socket.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from tongdai.processes.supervised_process import SupervisedProcess
from tongdai.runtime import heartbeats
from tongdai.runtime.background import keep_running
from tongdai.settings.declarations import Settings

LISTENING = "TONGDAI_ROLE_LISTENING"
"""The descriptor of the listening socket, in the environment of a worker."""
WORKER = "api-worker"
BACKLOG = 2048
UNSENT_BYTES = 64 * 1024
"""Bytes of responses that the system takes for each connection before it can send them. It would take 2 MB of a memory
that all sockets of the machine share: a thousand clients that read slowly would use it up, without a key."""


def main(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    with ExitStack() as stack:
        count = settings.workers if sys.platform == "linux" else 1
        sockets = [stack.enter_context(_listen(settings, count)) for _ in range(count)]
        asyncio.run(_main(settings, sockets))


def inherited() -> socket.socket:
    """The listening socket of a worker."""
    return socket.socket(fileno=int(os.environ[LISTENING]))


def _listen(settings: Settings, count: int) -> socket.socket:
    """One of `count` sockets that listen on the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if count > 1:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if sys.platform == "linux":
        # Connections inherit it: one whose client takes nothing of a response, or has vanished, ends. The server would
        # wait for it without end, also where it has closed the connection.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(settings.keep_alive_s * 1000))
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)  # inherited, too
    listening.bind((settings.host, settings.port))
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


async def _main(settings: Settings, sockets: Sequence[socket.socket]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    descriptors = [sockets[number % len(sockets)].fileno() for number in range(settings.workers)]
    workers = [SupervisedProcess(WORKER, os.environ | {LISTENING: str(fd)}, [fd]) for fd in descriptors]
    tasks = [asyncio.create_task(keep_running(worker.supervise, name=WORKER)) for worker in workers]

    def of_workers() -> heartbeats.Heartbeat:
        failing = [task for worker in workers for task in worker.failing_tasks]
        return heartbeats.Heartbeat(failing, [WORKER for worker in workers if not worker.works])

    tasks.append(asyncio.create_task(heartbeats.beat(of_workers)))
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Nobody accepts any more: whoever connects now is refused, not kept waiting.
    for listening in sockets:
        listening.close()
    await asyncio.gather(*(worker.stop(settings.drain_s + 1) for worker in workers))
