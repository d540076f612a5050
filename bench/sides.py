"""The servers that are compared, each on a port of its own, all on one database.

As a program it is one of those that are not Tongdai: `python -m bench.sides bare`.
"""

import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import world
from bench.world import World
from tongdai.settings.declarations import Settings
from tongdai.settings.sources import ROLE_DSN, ROLE_SETTINGS, dump


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    port: int
    pid: int


@contextmanager
def started(names: list[str], on: World, dsn: str, logs: Path) -> Generator[list[Side]]:
    """These sides, each having answered a page."""
    with ExitStack() as stack:
        yield [stack.enter_context(_started(name, on, dsn, logs)) for name in names]


@contextmanager
def _started(name: str, on: World, dsn: str, logs: Path) -> Generator[Side]:
    port = world.free_port()
    settings = on.settings(port)
    metrics = logs / "metrics"
    metrics.mkdir(exist_ok=True)
    environment = {
        ROLE_DSN: dsn,
        ROLE_SETTINGS: dump(settings),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "BENCH_DSN": dsn,
        "BENCH_PORT": str(port),
        "BENCH_POOL": str(settings.database_pool),
        "BENCH_TENANT": str(on.tenant_id),
        "BENCH_PEPPER": on.pepper.decode(),
    }
    command = ["-m", "tongdai.processes.roles", "api"] if name == "tongdai" else ["-m", "bench.sides", name]
    log = logs / f"{name}.log"
    with world.process(command, environment, log) as process:
        world.first_answer(port, on.request("GET", on.page_path), process, log)
        yield Side(name, port, process.pid)


def _bare(application: str) -> None:
    """Start it on the server that Tongdai runs on, without its limits and without a log."""
    import uvicorn  # noqa: PLC0415

    uvicorn.run(
        f"bench.bare:{application}",
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        http="httptools",
        loop="uvloop",
        ws="none",
        timeout_keep_alive=round(Settings().keep_alive_s),
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _uvicorn() -> None:
    import uvicorn  # noqa: PLC0415

    uvicorn.run("bench.orm:application", host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), loop="uvloop")


def _unread() -> None:
    import uvloop  # noqa: PLC0415

    from bench import bare  # noqa: PLC0415

    uvloop.run(bare.unread(int(os.environ["BENCH_PORT"])))


def main() -> None:
    match sys.argv[1]:
        case "orm":
            _uvicorn()
        case "bare":
            _bare("application")
        case "idle":
            _bare("idle")
        case "unread":
            _unread()


if __name__ == "__main__":
    main()
