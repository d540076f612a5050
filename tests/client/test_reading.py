"""Iterators of both clients over lists that change: what is there all the time comes exactly once."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.client.conftest import Caller, done
from tests.support.calls import a_call
from tests.support.contacts import move_within
from tests.support.servers import Server
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, TenantId
from tongdai.testing.factories import vn_mobile

BEGIN_ROWS = 40
PAGE_SIZE = 7


@dataclass
class Scene:
    """A list of a client, and the ways in which it changes."""

    records: Callable[[], Any]
    """Iterate over it from its beginning."""
    key: str
    """The attribute that names a record."""
    insert: Callable[[], Awaitable[Any]]
    """Insert a record somewhere, and return its name."""
    remove: Callable[[Any], Awaitable[object]]
    """Take a record out of the list: delete it, or change it so that the filter does not match any more."""
    change: Callable[[Any], Awaitable[object]] | None = None
    """Change a record that remains in the list."""
    there: list[Any] = field(default_factory=list[Any])

    async def grow(self, count: int) -> None:
        self.there += [await self.insert() for _ in range(count)]

    async def stir(self, rng: random.Random, leave_there: set[Any], read: Any) -> None:
        """Change the list: also the record that was just read; only records that are not in `leave_there` go."""
        if rng.random() < 0.3:
            await self.grow(1)
        for row in {read, rng.choice(self.there)} & {*self.there}:
            if row not in leave_there:
                await self.remove(row)
                self.there.remove(row)
            elif self.change is not None:
                await self.change(row)


@asynccontextmanager
async def moving(server: Server) -> AsyncIterator[Connection]:
    """A transaction that moves what only calls move."""
    async with server.database() as conn, conn.transaction():
        yield conn


async def contacts(caller: Caller, server: Server, **filters: Any) -> Scene:
    client, campaign_id = caller.client, await caller.campaign()
    tenant_id, numbers = TenantId(caller.key.tenant_id), iter(range(10**6))
    list_id = (await done(client.add_contact(campaign_id, vn_mobile(next(numbers))))).list_id

    async def insert() -> int:
        return (await done(client.add_contact(campaign_id, vn_mobile(next(numbers))))).contact_id

    async def delete(contact_id: int) -> None:
        await done(client.delete_contact(campaign_id, contact_id))

    async def call(contact_id: ContactId) -> None:
        async with moving(server) as conn:
            await move_within(conn, tenant_id, contact_id, 2, "busy")

    async def rename(contact_id: int) -> None:
        await done(client.update_contact(campaign_id, contact_id, name="Another name"))

    def records() -> Any:
        return client.contacts(campaign_id, list_id, page_size=PAGE_SIZE, **filters)

    return Scene(records, "contact_id", insert, call if filters else delete, rename)


async def pending_contacts(caller: Caller, server: Server) -> Scene:
    """The pending ones, which are called meanwhile."""
    return await contacts(caller, server, process_status=0)


async def calls(caller: Caller, server: Server) -> Scene:
    """The calls of a campaign, newest first. New ones are opened meanwhile, and old ones end or are dropped."""
    client, campaign_id = caller.client, CampaignId(await caller.campaign())
    tenant_id, numbers = TenantId(caller.key.tenant_id), iter(range(10**6))
    opened_at = datetime.fromisoformat("2026-03-10T02:00:00Z")

    async def insert() -> str:
        n = next(numbers)
        at, state = opened_at + timedelta(seconds=n // 3), ("ringing", "ended")[n % 2]
        async with moving(server) as conn:
            contact_id, number = ContactId(n + 1), vn_mobile(n)
            return await a_call(conn, tenant_id, campaign_id, contact_id, number, opened_at=at, state=state)

    async def drop(call_id: str) -> None:
        async with moving(server) as conn:
            await conn.execute("delete from call where tenant_id = $1 and call_id = $2", tenant_id, call_id)

    async def end(call_id: str) -> None:
        async with moving(server) as conn:
            await conn.execute(
                """
                update call set state = 'ended', outcome = 'busy', ended_at = now(),
                    ended_month = date_trunc('month', now() at time zone 'UTC')::date
                where tenant_id = $1 and call_id = $2 and ended_at is null
                """,
                tenant_id,
                call_id,
            )

    return Scene(lambda: client.calls(campaign_id=campaign_id, page_size=PAGE_SIZE), "call_id", insert, drop, end)


async def agents(caller: Caller, _: Server) -> Scene:
    client, numbers = caller.client, iter(range(10**6))
    queue_id = (await done(client.create_queue("Q"))).queue_id

    async def insert() -> int:
        return (await done(client.create_agent("An", f"agent-{next(numbers)}", queue_id))).agent_id

    async def delete(agent_id: int) -> None:
        await done(client.delete_agent(agent_id))

    async def rename(agent_id: int) -> None:
        await done(client.update_agent(agent_id, name="Another name"))

    return Scene(lambda: client.agents(page_size=PAGE_SIZE), "agent_id", insert, delete, rename)


async def do_not_call(caller: Caller, _: Server) -> Scene:
    """Numbers that are added anywhere in the order of the list."""
    client, numbers = caller.client, iter(random.Random(1).sample(range(10**6), 10**4))
    dnc_list_id = (await done(client.create_dnc_list("A"))).dnc_list_id

    async def insert() -> str:
        number = vn_mobile(next(numbers))
        await done(client.add_dnc_number(dnc_list_id, number))
        return number

    async def remove(number: str) -> None:
        await done(client.remove_dnc_number(dnc_list_id, number))

    async def replace(number: str) -> None:
        await done(client.add_dnc_number(dnc_list_id, number, reason="Another reason"))

    return Scene(lambda: client.dnc_numbers(dnc_list_id, page_size=PAGE_SIZE), "phone_number", insert, remove, replace)


SCENES = [contacts, pending_contacts, calls, agents, do_not_call]
each_scene = pytest.mark.parametrize("make", SCENES, ids=lambda make: make.__name__)
Make = Callable[[Caller, Server], Awaitable[Scene]]


async def each(records: Any) -> AsyncIterator[Any]:
    """The records of either client, one by one: the list may change between two of them."""
    if hasattr(records, "__aiter__"):
        async for record in records:
            yield record
    else:
        for record in records:
            yield record


@each_scene
async def test_records_come_exactly_once_while_others_are_deleted_added_and_changed(
    caller: Caller, server: Server, make: Make
) -> None:
    scene, rng = await make(caller, server), random.Random(1)
    await scene.grow(BEGIN_ROWS)
    leave_there = set(rng.sample(scene.there, BEGIN_ROWS // 2))
    times = Counter[Any]()
    async for record in each(scene.records()):
        read = getattr(record, scene.key)
        times[read] += 1
        await scene.stir(rng, leave_there, read)
    assert {row: times[row] for row in leave_there} == dict.fromkeys(leave_there, 1)
    assert max(times.values()) == 1, "none is read twice"


@each_scene
async def test_records_that_are_deleted_as_they_are_read_are_all_read(
    caller: Caller, server: Server, make: Make
) -> None:
    scene = await make(caller, server)
    await scene.grow(BEGIN_ROWS)
    removed = 0
    async for record in each(scene.records()):
        await scene.remove(getattr(record, scene.key))
        removed += 1
    assert removed >= BEGIN_ROWS
    assert [record async for record in each(scene.records())] == []


async def test_rows_of_an_import_come_exactly_once_while_its_contacts_are_deleted_and_it_is_undone(
    caller: Caller,
) -> None:
    client, campaign_id = caller.client, await caller.campaign()
    sent = [{"phoneNumber": vn_mobile(n) if n % 5 else "0901"} for n in range(BEGIN_ROWS)]
    job = await done(client.wait(await done(client.import_contacts(campaign_id, sent))))
    read: list[int] = []
    async for row in each(client.import_rows(job, page_size=PAGE_SIZE)):
        read.append(row.row)
        if row.contact_id is not None and len(read) < BEGIN_ROWS // 2:
            await done(client.delete_contact(campaign_id, row.contact_id))
            await done(client.add_contact(campaign_id, row.phone_number))
        if len(read) == BEGIN_ROWS // 2:
            await done(client.undo_import(job))
    assert read == [*range(1, BEGIN_ROWS + 1)]
    failed = [row.row async for row in each(client.import_rows(job, outcome="failed", page_size=PAGE_SIZE))]
    assert failed == [n + 1 for n in range(BEGIN_ROWS) if n % 5 == 0]
