"""A database with data, and its backup."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.contacts import add_many, new_campaign, number
from tests.support.databases import FreshDatabase, session_of
from tongdai.backup import create
from tongdai.backup.model import Manifest
from tongdai.calls import retention
from tongdai.contacts.model import NewContact
from tongdai.db import migrate
from tongdai.db.pool import Connection, connect
from tongdai.ids import TenantId
from tongdai.tenants import key_format, store
from tongdai.testing import factories

PEPPER = b"the pepper of the backup, long enough"
CONTACTS = 300


class Silent:
    def step(self, description: str, total: int | None = None) -> None: ...

    def done(self, bytes_done: int) -> None: ...


@dataclass(frozen=True)
class Source:
    dsn: str
    conn: Connection
    tenant_id: TenantId


@pytest.fixture(scope="session")
async def source(fresh_database: FreshDatabase) -> AsyncGenerator[Source]:
    """A database with a key, and a running campaign whose contacts are due."""
    async with fresh_database(migrated=False) as url:
        conn = await connect(session_of(url), name="tests")
        await migrate.migrate(conn)
        await retention.create_partitions(conn)
        await store.check_pepper(conn, key_format.fingerprint(PEPPER))
        key = await factories.key(conn, PEPPER)
        campaign_id = await new_campaign(conn, key.tenant_id)
        await add_many(conn, key.tenant_id, campaign_id, [NewContact(phone=number(n)) for n in range(CONTACTS)])
        await conn.execute("update campaign set status = 2")
        yield Source(session_of(url), conn, key.tenant_id)
        await conn.close()


async def back_up(source: Source, path: Path, pepper: bytes | None = None) -> Manifest:
    conn = await connect(source.dsn, name="tests")
    try:
        return await create.create(source.dsn, conn, path, None, pepper, Silent(), replace=False)
    finally:
        await conn.close()
