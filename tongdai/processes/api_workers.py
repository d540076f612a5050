"""The main process of the API: listens on the port, and keeps the workers running that accept from it.

The workers inherit the listening socket. A connection that waits to be accepted while one of them is restarted is
accepted by another one, or by its successor.
"""

import asyncio
import os
import signal
import socket

from tongdai.processes.supervised_process import SupervisedProcess
from tongdai.runtime.background import keep_running
from tongdai.settings import Settings

LISTENING = "TONGDAI_ROLE_LISTENING"
"""The descriptor of the listening socket, in the environment of a worker."""
WORKER = "api-worker"
BACKLOG = 2048


def main(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    with _listen(settings.host, settings.port) as listening:
        asyncio.run(_main(settings, listening))


def inherited() -> socket.socket:
    """The listening socket, in a worker."""
    return socket.socket(fileno=int(os.environ[LISTENING]))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


async def _main(settings: Settings, listening: socket.socket) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    environment = os.environ | {LISTENING: str(listening.fileno())}
    workers = [SupervisedProcess(WORKER, environment, [listening.fileno()]) for _ in range(settings.workers)]
    tasks = [asyncio.create_task(keep_running(worker.supervise, name=WORKER)) for worker in workers]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # Nobody accepts any more: whoever connects now is refused, not kept waiting.
    listening.close()
    await asyncio.gather(*(worker.stop(settings.drain_s + 1) for worker in workers))
