"""The processes that `serve` starts: `python -m tongdai.processes.roles api`, `… engine` and `… telephony`.

`… api` starts its workers, `… api-worker`. One that is started with a gate imports its code and waits for the rest of
its environment (supervised_process.py).
"""

import importlib
import os
import signal
import sys

import msgspec

from tongdai import log
from tongdai.processes.supervised_process import GATE
from tongdai.runtime import os_process
from tongdai.settings.declarations import Settings
from tongdai.settings.sources import ROLE_DSN, ROLE_PARENT, ROLE_SETTINGS, restore

# Each role imports what it runs, and not what the other runs: half of a start is imports.
# ruff: noqa: PLC0415


def _api(settings: Settings) -> None:
    from tongdai.processes import api_workers

    api_workers.main(settings)


def _api_worker(settings: Settings) -> None:
    from tongdai.processes import api

    api.worker(settings)


def _engine(settings: Settings) -> None:
    from tongdai.processes import engine

    engine.main(settings, os.environ[ROLE_DSN])


def _telephony(settings: Settings) -> None:
    from tongdai.processes import telephony

    telephony.main(settings, os.environ[ROLE_DSN])


def _wait(role: str) -> None:
    """Wait for the environment, if it is still to come. Ends this process if it does not come."""
    gate = os.environ.pop(GATE, None)
    if gate is None:
        return
    importlib.import_module(f"tongdai.processes.{role}")
    with os.fdopen(int(gate), "rb") as pipe:
        sent = pipe.read()
    if not sent:
        sys.exit(0)
    os.environ.update(msgspec.json.decode(sent, type=dict[str, str]))


ROLES = {"api": _api, "api-worker": _api_worker, "engine": _engine, "telephony": _telephony}


def main() -> None:
    """Run the role that the first argument names, until SIGTERM."""
    os_process.die_with_parent(signal.SIGTERM, os_process.parent_named(ROLE_PARENT))
    os.environ[ROLE_PARENT] = str(os.getpid())  # for the workers of this one
    _wait(sys.argv[1])
    settings = restore(os.environ[ROLE_SETTINGS])
    log.configure(settings.log_format, settings.log_level, sys.argv[1])
    ROLES[sys.argv[1]](settings)


if __name__ == "__main__":
    main()
