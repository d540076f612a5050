"""The API in the process of the tests, and tenants that send it requests."""

import codecs
import csv
import io
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx2

from tests.support.contacts import move_contact
from tongdai.db.pool import Pool
from tongdai.http.asgi import ASGIApp
from tongdai.ids import CampaignId, ContactId, QueueId, TenantId
from tongdai.testing import factories

PEPPER = "a pepper for the tests, long enough"
Serving = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
"""Run the API once more with other settings: `async with serving(tenant_limit=3, clock=clock) as client`."""


@dataclass(frozen=True)
class Api:
    """The API of a test session, in this process."""

    client: httpx2.AsyncClient
    pool: Pool

    async def key(self, **options: Any) -> factories.Key:
        async with self.pool.acquire() as conn:
            return await factories.key(conn, PEPPER.encode(), **options)


def client_of(app: ASGIApp) -> httpx2.AsyncClient:
    """A client of the application, which keeps no cookies: tests share it, and none is signed in by another."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx2.AsyncClient(transport=transport, base_url="http://tongdai", timeout=60)
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return client


def refused(response: httpx2.Response, status: int, error_code: str) -> str:
    """The message of a response; assert that it is this error in the documented form."""
    assert response.status_code == status, response.text
    body = response.json()
    assert list(body) == ["success", "error_code", "error_message"]
    assert (body["success"], body["error_code"]) == ("0", error_code)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    return body["error_message"]


def rows_of_csv(response: httpx2.Response) -> list[dict[str, str]]:
    """The rows of a response that is a CSV file, which begins with a byte order mark."""
    assert response.status_code == 200, response.text
    assert response.content.startswith(codecs.BOM_UTF8)
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


_TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'tenant_id' order by table_name
"""
_ROWS = {"user_session": "(select tenant_id, user_id, digest, expires_at, ended_at from user_session)"}
Checksum = dict[str, str]


async def checksum(pool: Pool, tenant_id: int) -> Checksum:
    """Hash a tenant's rows, by table. Without when sessions were last seen, which is noted some time after requests."""
    async with pool.acquire() as conn:
        tables = [row["table_name"] for row in await conn.fetch(_TABLES)]
        sums = " union all ".join(
            f"select '{table}', md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) "
            f"from {_ROWS.get(table, table)} t where tenant_id = $1"
            for table in tables
        )
        return {row[0]: row[1] for row in await conn.fetch(sums, tenant_id)}


@dataclass(frozen=True)
class Tenant:
    """A tenant, and the requests of one of its keys."""

    api: Api
    key: factories.Key

    @property
    def tenant_id(self) -> TenantId:
        return TenantId(self.key.tenant_id)

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = self.key.headers | options.pop("headers", {})
        return await self.api.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: object = None, **options: Any) -> httpx2.Response:
        return await self.call("POST", path, **({"json": json} if json is not None else {}), **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        """The body of a response; assert that it is 200."""
        response = await self.call(method, path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    async def campaign(self, name: str = "A campaign") -> CampaignId:
        return (await self.done("POST", "/v1/campaigns", json={"campaignName": name}))["campaignId"]

    async def queue(self, name: str = "A queue", **fields: object) -> QueueId:
        made = await self.done("POST", "/v1/queues/inbound", json={"callinName": name} | fields)
        return made["callinId"]

    async def contact(self, campaign_id: int, number: str = "0901234567", **fields: object) -> Any:
        """Add a contact; its `contactId` and `listId`."""
        return await self.done("POST", f"/v1/campaigns/{campaign_id}/contacts", json={"phoneNumber": number} | fields)

    async def bulk(self, campaign_id: int, contacts: object, **fields: object) -> int:
        """Import contacts from JSON; the id of the job."""
        made = await self.done(
            "POST", f"/v1/campaigns/{campaign_id}/contacts/bulk", json={"contacts": contacts} | fields
        )
        return made["job_id"]

    async def move(self, contact_id: ContactId, process_status: int, call_status: str | None = None) -> None:
        await move_contact(self.api.pool, self.tenant_id, contact_id, process_status, call_status)

    async def checksum(self) -> Checksum:
        return await checksum(self.api.pool, self.tenant_id)
