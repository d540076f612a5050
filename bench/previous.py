"""A version from before, measured by its own benchmark code: a checkout and an environment of its own, made here.

They are kept below `.bench/`, as making them takes a minute. A process in them obeys commands, a line of JSON at
a time (see DRIVER): so each version makes its own data directory, campaigns and large campaigns.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import world
from tongdai.os_process import die_with_parent

COMMIT = "3723679"
"""The last one whose imports made an object of each row when they were imported, and a customer."""
_ROOT = Path(__file__).parent.parent
DRIVER = """
import asyncio, json, sys
from pathlib import Path
from bench import held, jobs, people, world
from bench.world import Sizes

folder = Path(sys.argv[1])
logs = folder / "logs"
logs.mkdir(parents=True)
on = world.made(folder / "data", Sizes())
targets = {}

def answer(what):
    print(json.dumps(what), flush=True)

with jobs.served(on, logs) as server:
    answer({})
    for line in sys.stdin:
        asked = json.loads(line)
        name = asked["to"]
        if name not in targets:
            targets[name] = asyncio.run(jobs.new_target(on, server.dsn))
        if asked["do"] == "hold":
            asyncio.run(held.hold(server.dsn, targets[name], people.numbers(asked["part"], asked["rows"]), folder))
            asyncio.run(jobs.settle(server.dsn))
            answer({})
        else:
            seconds = jobs.imported(server, targets[name], Path(asked["csv"]), asked["expected"])
            asyncio.run(jobs.settle(server.dsn))
            answer({"seconds": seconds})
"""


@dataclass(frozen=True, slots=True)
class Previous:
    """The server of that version, which runs."""

    process: subprocess.Popen[str]

    def hold(self, to: str, part: int, rows: int) -> None:
        """Put a part of all numbers (see people.numbers) into the campaign of that name."""
        self._ask({"do": "hold", "to": to, "part": part, "rows": rows})

    def imported(self, to: str, csv: Path, expected: dict[str, int]) -> float:
        """Seconds of an import into the campaign of that name, as jobs.imported measures them."""
        return self._ask({"do": "import", "to": to, "csv": str(csv), "expected": expected})["seconds"]

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return self.answered()

    def answered(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: version {COMMIT} has ended, see above")
        return json.loads(line)


@contextmanager
def running(folder: Path) -> Generator[Previous]:
    """That version's server on a data directory of its own."""
    checkout = _checkout()
    process = subprocess.Popen(
        [checkout / ".venv/bin/python", "-c", DRIVER, str(folder / "previous")],
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no thread runs here
    )
    try:
        previous = Previous(process)
        previous.answered()
        yield previous
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(world.SLOW_S)
        except subprocess.TimeoutExpired:
            world.end(process)  # pyright: ignore[reportArgumentType]


def _checkout() -> Path:
    """Where that version and its environment are, made when they are not."""
    checkout = _ROOT / ".bench" / COMMIT
    done = checkout / ".venv" / "bench-ready"
    if not done.exists():
        print(f"  version {COMMIT} is checked out and installed", flush=True)
        packed = subprocess.run(["git", "archive", COMMIT], cwd=_ROOT, check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(checkout, filter="data")
        subprocess.run([sys.executable, "-m", "venv", checkout / ".venv"], check=True)
        python = checkout / ".venv/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--constraint", "constraints.txt", "--editable", "."]
        subprocess.run(install, cwd=checkout, check=True)
        done.touch()
    return checkout
