"""Imports through the real server while its processes are killed: `python -m tests.soak --rows 1000000 --kills 30`.

A client posts jobs and keeps a ledger of what it was answered; whatever was killed when, at the end the server must
have exactly that. Ends by itself: with 0 when all holds, with 1 and what does not, or when the time is up.
"""

import argparse
import asyncio
import csv
import io
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import httpx2

from tests.support.seeded import Seeded, seeded
from tests.support.servers import Role, Server, eventually
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.ids import CampaignId
from tongdai.imports.model import ImportedChunk, RowOutcome
from tongdai.imports.outcomes import codec
from tongdai.testing import factories

VICTIMS: tuple[Role, ...] = ("engine", "worker", "api", "postgres", "serve")
SETTINGS = {"import_lease_s": 1.0, "drain_s": 5.0}
ANSWER_S = 30.0


@dataclass
class Campaign:
    key: factories.Key
    campaign_id: CampaignId

    @property
    def path(self) -> str:
        return f"/v1/campaigns/{self.campaign_id}/contacts"


async def a_campaign(server: Server) -> Campaign:
    """A campaign of a tenant of its own."""
    key = await server.key()
    async with server.database() as conn:
        campaign_id = await conn.fetchval(
            "insert into campaign (tenant_id, name, type) values ($1, 'A', 'CAMPAIGN_CALL_AUTO') returning campaign_id",
            key.tenant_id,
        )
    return Campaign(key, campaign_id)


@dataclass
class Import:
    number: int
    campaign: Campaign
    data: Seeded
    repeatable: bool
    """Sent with an Idempotency-Key until it is answered; else once, and whether it was taken may stay unknown."""
    job_id: int | None = None
    undone: bool = False
    """Whether it was undone, as the server answered."""
    progress: list[int] = field(default_factory=list[int])

    @property
    def list_name(self) -> str:
        return f"Import {self.number}"

    @property
    def is_csv(self) -> bool:
        """Every other one."""
        return self.number % 2 == 1

    @property
    def path(self) -> str:
        query = f"?{urlencode({'listName': self.list_name})}" if self.is_csv else ""
        return f"{self.campaign.path}/bulk{query}"

    @property
    def body(self) -> bytes:
        if not self.is_csv:
            return json.dumps({"listName": self.list_name, "contacts": self.data.rows}).encode()
        text = io.StringIO()
        csv.writer(text).writerows(
            [("Họ tên", "Số điện thoại"), *((r["name"], r["phoneNumber"]) for r in self.data.rows)]
        )
        return text.getvalue().encode()

    @property
    def headers(self) -> dict[str, str]:
        once = {"Idempotency-Key": self.list_name} if self.repeatable else {}
        return self.campaign.key.headers | once | ({"Content-Type": "text/csv"} if self.is_csv else {})


