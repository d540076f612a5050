"""From the command `tongdai serve` on a data directory that exists to its first page of contacts."""

import statistics
import time
from pathlib import Path

from bench import world
from bench.report import Row
from bench.world import World

RUNS = 7


def run(on: World, logs: Path) -> list[Row]:
    seconds = [_once(on, logs) for _ in range(RUNS)]
    print("  " + ", ".join(f"{s:.2f} s" for s in seconds), flush=True)
    result = f"{statistics.median(seconds):.2f} s, at most {max(seconds):.2f} s in {RUNS} runs"
    return [Row("start", "`tongdai serve` to its first answer", "a data directory that exists", "≤ 3 s", result)]


def _once(on: World, logs: Path) -> float:
    port = world.free_port()
    log = logs / "start.log"
    began = time.perf_counter()
    with world.process(serve(on, port), {}, log) as process:
        world.first_answer(port, on.request("GET", on.page_path), process, log)
        return time.perf_counter() - began


def serve(on: World, port: int) -> list[str]:
    """The arguments of `tongdai serve` with limits that never refuse."""
    most = "100000000"
    options = {"data-dir": str(on.data_dir), "port": str(port), "tenant-limit": most, "route-limit": most}
    return ["-m", "tongdai.cli", "serve", *(part for name, value in options.items() for part in (f"--{name}", value))]
