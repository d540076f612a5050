"""A client that imports through a running server, retries what fails, and keeps a ledger of its acknowledged jobs."""

import asyncio
import csv
import io
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import httpx2

from tests.support.imports.seeded import Seeded, seeded
from tests.support.servers import Server
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.ids import CampaignId
from tongdai.testing import factories

ANSWER_S = 30.0
SETTINGS = {"import_lease_s": 1.0, "drain_s": 5.0}
"""Settings of a server whose processes are killed: their work is taken over soon."""


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
    """Posted with an Idempotency-Key until it is acknowledged; else once, with an outcome that may stay unknown."""
    job_id: int | None = None
    undone: bool = False
    """Whether the server has acknowledged its undo."""
    progress: list[int] = field(default_factory=list[int])

    @property
    def list_name(self) -> str:
        return f"Import {self.number}"

    @property
    def is_csv(self) -> bool:
        """Whether it is sent as CSV, as every other import is, or as JSON."""
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
    """The acknowledged jobs, each written to disk before the client continues."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)

    def acknowledged(self, one: Import, job_id: int) -> None:
        one.job_id = job_id
        self._file.write(json.dumps({"import": one.number, "job": job_id}).encode() + b"\n")
        os.fsync(self._file.fileno())

    def read(self) -> dict[int, int]:
        """The ids of the jobs by number of the import."""
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
    """`count` imports of `rows` rows in all, of two tenants, with disjoint numbers. Their known numbers are stored."""
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
    """Posts and polls imports, and retries after every failure that a killed process may cause."""

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self._server = server
        self._ledger = ledger
        self._http = httpx2.AsyncClient(timeout=ANSWER_S)
        self.unexpected: list[str] = []

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, one: Import) -> None:
        """Post an import until it is acknowledged; one without Idempotency-Key, once."""
        body = one.body
        while True:
            try:
                response = await self._http.post(f"{self._server.url}{one.path}", content=body, headers=one.headers)
            except httpx2.ConnectError:
                response = None
            except httpx2.TransportError:
                response = None
                if not one.repeatable:
                    return
            if response is not None and response.status_code == 200:
                self._ledger.acknowledged(one, response.json()["job_id"])
                return
            if response is not None:
                self._expect_away(response)
                if not one.repeatable:
                    return
            await asyncio.sleep(0.1)

    async def follow(self, one: Import) -> None:
        """Poll until the job has ended."""
        while not await self.poll(one):
            await asyncio.sleep(0.1)

    async def poll(self, one: Import) -> bool:
        try:
            response = await self._http.get(
                f"{self._server.url}{one.campaign.path}/import/{one.job_id}", headers=one.headers
            )
        except httpx2.TransportError:
            return False
        if response.status_code != 200:
            self._expect_away(response)
            return False
        job = response.json()
        if one.progress and job["processedRows"] < one.progress[-1]:
            self.unexpected.append(f"{one.list_name}: processedRows fell from {one.progress[-1]} to {job}")
        one.progress.append(job["processedRows"])
        return job["status"] in {"done", "failed"}

    async def undo(self, one: Import) -> None:
        """Request the undo of an import until the server reports it as undone."""
        path = f"{self._server.url}{one.campaign.path}/import/{one.job_id}"
        while not one.undone:
            try:
                response = await self._http.delete(path, headers=one.headers)
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
                continue
            if response.status_code == 200:
                one.undone = response.json()["undone"]
            else:
                self._expect_away(response)
                await asyncio.sleep(0.1)

    def _expect_away(self, response: httpx2.Response) -> None:
        if response.status_code != 503:
            self.unexpected.append(f"answered {response.status_code} {response.text[:200]}")


async def run_imports(client: Client, imports: list[Import], at_once: int = 2) -> None:
    """Post all, some of them concurrently, and poll the acknowledged ones until they have ended."""
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
