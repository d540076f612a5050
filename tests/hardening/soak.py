"""Attacks of all kinds on the API from outside, in rounds, for an hour: `python -m tests.hardening.soak --minutes 60`.

In each round the server is attacked in one way after another, while another tenant makes requests and imports a file.
After the round all must be as before it: what the workers have open, and after the first rounds their memory too.
Exits with 0 if it was; with 1 and the problems found.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from bench.open_loop import Order, run
from tests.support.contact_files import as_csv
from tests.support.imports.client import Campaign, a_campaign
from tests.support.servers import Server, eventually, serving
from tongdai.testing.factories import vn_mobile

SETTINGS = {"header_timeout_s": 2, "keep_alive_s": 5, "upload_idle_s": 2, "body_timeout_s": 2, "workers": 2}
CONNECTIONS = 300
RATE, RATE_S = 4_000, 4.0
GOOD_EVERY_S = 0.05
IMPORTED = 100
IMPORT_S = 30.0
SETTLED_S = 60.0
MOST_REFUSED = 0.1
"""Bound of the part of the good tenant's requests that are refused or closed, over all the attacks."""
MORE_MB, MORE_OPEN = 60, 20
"""How much more the workers may have at the end than after the second round; what they keep grows until then."""


@dataclass
class Soak:
    server: Server
    greedy: Campaign
    good: Campaign
    rng: random.Random
    problems: list[str] = field(default_factory=list[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    """Statuses of the requests of the good tenant."""
    closed: int = 0
    """Count of its requests whose connection was closed before the response."""
    times_ms: list[float] = field(default_factory=list[float])
    number: "itertools.count[int]" = field(default_factory=lambda: itertools.count(0, IMPORTED))

    @property
    def refused(self) -> float:
        """The part of the good tenant's requests that were not answered 200: one that is closed costs it as much."""
        return 1 - self.statuses[200] / max(1, self.statuses.total() + self.closed)

    @property
    def address(self) -> tuple[str, int]:
        url = urlsplit(self.server.url)
        assert url.hostname is not None
        assert url.port is not None
        return url.hostname, url.port

    def head(self, method: str, path: str, *headers: str) -> bytes:
        lines = (f"{method} {path} HTTP/1.1", "Host: tongdai", f"X-Api-Key: {self.greedy.key.value}", *headers)
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode()

    @asynccontextmanager
    async def connections(
        self, count: int, first: Callable[[int], bytes]
    ) -> AsyncGenerator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
        """Connections on each of which something is sent."""
        made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        try:
            for number in range(count):
                made.append(await asyncio.open_connection(*self.address))
                made[-1][1].write(first(number))
            yield made
        finally:
            for _, writer in made:
                writer.transport.abort()

    async def until_closed(self, made: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]], every: bytes) -> None:
        """Send a little again and again, until the server has closed all."""

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reading = asyncio.ensure_future(reader.read())
            with suppress(ConnectionError):
                while not (await asyncio.wait([reading], timeout=0.2))[0]:
                    writer.write(every)
                await reading

        async with asyncio.timeout(SETTLED_S):
            await asyncio.gather(*(one(*pair) for pair in made))


# The ways


async def silent(soak: Soak) -> None:
    async with soak.connections(CONNECTIONS, lambda _: b"") as made:
        await soak.until_closed(made, b"")


async def dribbled_heads(soak: Soak) -> None:
    async with soak.connections(CONNECTIONS, lambda _: b"GET / HTTP/1.1\r\n") as made:
        await soak.until_closed(made, b"X: 1\r\n")


async def dribbled_uploads(soak: Soak) -> None:
    head = soak.head("POST", f"{soak.greedy.path}/bulk", "Content-Type: text/csv", "Content-Length: 1000000")
    async with soak.connections(CONNECTIONS, lambda _: head + b"phone\n") as made:
        await soak.until_closed(made, b"0")


