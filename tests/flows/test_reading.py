"""Lists that are read to their end while they change: what is there all the time is read exactly once.

Between two responses of a reader rows are inserted, changed and deleted. Reading by page numbers misses rows and
repeats others in the same scenes.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Tenant
from tests.support.calls import a_call
from tongdai.ids import ContactId
from tongdai.testing.factories import vn_mobile

SEEDS = range(3)
BEGIN_ROWS = 40


@dataclass
class Scene:
    """A list, and the ways in which it changes."""

    path: str
    key: str
    """The field that names a row."""
    insert: Callable[[], Awaitable[object]]
    """Insert a row somewhere, and return its name."""
    remove: Callable[[Any], Awaitable[object]]
    """Take a row out of the list: delete it, or change it so that the filter does not match any more."""
    change: Callable[[Any], Awaitable[object]] | None = None
    """Change a row that remains in the list."""
    there: list[object] = field(default_factory=list[object])

    async def grow(self, count: int) -> None:
        self.there += [await self.insert() for _ in range(count)]

    async def stir(self, rng: random.Random, leave: set[object]) -> None:
        """Change the list, but remove only rows that are not in `leave`."""
        await self.grow(rng.randrange(4))
        for row in rng.sample(self.there, min(len(self.there), 6)):
            if row not in leave:
                await self.remove(row)
                self.there.remove(row)
            elif self.change is not None:
                await self.change(row)


async def contacts(tenant: Tenant, query: str = "") -> Scene:
    campaign_id = await tenant.campaign()
    list_id = (await tenant.contact(campaign_id, vn_mobile(0)))["listId"]
    numbers = iter(range(1, 10**6))
    path = f"/v1/campaigns/{campaign_id}/contacts"

    async def insert() -> object:
        return (await tenant.contact(campaign_id, vn_mobile(next(numbers))))["contactId"]

    async def delete(contact_id: int) -> None:
        await tenant.done("DELETE", f"{path}/{contact_id}")

    async def call(contact_id: ContactId) -> None:
        await tenant.move(contact_id, 2, "answered")

    async def rename(contact_id: int) -> None:
        await tenant.done("PATCH", f"{path}/{contact_id}", json={"name": "Another name"})

    where = f"/v1/campaigns/{campaign_id}/contact-lists/{list_id}/contacts?{query}"
    return Scene(where, "contactId", insert, call if query else delete, rename)


async def pending_contacts(tenant: Tenant) -> Scene:
    """The pending ones, which are called meanwhile."""
    return await contacts(tenant, "processStatus=0&")


async def agents(tenant: Tenant) -> Scene:
    queue_id, numbers = await tenant.queue(), iter(range(10**6))

    async def insert() -> object:
        body = {"agentName": "An agent", "endpoint": f"agent-{next(numbers)}", "queueId": queue_id}
        return (await tenant.done("POST", "/v1/agents", json=body))["agentId"]

    async def delete(agent_id: int) -> None:
        await tenant.done("DELETE", f"/v1/agents/{agent_id}")

    async def rename(agent_id: int) -> None:
        await tenant.done("PATCH", f"/v1/agents/{agent_id}", json={"agentName": "Another name"})

    return Scene("/v1/agents?", "agentId", insert, delete, rename)


async def do_not_call(tenant: Tenant) -> Scene:
    dnc_list_id = (await tenant.done("POST", "/v1/do-not-call", json={"name": "A"}))["dncListId"]
    path, rng = f"/v1/do-not-call/{dnc_list_id}/numbers", random.Random(1)
    numbers = iter(rng.sample(range(10**6), 10**4))

    async def insert() -> object:
        number = vn_mobile(next(numbers))
        await tenant.done("POST", path, json={"phoneNumber": number})
        return number

    async def delete(number: str) -> None:
        await tenant.done("DELETE", f"{path}/{number}")

    async def replace(number: str) -> None:
        await tenant.done("POST", path, json={"phoneNumber": number, "reason": "Another reason"})

    return Scene(f"{path}?", "phoneNumber", insert, delete, replace)


async def do_not_call_lists(tenant: Tenant) -> Scene:
    names = iter(range(10**6))

    async def insert() -> object:
        return (await tenant.done("POST", "/v1/do-not-call", json={"name": f"List {next(names)}"}))["dncListId"]

    async def delete(dnc_list_id: int) -> None:
        await tenant.done("DELETE", f"/v1/do-not-call/{dnc_list_id}")

    return Scene("/v1/do-not-call?", "dncListId", insert, delete)


async def queues(tenant: Tenant) -> Scene:
    async def delete(queue_id: int) -> None:
        await tenant.done("DELETE", f"/v1/queues/inbound/{queue_id}")

    async def change(queue_id: int) -> None:
        await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}", json={"strategy": 2})

    return Scene("/v1/queues/inbound?", "callinId", tenant.queue, delete, change)


async def campaigns(tenant: Tenant) -> Scene:
    """Campaigns in status 1, which are started meanwhile."""

    async def start(campaign_id: int) -> None:
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/start")

    async def rename(campaign_id: int) -> None:
        await tenant.done("PATCH", f"/v1/campaigns/{campaign_id}", json={"campaignName": "Another name"})

    return Scene("/v1/campaigns?status=1&", "campaignId", tenant.campaign, start, rename)


async def jobs(tenant: Tenant) -> Scene:
    """Newest first; none is ever deleted."""
    campaign_id = await tenant.campaign()
    numbers = iter(range(10**6))

    async def insert() -> object:
        return await tenant.bulk(campaign_id, [{"phoneNumber": vn_mobile(next(numbers))}])

    async def keep(job_id: int) -> None:
        assert job_id

    return Scene(f"/v1/campaigns/{campaign_id}/contacts/import?", "jobId", insert, keep)


async def calls(tenant: Tenant) -> Scene:
    """Newest first; calls end meanwhile, and leave the filter."""
    campaign_id = await tenant.campaign()
    numbers, rng = iter(range(10**6)), random.Random(2)
    opened_at = datetime.fromisoformat("2026-03-10T02:00:00Z")

    async def insert() -> object:
        n = next(numbers)
        at = opened_at + timedelta(seconds=n // 3)
        async with tenant.api.pool.acquire() as conn:
            state = rng.choice(("ringing", "ended"))
            return await a_call(
                conn, tenant.tenant_id, campaign_id, ContactId(n + 1), vn_mobile(n), opened_at=at, state=state
            )

    async def forget(call_id: str) -> None:
        """Delete a call, as retention does."""
        async with tenant.api.pool.acquire() as conn:
            await conn.execute("delete from call where tenant_id = $1 and call_id = $2", tenant.tenant_id, call_id)

    return Scene("/v1/calls?", "callId", insert, forget, lambda call_id: end(tenant, call_id))


END = """
update call set state = 'ended', outcome = 'busy', ended_at = now(),
    ended_month = date_trunc('month', now() at time zone 'UTC')::date
