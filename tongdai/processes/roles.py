"""The processes that `serve` starts: `python -m tongdai.processes.roles api`, `… engine` and `… telephony`."""

import os
import signal
import sys

from tongdai import log
from tongdai.runtime import os_process
from tongdai.settings import ROLE_DSN, ROLE_PARENT, ROLE_SETTINGS, Settings, restore

# Each role imports what it runs, and not what the other runs: half of a start is imports.
# ruff: noqa: PLC0415

OWN_DESCRIPTORS = 256
"""File descriptors that an API worker needs besides its clients' connections: database, files being received, pipes."""


def _api(settings: Settings) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    from tongdai.processes import api

    descriptors = os_process.raise_descriptor_limit()
    Server(
        f"{api.__name__}:{api.worker.__name__}",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        # Granian counts connections here, not requests. It would spin if it could not accept one.
        backpressure=min(settings.max_connections, max(1, descriptors - OWN_DESCRIPTORS)),
        # Its one timer runs from the end of an answer to the end of the next request's head; the shorter limit of a
        # head alone is enforced by http/connections.
        http1_settings=HTTP1Settings(header_read_timeout=round(settings.keep_alive_s * 1000)),
        respawn_failed_workers=True,
        workers_kill_timeout=round(settings.drain_s),
        # Granian's own lines go where ours go; of what it says, only what went wrong.
        log_dictconfig={
            "version": 1,
            "disable_existing_loggers": False,
            "loggers": {"_granian": {"level": "ERROR", "propagate": True}},
        },
    ).serve()


def _engine(settings: Settings) -> None:
    from tongdai.processes import engine

    engine.main(settings, os.environ[ROLE_DSN])


def _telephony(settings: Settings) -> None:
    from tongdai.processes import telephony

    telephony.main(settings, os.environ[ROLE_DSN])


ROLES = {"api": _api, "engine": _engine, "telephony": _telephony}


def main() -> None:
    """Run the role that the first argument names, until SIGTERM."""
    os_process.die_with_parent(signal.SIGTERM, os_process.parent_named(ROLE_PARENT))
    os.environ[ROLE_PARENT] = str(os.getpid())  # for the workers of this one
    settings = restore(os.environ[ROLE_SETTINGS])
    log.configure(settings.log_format, settings.log_level, sys.argv[1])
    ROLES[sys.argv[1]](settings)


if __name__ == "__main__":
    main()