async def kept_and_left(soak: Soak) -> None:
    """Connections that stay after a response, and such as end in the middle of one."""
    get = soak.head("GET", "/v1/queues/inbound")
    async with soak.connections(CONNECTIONS, lambda number: get * (1 + number % 3)) as made:
        for reader, writer in made[::2]:
            with suppress(OSError):  # idle for too long, on a machine that does other things too
                await reader.readline()
                writer.write_eof()
        for _, writer in made[1::4]:
            writer.transport.abort()
        await asyncio.gather(*(reader.read() for reader, _ in made[::2]), return_exceptions=True)


async def garbage(soak: Soak) -> None:
    def bytes_of(number: int) -> bytes:
        noise = soak.rng.randbytes(soak.rng.randrange(1, 4000))
        head = soak.head("POST", f"{soak.greedy.path}/bulk", "Content-Type: text/csv", "Transfer-Encoding: chunked")
        return (noise, head + noise, b"GET /" + noise + b" HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")[
            number % 4
        ]

    async with soak.connections(CONNECTIONS, bytes_of) as made:
        for _, writer in made:
            with suppress(OSError):
                writer.write_eof()
        await asyncio.gather(*(reader.read() for reader, _ in made), return_exceptions=True)


async def large(soak: Soak) -> None:
    """Bodies of JSON that are too large or deep, and files of many kinds, at once."""
    path, headers = f"/v1/campaigns/{soak.greedy.campaign_id}", soak.greedy.key.headers
    bodies = [b'{"a":' * 100_000, b"[" + b"0," * 2_000_000 + b"0]", b'{"campaignName":"' + b"a" * 5_000_000 + b'"}']
    rows = as_csv([{"phoneNumber": vn_mobile(n)} for n in range(20_000)])
    files = headers | {"Content-Type": "text/csv"}
    async with httpx2.AsyncClient(base_url=soak.server.url, timeout=120, limits=httpx2.Limits()) as client:
        posts = [client.patch(path, content=body, headers=headers) for body in bodies * 5]
        posts += [client.post(f"{soak.greedy.path}/bulk?dry_run=true", content=rows, headers=files) for _ in range(12)]
        found = Counter(response.status_code for response in await asyncio.gather(*posts))
    if odd := found.keys() - {200, 400, 413, 429, 503}:
        soak.problems.append(f"large bodies: {odd}")


async def overload(soak: Soak) -> None:
    """More requests than can be answered, of clients that leave soon."""
    requests = [soak.head("GET", "/v1/queues/inbound"), soak.head("GET", "/v1/campaigns?page=1")]
    result = await run(Order(soak.address[1], requests, RATE, RATE_S, patience_s=0.15))
    if odd := result.statuses.keys() - {200, 429, 503}:
        soak.problems.append(f"overload: {odd}")


WAYS: list[Callable[[Soak], Awaitable[None]]] = [
    silent, dribbled_heads, dribbled_uploads, kept_and_left, garbage, large, overload,
]  # fmt: skip


# The good tenant


CLOSED = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError, httpx2.TimeoutException)
"""Ways in which a request gets no response.

At the limit of connections one is closed with its answer, which a client that is sending then may not read, and idle
ones make place for others; a machine that does other things too may be slow. A client tries again, with its
Idempotency-Key."""


async def good_requests(soak: Soak, over: asyncio.Event) -> None:
    async with httpx2.AsyncClient(base_url=soak.server.url, timeout=30, headers=soak.good.key.headers) as client:
        while not over.is_set():
            began = time.perf_counter()
            try:
                soak.statuses[(await client.get("/v1/queues/inbound")).status_code] += 1
            except CLOSED:
                soak.closed += 1
            soak.times_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(GOOD_EVERY_S)