where tenant_id = $1 and call_id = $2 and ended_at is null
"""


async def end(tenant: Tenant, call_id: str) -> None:
    """End a call if it is live."""
    async with tenant.api.pool.acquire() as conn:
        await conn.execute(END, tenant.tenant_id, call_id)


SCENES = [
    contacts, pending_contacts, agents, do_not_call, do_not_call_lists, queues, campaigns, jobs, calls,
]  # fmt: skip


async def read(
    tenant: Tenant, scene: Scene, rng: random.Random, first: str, more: Callable[[Any, int], str | None]
) -> Any:
    """How often each row was read that was there all the time, while the list changed between two responses."""
    leave = set(rng.sample(scene.there, len(scene.there) // 2))
    limit = "limit" if "campaigns?" in scene.path else "size"
    reported, query, responses = Counter[object](), first, 0
    while query is not None:
        response = await tenant.done("GET", f"{scene.path}{query}&{limit}=7")
        responses += 1
        reported.update(row[scene.key] for row in response["data"])
        await scene.stir(rng, leave)
        query = more(response, responses)
    return {row: reported[row] for row in leave}, max(reported.values())


def behind(response: Any, _: int) -> str | None:
    return None if response["nextCursor"] is None else f"cursor={response['nextCursor']}"


def next_page(response: Any, responses: int) -> str | None:
    return f"page={responses}" if response["data"] else None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", SCENES, ids=lambda make: make.__name__)
async def test_what_is_there_all_the_time_is_read_exactly_once(
    tenant: Tenant, make: Callable[[Tenant], Awaitable[Scene]], seed: int
) -> None:
    scene = await make(tenant)
    await scene.grow(BEGIN_ROWS)
    times, most = await read(tenant, scene, random.Random(seed), "cursor=*", behind)
    assert set(times.values()) == {1}
    assert most == 1, "no row at all is read twice"


@pytest.mark.parametrize(
    "make", [contacts, pending_contacts, agents, do_not_call, jobs, calls], ids=lambda make: make.__name__
)
async def test_pages_miss_rows_or_repeat_them_in_the_same_scene(
    tenant: Tenant, make: Callable[[Tenant], Awaitable[Scene]]
) -> None:
    scene = await make(tenant)
    await scene.grow(BEGIN_ROWS)
    times, most = await read(tenant, scene, random.Random(1), "page=0", next_page)
    assert set(times.values()) != {1} or most > 1


async def test_a_list_that_is_emptied_while_it_is_read_is_read_whole(tenant: Tenant) -> None:
    """Delete each contact as it is read: by pages half of them would remain."""
    scene = await contacts(tenant)
    await scene.grow(30)
    query: str | None = "cursor=*"
    while query is not None:
        response = await tenant.done("GET", f"{scene.path}{query}&size=7")
        for row in response["data"]:
            await scene.remove(row[scene.key])
        query = behind(response, 0)
    assert (await tenant.done("GET", scene.path))["totalRecord"] == 0
