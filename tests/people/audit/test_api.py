"""`GET /audit`: who changed what, filtered and page after page, for nobody but owners."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Api, Tenant, refused
from tests.support.people import person_of
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.people.users.model import Role


async def read(tenant: Tenant, **query: object) -> list[dict[str, Any]]:
    return (await tenant.done("GET", "/v1/audit", params=query))["data"]


async def test_a_change_names_the_person_the_key_or_the_operator(tenant: Tenant, conn: Connection) -> None:
    owner = await person_of(tenant, Role.OWNER)
    campaign_id = await tenant.campaign()
    await owner.done("POST", f"/v1/campaigns/{campaign_id}/start")
    await audit.record(conn, tenant.tenant_id, None, "tenant.zone", "tenant", {"zone": "Asia/Ho_Chi_Minh"})
    by_operator, by_person, *_ = await read(tenant)
    assert (by_operator["author"], by_operator["authorName"]) == ("operator", None)
    assert (by_operator["action"], by_operator["detail"]) == ("tenant.zone", {"zone": "Asia/Ho_Chi_Minh"})
    assert (by_person["author"], by_person["action"], by_person["subject"]) == (
        "user", "campaign.start", f"campaign {campaign_id}"
    )  # fmt: skip
    me = await owner.done("GET", "/v1/session")
    assert (by_person["userId"], by_person["authorName"]) == (me["user"]["id"], me["user"]["name"])
    (created,) = await read(tenant, action="campaign.create")
    (key,) = (await tenant.done("GET", "/v1/api-keys"))["data"]
    assert (created["author"], created["keyId"], created["authorName"]) == ("key", key["keyId"], key["name"])


async def test_filters_are_by_actor_action_subject_and_time(tenant: Tenant, conn: Connection) -> None:
    owner = await person_of(tenant, Role.OWNER)
    mine = (await owner.done("GET", "/v1/session"))["user"]["id"]
    campaign_id = await tenant.campaign()
    await owner.done("PATCH", f"/v1/campaigns/{campaign_id}", json={"priority": 5})
    changes = await read(tenant, userId=mine, action="campaign")
    assert [one["action"] for one in changes] == ["campaign.change"]
    of_it = await read(tenant, subject=f"campaign {campaign_id}")
    assert [one["action"] for one in of_it] == ["campaign.change", "campaign.create"]
    at = datetime.fromisoformat(changes[0]["at"])
    after = (at + timedelta(microseconds=1)).isoformat()
    assert await read(tenant, action="campaign", **{"from": after}) == []
    assert len(await read(tenant, action="campaign", **{"from": at.isoformat(), "to": after})) == 1
    assert await read(tenant, keyId=987654) == []


async def test_a_cursor_reads_each_entry_once_while_there_are_new_ones(tenant: Tenant, conn: Connection) -> None:
    for n in range(5):
        await audit.record(conn, tenant.tenant_id, None, "test.change", f"thing {n}")
    read_subjects: list[str] = []
    cursor: str | None = "*"
    while cursor:
        page = await tenant.done("GET", "/v1/audit", params={"action": "test", "size": 2, "cursor": cursor})
        read_subjects += [one["subject"] for one in page["data"]]
        cursor = page["nextCursor"]
        await audit.record(conn, tenant.tenant_id, None, "test.change", "later")
    assert read_subjects == [f"thing {n}" for n in (4, 3, 2, 1, 0)]
    counted = await tenant.done("GET", "/v1/audit", params={"action": "test", "page": 1, "size": 4})
    assert (counted["totalRecord"], len(counted["data"])) == (8, 4)


async def test_no_tenant_sees_what_another_does(api: Api, tenant: Tenant, conn: Connection) -> None:
    theirs = await api.key()
    await audit.record(conn, theirs.tenant_id, None, "test.change", "theirs")
    assert await read(tenant, action="test") == []


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.VIEWER])
async def test_others_than_owners_are_refused(tenant: Tenant, role: Role) -> None:
    person = await person_of(tenant, role)
    refused(await person.call("GET", "/v1/audit"), 403, "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("action=Start!", "action must be such as campaign.start"),
        ("action=a.b.c", "action must be such as campaign.start"),
        ("userId=me", "userId must be"),
        ("from=yesterday", "from must be an instant"),
        ("who=me", "who"),
    ],
)
async def test_wrong_filters_are_refused_with_the_reason(tenant: Tenant, query: str, said: str) -> None:
    assert said in refused(await tenant.get(f"/v1/audit?{query}"), 400, "INVALID_INPUT")
