"""The processes that `serve` starts: `python -m tongdai.roles api` and `… engine`."""

import os
import signal
import sys
from typing import Any

from tongdai import app, engine, log, process
from tongdai.settings import Settings, restore

ROLE_SETTINGS = app.ROLE_SETTINGS
ROLE_DSN = app.ROLE_DSN

# Granian's own lines go where ours go; of what it says, only what went wrong.
_GRANIAN_LOG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"level": "ERROR", "handlers": [], "propagate": True}},
}


def _api(settings: Settings) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415 - the engine has no use for it
    from granian.http import HTTP1Settings  # noqa: PLC0415
    from granian.server import Server  # noqa: PLC0415

    Server(
        f"{app.__name__}:{app.worker.__name__}",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        backlog=2048,
        backpressure=settings.max_in_flight,
        http1_settings=HTTP1Settings(header_read_timeout=round(settings.header_timeout_s * 1000)),
        respawn_failed_workers=True,
        workers_kill_timeout=round(settings.drain_s),
        log_dictconfig=_GRANIAN_LOG,
    ).serve()


def main() -> None:
    """Run the role that the first argument names, until SIGTERM."""
    process.die_with_parent(signal.SIGTERM)
    settings = restore(os.environ[ROLE_SETTINGS])
    log.configure(settings.log_format, settings.log_level, sys.argv[1])
    if sys.argv[1] == "api":
        _api(settings)
    else:
        engine.main(settings, os.environ[ROLE_DSN])


if __name__ == "__main__":
    main()
