"""Imports through the real server while its processes are killed: `python -m tests.soak --rows 1000000 --kills 30`.

A client posts jobs and keeps a ledger of the acknowledged ones; at the end the server must have exactly those,
whichever processes were killed. Exits with 0 if it does; with 1 and the problems found, or when the time is up.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.imports.check import all_jobs_ended, problems
from tests.support.imports.client import SETTINGS, Client, Import, Ledger, a_number_of, run_imports
from tests.support.servers import Role, Server, eventually

VICTIMS: tuple[Role, ...] = ("engine", "worker", "api", "postgres", "serve")


async def kill(server: Server, victim: Role) -> None:
    """Kill a process. After a kill of the supervisor no process may be left, and the server is started again."""
    await server.kill(victim)
    if victim == "serve":
        await server.ended(40)
        await server.start()


async def kill_at_random(server: Server, imports: list[Import], victims: list[Role], rng: random.Random) -> None:
    """Kill each in turn after a random number of rows has been imported."""
    total = sum(len(one.data.rows) for one in imports)
    moments = sorted(rng.randrange(total * 95 // 100) for _ in victims)
    for victim, moment in zip(victims, moments, strict=True):

        def due(moment: int = moment) -> bool:
            return sum(one.progress[-1] for one in imports if one.progress) >= moment

        while not due():
            # Only jobs that are being polled count: wait for posts, too.
            await asyncio.sleep(0.02)
        await asyncio.sleep(rng.random() * 0.3)
        await kill(server, victim)


@dataclass(frozen=True)
class Report:
    problems: list[str]
    acknowledged: int
    unknown: int
    kills: dict[Role, int]
    seconds: float


async def undo_some(server: Server, client: Client, imports: list[Import]) -> None:
    """Undo every third import while engine and database are killed."""
    async with asyncio.TaskGroup() as group:
        for one in imports[::3]:
            if one.job_id is not None:
                group.create_task(client.undo(one))
        for victim in ("engine", "postgres"):
            await kill(server, victim)


async def soak(folder: Path, rows: int, kills: int, seed: int, limit_s: float, jobs: int, chunk_rows: int) -> Report:
    """Run the imports, kills and checks on a new server in `folder`. TimeoutError after `limit_s`."""
    rng = random.Random(seed)
    victims: list[Role] = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
    rng.shuffle(victims)
    server = Server(folder / "data", import_chunk_rows=chunk_rows, **SETTINGS)
    ledger = Ledger(folder / "ledger")
    client = Client(server, ledger)
    started = time.monotonic()
    try:
        async with asyncio.timeout(limit_s):
            await server.start()
            imports = await a_number_of(server, seed, rows, jobs)
            killing = asyncio.create_task(kill_at_random(server, imports, victims, rng))
            try:
                await asyncio.gather(run_imports(client, imports), killing)
            finally:
                killing.cancel()
                with suppress(asyncio.CancelledError):
                    await killing
            await eventually(lambda: all_jobs_ended(server), limit_s, "all jobs to end", poll_s=0.2)
            found = await problems(server, imports, ledger)
            await undo_some(server, client, imports)
            found += client.unexpected + await problems(server, imports, ledger)
            code = await server.stop()
            if code != 0:
                found.append(f"exit code {code}")
    finally:
        await client.close()
        ledger.close()
        server.end()
    answered = len(ledger.read())
    counts: dict[Role, int] = {victim: victims.count(victim) for victim in VICTIMS}
    return Report(found, answered, len(imports) - answered, counts, time.monotonic() - started)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--chunk-rows", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    print(f"seed {given.seed}: {given.rows:,} rows in {given.jobs} jobs, {given.kills} kills", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="td-soak-") as folder:
        try:
            report = asyncio.run(
                soak(
                    Path(folder),
                    given.rows,
                    given.kills,
                    given.seed,
                    given.minutes * 60,
                    given.jobs,
                    given.chunk_rows,
                )
            )
        except TimeoutError:
            print(f"not done in {given.minutes:g} minutes")  # noqa: T201
            return 1
    kills = ", ".join(f"{victim} {count}" for victim, count in report.kills.items())
    print(f"{report.acknowledged} jobs acknowledged, {report.unknown} unknown; killed: {kills}; {report.seconds:.0f} s")  # noqa: T201
    for problem in report.problems:
        print(f"WRONG: {problem}")  # noqa: T201
    print("wrong" if report.problems else "exact")  # noqa: T201
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
