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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import jobs, world
from bench.jobs import Server, Target
from bench.world import World
from tongdai.ids import CampaignId, ListId
from tongdai.runtime.os_process import die_with_parent

COMMIT = "3723679"
"""The last one whose imports made an object of each row when they were imported, and a customer."""
_ROOT = Path(__file__).parent.parent
DRIVER = """
import asyncio, json, sys
from pathlib import Path
from bench import claim, held, jobs, people, world
from bench.world import Sizes
from tongdai.db.pool import connect

folder = Path(sys.argv[1])
logs = folder / "logs"
logs.mkdir(parents=True)
on = world.made(folder / "data", Sizes())
targets = {}

def answer(what):
    print(json.dumps(what), flush=True)

def target(server, name):
    if name not in targets:
        targets[name] = asyncio.run(jobs.new_target(on, server.dsn))
    return targets[name]

async def claims(dsn, contacts):
    side = await claim._side(on, dsn, folder, 8, contacts)
    await jobs.settle(dsn)
    conn = await connect(dsn, name="bench")
    answer({})
    for _ in sys.stdin:
        answer({"ms": await claim._claimed_ms(conn, side.terms)})

with jobs.served(on, logs) as server:
    own = {"page_path": on.page_path, "campaigns": [next(on.spare) for _ in range(10)], "key": on.key}
    answer({"port": server.port, "pid": server.pid} | own)
    for line in sys.stdin:
        asked = json.loads(line)
        match asked["do"]:
            case "place":
                to = target(server, asked["to"])
                answer({"key": to.on.key, "campaign_id": to.place.campaign_id, "list_id": to.place.list_id})
            case "hold":
                numbers = people.numbers(asked["part"], asked["rows"])
                asyncio.run(held.hold(server.dsn, target(server, asked["to"]), numbers, folder))
                asyncio.run(jobs.settle(server.dsn))
                answer({})
            case "settle":
                asyncio.run(jobs.settle(server.dsn))
                answer({})
            case "claims":
                break
    else:
        raise SystemExit
with world.database(on.data_dir) as dsn:
    asyncio.run(claims(dsn, asked["contacts"]))
"""
"""Reads of that version's code what it has, its benchmarks' names that are its own included."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The server of that version, which runs."""

    process: subprocess.Popen[str]
    on: World
    """Its key, and the list that pages are of; the data directory and what else a world has are not its own."""
    server: Server
    """Its port; there is no way to its database."""

    def place(self, name: str) -> Target:
        """The campaign of that name, in a tenant of its own, made when it is not there."""
        made = _ask(self.process, {"do": "place", "to": name})
        on = replace(self.on, key=made["key"])
        return Target(on, CampaignId(made["campaign_id"]), ListId(made["list_id"]))

    def hold(self, to: str, part: int, rows: int) -> None:
        """Put a part of all numbers (see people.numbers) into the campaign of that name."""
        _ask(self.process, {"do": "hold", "to": to, "part": part, "rows": rows})

    def settle(self) -> None:
        """See jobs.settle."""
        _ask(self.process, {"do": "settle"})

    def imported(self, to: str, csv: Path, expected: dict[str, int]) -> float:
        """Seconds of an import into the campaign of that name, as jobs.imported measures them."""
        seconds = jobs.imported(self.server, self.place(to), csv, expected)
        self.settle()
        return seconds

    def stop_and_claim(self, contacts: int) -> None:
        """End the server, whose dialer would claim as well: what is asked for from now on is `claimed_ms`, of a
        campaign of so many contacts that are due."""
        _ask(self.process, {"do": "claims", "contacts": contacts})

    def claimed_ms(self) -> float:
        """One claim, committed; the calls end afterwards."""
        return _ask(self.process, {"do": "claim"})["ms"]


def _ask(process: subprocess.Popen[str], what: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return _answer(process)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"bench: version {COMMIT} has ended, see above")
    return json.loads(line)


def _started(process: subprocess.Popen[str], on: World) -> Previous:
    own = _answer(process)
    campaign_id, list_id = (int(part) for part in own["page_path"].split("/") if part.isdigit())
    campaigns = iter([CampaignId(each) for each in own["campaigns"]])
    its = replace(on, key=own["key"], campaign_id=CampaignId(campaign_id), list_id=ListId(list_id), spare=campaigns)
    return Previous(process, its, Server(its, own["port"], own["pid"], dsn=""))


@contextmanager
def running(on: World, folder: Path) -> Generator[Previous]:
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
        yield _started(process, on)
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
