"""`GET /v1/contacts?updatedSince`: contacts that changed, read on and resumed."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import refused
from tests.support.calls import a_call
from tongdai.changes import store as changes
from tongdai.contacts.changes import retention
from tongdai.ids import TenantId
from tongdai.testing.factories import vn_mobile

LONG_AGO = "1970-01-01T00:00:00Z"
EVER = {"updatedSince": LONG_AGO}


async def read(tenant, path="/v1/contacts", **query):
    """All that changed, and the cursor to resume with."""
    rows, deleted, cursor, page = [], [], query.pop("cursor", "*"), {}
    while cursor is not None:
        page = (await tenant.get(path, params=EVER | query | {"cursor": cursor})).json()
        rows += page["data"]
        deleted += page.get("deleted", [])
        cursor = page["nextCursor"]
    return rows, deleted, page["resumeCursor"]


async def test_contacts_are_read_once_and_later_those_that_changed(tenant):
    campaign_ids = [await tenant.campaign(name) for name in ("First", "Second")]
    ids = [(await tenant.contact(campaign_ids[n % 2], vn_mobile(n)))["contactId"] for n in range(5)]
    rows, deleted, cursor = await read(tenant, size=2)
    assert ([row["contactId"] for row in rows], deleted) == (ids, [])
    assert rows[1]["campaignName"] == "Second"
    assert (await read(tenant, cursor=cursor))[:2] == ([], [])
    await tenant.done("PATCH", f"/v1/campaigns/{campaign_ids[0]}/contacts/{ids[2]}", json={"name": "Bình"})
    await tenant.done("DELETE", f"/v1/campaigns/{campaign_ids[1]}/contacts/{ids[1]}")
    rows, deleted, cursor = await read(tenant, cursor=cursor)
    assert [(row["contactId"], row["name"]) for row in rows] == [(ids[2], "Bình")]
    assert deleted == [ids[1]]
    assert (await read(tenant, cursor=cursor))[:2] == ([], [])


async def test_reader_begins_with_an_instant_from_the_minute_before_it(tenant, conn):
    campaign_id = await tenant.campaign()
    await tenant.contact(campaign_id, vn_mobile(1))
    await changes.tick(conn)
    since = await conn.fetchval("select clock_timestamp()")
    new = await tenant.contact(campaign_id, vn_mobile(2))
    rows, _, _ = await read(tenant, updatedSince=since.isoformat())
    assert [row["contactId"] for row in rows] == [new["contactId"]]


async def test_calls_that_end_and_change_are_read_once(tenant, conn):
    campaign_id = await tenant.campaign()
    contact_id = (await tenant.contact(campaign_id, vn_mobile(1)))["contactId"]
    for _ in range(3):
        await a_call(conn, tenant.tenant_id, campaign_id, contact_id)
    rows, _, cursor = await read(tenant, "/v1/calls", size=2)
    assert len({row["callId"] for row in rows}) == len(rows) == 3
    assert (await read(tenant, "/v1/calls", cursor=cursor))[0] == []
    code = (await tenant.done("POST", "/v1/wrap-up-codes", json={"name": "Sold"}))["codeId"]
    await conn.execute(
        "update call set answered_at = opened_at, connected_at = opened_at where tenant_id = $1", tenant.tenant_id
    )
    await tenant.done("PUT", f"/v1/calls/{rows[0]['callId']}/wrap-up", json={"codeId": code})
    again, _, _ = await read(tenant, "/v1/calls", cursor=cursor)
    assert [row["callId"] for row in again] == [rows[0]["callId"]]


async def test_other_filters_and_cursors_are_refused(tenant):
    both = await tenant.get("/v1/contacts", params=EVER | {"name": "An"})
    assert refused(both, 400, "INVALID_INPUT") == "updatedSince cannot be combined with name"
    state = await tenant.get("/v1/calls", params=EVER | {"state": "ended"})
    assert refused(state, 400, "INVALID_INPUT") == "updatedSince cannot be combined with state"
    _, _, cursor = await read(tenant)
    other = await tenant.get("/v1/calls", params=EVER | {"cursor": cursor})
    refused(other, 400, "INVALID_INPUT")


@pytest.mark.usefixtures("tenant")
async def test_changes_that_are_no_longer_kept_have_the_reader_begin_again(own_pool, fresh_database):
    """In a database of its own, as what is kept is one thing for all tenants."""
    async with own_pool.acquire() as conn:
        await conn.execute("insert into tenant (tenant_id, name) values (1, 'A') on conflict do nothing")
        for n in range(3):
            await conn.execute("insert into contact_change (tenant_id, first_id, last_id) values (1, $1, $1)", n)
        await changes.tick(conn)
        await conn.execute("update change_clock set at = at - interval '31 days'")
        floor = await changes.raise_floor(conn, timedelta(days=30))
        assert floor == (await changes.horizon(conn)).floor > 0
        assert await retention.delete_old(conn, [TenantId(1)], floor) == 3
        assert await changes.position_at(conn, datetime.now(UTC)) is None, "whoever comes now reads all again"