async def good_import(soak: Soak) -> None:
    first = next(soak.number)
    rows = as_csv([{"phoneNumber": vn_mobile(first + n)} for n in range(IMPORTED)])
    headers = soak.good.key.headers
    async with httpx2.AsyncClient(base_url=soak.server.url, timeout=30, headers=headers) as client:
        began = time.perf_counter()
        sent = {"Content-Type": "text/csv", "Idempotency-Key": f"soak {first}"}
        response = httpx2.Response(503)
        tries = Counter[str]()
        while response.status_code == 503 and time.perf_counter() - began < IMPORT_S:
            try:
                response = await client.post(f"{soak.good.path}/bulk", content=rows, headers=sent)
                tries[str(response.status_code)] += 1
            except CLOSED as error:
                tries[type(error).__name__] += 1
            if response.status_code == 503:
                await asyncio.sleep(1)
        if response.status_code != 200:
            soak.problems.append(f"import not accepted within {IMPORT_S:g} s: {dict(tries)}")
            return
        path = f"{soak.good.path}/import/{response.json().get('job_id')}"

        async def done() -> bool:
            try:
                job = await client.get(path)
            except CLOSED:
                return False
            return job.status_code == 200 and job.json()["status"] == "done"

        try:
            await eventually(done, IMPORT_S, f"import of {IMPORTED} rows: {response.text}", poll_s=0.5)
        except AssertionError as error:
            soak.problems.append(str(error))


# What the workers have


@dataclass(frozen=True)
class Held:
    open: int
    mb: float


def held(server: Server) -> Held:
    pids = server.pids("worker")
    opened = sum(len([*Path(f"/proc/{pid}/fd").iterdir()]) for pid in pids)
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return Held(opened, pages * 4096 / 2**20)


IDLE = Held(80, 0.0)
"""More than what two workers have open without a client."""


async def settled(soak: Soak, before: Held) -> None:
    """Wait until the connections of a round are gone."""
    try:
        await eventually(
            lambda: held(soak.server).open <= before.open + MORE_OPEN,
            SETTLED_S,
            lambda: f"{held(soak.server).open} descriptors are open, {before.open} before",
            poll_s=0.5,
        )
    except AssertionError as error:
        soak.problems.append(str(error))


async def one_round(soak: Soak) -> None:
    over = asyncio.Event()
    good = asyncio.create_task(good_requests(soak, over))
    try:
        for way in WAYS:
            importing = asyncio.create_task(good_import(soak))
            try:
                await way(soak)
            except (OSError, TimeoutError, httpx2.TransportError) as error:
                soak.problems.append(f"{way.__name__}: {error!r}")
            await importing
    finally:
        over.set()
        await good


async def soak_for(folder: Path, seconds: float, seed: int, least_rounds: int = 3) -> Soak:
    end = time.monotonic() + seconds
    async with serving(folder / "data", **SETTINGS) as server:
        workers = server.pids("worker")
        soak = Soak(server, await a_campaign(server), await a_campaign(server), random.Random(seed))
        kept: list[Held] = []
        while len(kept) < least_rounds or time.monotonic() < end:
            await one_round(soak)
            await settled(soak, kept[0] if kept else IDLE)
            kept.append(held(server))
            print(f"round {len(kept)}: {_reported(soak)}; {kept[-1]}", flush=True)  # noqa: T201
        if kept[-1].mb > kept[1].mb + MORE_MB or kept[-1].open > kept[1].open + MORE_OPEN:
            soak.problems.append(f"not flat: {kept[1]} after the second round, {kept[-1]} at the end")
        if server.pids("worker") != workers:
            soak.problems.append("a worker was replaced")
        if odd := soak.statuses.keys() - {200, 503}:
            soak.problems.append(f"answers to the good tenant: {odd}")
        if soak.refused > MOST_REFUSED:
            soak.problems.append(f"{soak.refused:.1%} of the good tenant's requests were not answered 200")
        if '"status":500' in server.log_text():
            soak.problems.append("an answer 500")
        return soak


def _reported(soak: Soak) -> str:
    p99 = statistics.quantiles(soak.times_ms, n=100)[-1]
    return f"good requests {dict(soak.statuses)}, {soak.closed} closed, p99 {p99:.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}: {given.minutes:g} minutes", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="td-soak-") as folder:
        found = asyncio.run(soak_for(Path(folder), given.minutes * 60, given.seed))
    for problem in found.problems:
        print(f"WRONG: {problem}")  # noqa: T201
    print("wrong" if found.problems else "flat")  # noqa: T201
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