class Ledger:
    """The answers that the client got, on the disk before it continues."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)

    def acknowledged(self, one: Import, job_id: int) -> None:
        one.job_id = job_id
        self._file.write(json.dumps({"import": one.number, "job": job_id}).encode() + b"\n")
        os.fsync(self._file.fileno())

    def read(self) -> dict[int, int]:
        """Number of the import → id of its job."""
        lines = map(json.loads, self.path.read_text().splitlines())
        return {line["import"]: line["job"] for line in lines}

    def close(self) -> None:
        self._file.close()


async def know(server: Server, campaign: Campaign, phones: Iterable[str]) -> None:
    """Put numbers into the campaign before the imports begin."""
    rows = [NewContact(phone=phone) for phone in phones]
    async with server.database() as conn, conn.transaction():
        tenant_id = campaign.key.tenant_id
        list_id = await contacts.list_named(conn, tenant_id, campaign.campaign_id, "Known before")
        await bulk_store.add_many(conn, tenant_id, campaign.campaign_id, list_id, rows)


async def a_number_of(server: Server, seed: int, rows: int, count: int, first: int = 0) -> list[Import]:
    """`count` imports of `rows` rows in all, for two tenants, with disjoint numbers; what they take as known is."""
    campaigns = [await a_campaign(server), await a_campaign(server)]
    each = rows // count
    made = [
        Import(first + n, campaigns[n % 2], seeded(seed + n, each, n * each), repeatable=n % 4 != 3)
        for n in range(count)
    ]
    for campaign in campaigns:
        await know(server, campaign, (phone for one in made if one.campaign is campaign for phone in one.data.known))
    return made


class Client:
    """Posts and polls; what breaks in between it tries again."""

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self._server = server
        self._ledger = ledger
        self._http = httpx2.AsyncClient(timeout=ANSWER_S)
        self.unexpected: list[str] = []

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, one: Import) -> None:
        """Until it is answered; an import that may not be repeated, once."""
        body = one.body
        while True:
            try:
                answer = await self._http.post(f"{self._server.url}{one.path}", content=body, headers=one.headers)
            except httpx2.ConnectError:
                answer = None
            except httpx2.TransportError:
                answer = None
                if not one.repeatable:
                    return
            if answer is not None and answer.status_code == 200:
                self._ledger.acknowledged(one, answer.json()["job_id"])
                return
            if answer is not None and not one.repeatable:
                self._expect_away(answer)
                return
            if answer is not None:
                self._expect_away(answer)
            await asyncio.sleep(0.1)

    async def follow(self, one: Import) -> None:
        """Poll until the job has ended."""
        while not await self.poll(one):
            await asyncio.sleep(0.1)

    async def poll(self, one: Import) -> bool:
        try:
            answer = await self._http.get(
                f"{self._server.url}{one.campaign.path}/import/{one.job_id}", headers=one.headers
            )
        except httpx2.TransportError:
            return False
        if answer.status_code != 200:
            self._expect_away(answer)
            return False
        job = answer.json()
        if one.progress and job["processedRows"] < one.progress[-1]:
            self.unexpected.append(f"{one.list_name}: processedRows fell from {one.progress[-1]} to {job}")
        one.progress.append(job["processedRows"])
        return job["status"] in {"done", "failed"}

    async def undo(self, one: Import) -> None:
        """Until the server says that it is done."""
        path = f"{self._server.url}{one.campaign.path}/import/{one.job_id}"
        while not one.undone:
            try:
                answer = await self._http.delete(path, headers=one.headers)
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 200:
                one.undone = answer.json()["undone"]
            else:
                self._expect_away(answer)
                await asyncio.sleep(0.1)

    def _expect_away(self, answer: httpx2.Response) -> None:
        if answer.status_code != 503:
            self.unexpected.append(f"answered {answer.status_code} {answer.text[:200]}")


async def run_imports(client: Client, imports: list[Import], at_once: int = 2) -> None:
    """Post all, some at once, and follow those that were acknowledged to their end."""
    waiting = iter(imports)

    async def work() -> None:
        for one in waiting:
            await client.post(one)

    async with asyncio.TaskGroup() as group:
        posting = [group.create_task(work()) for _ in range(at_once)]
        await asyncio.wait(posting)
        for one in imports:
            if one.job_id is not None:
                group.create_task(client.follow(one))


async def kill(server: Server, victim: Role) -> None:
    """Kill a process; of the supervisor nothing may be left, and it is started again."""
    await server.kill(victim)
    if victim == "serve":
        await server.ended(40)
        await server.start()


async def kill_at_random(server: Server, imports: list[Import], victims: list[Role], rng: random.Random) -> None:
    """Kill each in turn when so many rows, drawn at random, have been taken in."""
    total = sum(len(one.data.rows) for one in imports)
    moments = sorted(rng.randrange(total * 95 // 100) for _ in victims)
    for victim, moment in zip(victims, moments, strict=True):

        def due(moment: int = moment) -> bool:
            return sum(one.progress[-1] for one in imports if one.progress) >= moment

        while not due():
            # Only what is being followed counts: wait for posts, too.
            await asyncio.sleep(0.02)
        await asyncio.sleep(rng.random() * 0.3)
        await kill(server, victim)


async def problems(server: Server, imports: list[Import], ledger: Ledger) -> list[str]:
    """Everything that is not as it must be, now that all has ended."""
    found: list[str] = []
    answered = ledger.read()
    async with server.database() as conn:
        for campaign in {id(one.campaign): one.campaign for one in imports}.values():
            mine = [one for one in imports if one.campaign is campaign]
            found += await _problems_of(conn, campaign, mine, answered)
    return found


WRONG_BLOCKS = """
select list_id, span, coalesce(b.contacts, 0) as counted, coalesce(c.contacts, 0) as contacts
from (select list_id, span, sum(contacts) as contacts from contact_block where tenant_id = $1 group by list_id, span) b
full join (
    select list_id, span, count(*) as contacts from contact, (values (10), (15), (20)) spans (span)
    where tenant_id = $1 group by list_id, span
) c using (list_id, span) where coalesce(b.contacts, 0) <> coalesce(c.contacts, 0)
"""


async def _rows_of(conn: "asyncpg.Connection[asyncpg.Record]", one: Import, job: asyncpg.Record) -> list[str]:
    """Outcomes of its rows that are not those of what was sent, or of what is there."""
    place = (job["tenant_id"], job["job_id"])
    kept = await conn.fetch(
        """select seq, first_row, sent, contacts from import_outcome
           where tenant_id = $1 and job_id = $2 order by seq""",
        *place,
    )
    reported = [row for chunk in kept for row in codec.results_of(ImportedChunk(**dict(chunk)))]
    sent = [(number, row["phoneNumber"] or None) for number, row in enumerate(one.data.rows, 1)]
    if [(row.row, row.phone or None) for row in reported] != sent:
        return [f"{one.list_name}: its rows are not shown as they were sent"]
    made = [row.contact_id for row in reported if row.outcome is RowOutcome.CREATED]
    there = await conn.fetch(
        "select contact_id from contact where tenant_id = $1 and list_id = $2 order by contact_id",
        job["tenant_id"],
        job["list_id"],
    )
    right = [] if one.undone else made
    if [row["contact_id"] for row in there] != right:
        return [f"{one.list_name}: the rows shown as created are not the contacts of its list"]
    return []


async def _problems_of(  # noqa: C901 - one table after the other
    conn: "asyncpg.Connection[asyncpg.Record]", campaign: Campaign, imports: list[Import], answered: dict[int, int]
) -> list[str]:
    found: list[str] = []
    tenant_id = campaign.key.tenant_id
    jobs = await conn.fetch(
        "select * from import_job where tenant_id = $1",
        tenant_id,
    )
    taken: dict[str, asyncpg.Record] = {}
    for job in jobs:
        if job["list_name"] in taken:
            found.append(f"{job['list_name']} was taken twice")
        taken[job["list_name"]] = job
    expected = {phone for one in imports for phone in one.data.known}
    for one in imports:
        job = taken.pop(one.list_name, None)
        if job is None or (one.number in answered and answered[one.number] != job["job_id"]):
            if one.number in answered or one.repeatable:
                found.append(f"{one.list_name} was acknowledged and is lost")
            continue
        expected |= set() if one.undone else one.data.fresh
        found += await _rows_of(conn, one, job)
        shown = tuple(job[name] for name in ("status", "created_rows", "duplicate_rows", "failed_rows"))
        right = ("done", len(one.data.fresh), one.data.duplicate, one.data.failed)
        if shown != right:
            found.append(f"{one.list_name} is {shown} {job['error_message'] or ''}, expected {right}")
    found += [f"{name} was never sent" for name in taken]
    rows = await conn.fetch("select '+' || number as phone from contact where tenant_id = $1", tenant_id)
    phones = [row["phone"] for row in rows]
    if len(phones) != len(expected) or set(phones) != expected:
        found.append(f"contact has {len(phones)} rows, expected {len(expected)}")
    counted = await conn.fetchval("select sum(contacts) from contact_counter where tenant_id = $1", tenant_id)
    if counted != len(expected):
        found.append(f"the counter says {counted}, expected {len(expected)}")
    uncounted = await conn.fetch(WRONG_BLOCKS, tenant_id)
    found += [
        f"list {row['list_id']} has {row['contacts']} contacts, its blocks say {row['counted']}" for row in uncounted
    ]
    chunks = await conn.fetchval("select count(*) from import_chunk where tenant_id = $1", tenant_id)
    if chunks:
        found.append(f"{chunks} chunks are left")
    return found


async def all_jobs_ended(server: Server) -> bool:
    """Also of posts whose answer was lost."""
    async with server.database() as conn:
        return not await conn.fetchval("select exists (select from import_job where finished_at is null)")


@dataclass(frozen=True)
class Report:
    problems: list[str]
    acknowledged: int
    unknown: int
    kills: dict[Role, int]
    seconds: float


async def undo_some(server: Server, client: Client, imports: list[Import]) -> None:
    """Take back every third import while engine and database are killed."""
    async with asyncio.TaskGroup() as group:
        for one in imports[::3]:
            if one.job_id is not None:
                group.create_task(client.undo(one))
        for victim in ("engine", "postgres"):
            await kill(server, victim)


async def soak(folder: Path, rows: int, kills: int, seed: int, limit_s: float, jobs: int, chunk_rows: int) -> Report:
    """The whole of it, on a new server in `folder`. TimeoutError after `limit_s`."""
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
