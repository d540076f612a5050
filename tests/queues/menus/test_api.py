"""`/queues/menus`."""

import asyncio
from typing import Any

import pytest

from tests.support.api import Tenant, refused

MENUS = "/v1/queues/menus"
NOTHING = {"queueId": None, "number": None, "sound": None, "menuId": None}
LATER = {"kind": "callback"}
UNUSED = {"queues": [], "menus": [], "defaultHours": False}
PLAIN: dict[str, Any] = {"name": "M", "options": {"1": LATER}}


def to(menu_id: int) -> dict[str, Any]:
    return {"kind": "menu", "menuId": menu_id}


async def menu(tenant: Tenant, **fields: Any) -> int:
    return (await tenant.done("POST", MENUS, json=PLAIN | fields))["menuId"]


async def test_menu_is_read_as_it_was_created(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    below = await menu(tenant)
    sent = {
        "name": "Chào",
        "greeting": "tongdai/welcome",
        "timeoutSec": 8,
        "repeats": 1,
        "options": {"0": {"kind": "number", "number": "02873001234"}, "*": to(below), "5": LATER},
        "otherwise": {"kind": "queue", "queueId": queue_id},
    }
    menu_id = await menu(tenant, **sent)
    shown = sent | {
        "menuId": menu_id,
        "options": {key: NOTHING | option for key, option in sent["options"].items()},
        "otherwise": NOTHING | sent["otherwise"],
        "usedBy": UNUSED,
    }
    assert await tenant.done("GET", f"{MENUS}/{menu_id}") == shown
    assert shown in (await tenant.done("GET", MENUS))["data"]
    assert shown in (await tenant.done("GET", f"{MENUS}?cursor=*"))["data"]


async def test_menu_has_defaults_and_is_replaced_as_a_whole(tenant: Tenant) -> None:
    menu_id = await menu(tenant, greeting="a", repeats=5, otherwise=LATER)
    await tenant.done("PUT", f"{MENUS}/{menu_id}", json={"name": "N", "options": {"#": {"kind": "hang_up"}}})
    assert await tenant.done("GET", f"{MENUS}/{menu_id}") == {
        "menuId": menu_id,
        "name": "N",
        "greeting": None,
        "timeoutSec": 5,
        "repeats": 2,
        "options": {"#": NOTHING | {"kind": "hang_up"}},
        "otherwise": None,
        "usedBy": UNUSED,
    }


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": ""}, "name must have 1 to 255"),
        ({"timeoutSec": 31}, "timeoutSec must be 1 to 30"),
        ({"repeats": 6}, "repeats must be 0 to 5"),
        ({"options": {}}, "options must be by the keys 0 to 9, * and #, at least one"),
        ({"options": {"11": LATER}}, "options must be by the keys 0 to 9, * and #, not '11'"),
        ({"options": {"a": LATER}}, "not 'a'"),
        ({"options": {"1": {"kind": "queue"}}}, "options.1.queueId is missing"),
        ({"greeting": "/etc/passwd"}, "greeting must be a sound"),
        ({"otherwise": {"kind": "menu", "menuId": 1}}, "otherwise must be no menu"),
    ],
)
async def test_menu_that_cannot_be_changes_nothing(tenant: Tenant, sent: Any, message: str) -> None:
    menu_id = await menu(tenant)
    before = await tenant.checksum()
    for method, path in (("POST", MENUS), ("PUT", f"{MENUS}/{menu_id}")):
        response = await tenant.call(method, path, json=PLAIN | sent)
        assert message in refused(response, 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_menus_have_three_levels_and_no_way_back(tenant: Tenant) -> None:
    third = await menu(tenant)
    second = await menu(tenant, options={"1": to(third)})
    first = await menu(tenant, options={"1": to(second)})
    deep = await tenant.post(MENUS, PLAIN | {"options": {"1": to(first)}})
    assert "more than 3 of them" in refused(deep, 400, "INVALID_INPUT")
    for menu_id, back in ((third, first), (third, second), (first, first)):
        response = await tenant.call("PUT", f"{MENUS}/{menu_id}", json=PLAIN | {"options": {"1": to(back)}})
        assert "lead back" in refused(response, 400, "INVALID_INPUT")


async def test_two_changes_at_once_make_no_way_back(tenant: Tenant) -> None:
    for _ in range(5):
        one, other = await menu(tenant), await menu(tenant)
        responses = await asyncio.gather(
            tenant.call("PUT", f"{MENUS}/{one}", json=PLAIN | {"options": {"1": to(other)}}),
            tenant.call("PUT", f"{MENUS}/{other}", json=PLAIN | {"options": {"1": to(one)}}),
        )
        assert sorted(response.status_code for response in responses) == [200, 400]


async def test_menu_of_another_tenant_is_no_destination(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs, queue_id = await menu(other_tenant), await tenant.queue()
    for method, path, body, field in (
        ("POST", MENUS, PLAIN | {"options": {"1": to(theirs)}}, "options.1.menuId"),
        ("PATCH", f"/v1/queues/inbound/{queue_id}/settings", {"menuId": theirs}, "menuId"),
        ("PATCH", f"/v1/queues/inbound/{queue_id}/settings", {"overflow": to(theirs)}, "overflow.menuId"),
        ("PUT", "/v1/queues/hours", {"afterHours": to(theirs)}, "afterHours.menuId"),
    ):
        message = refused(await tenant.call(method, path, json=body), 404, "NOT_FOUND")
        assert message == f"{field}: menu {theirs} not found"


async def test_menu_tells_what_brings_callers_to_it(tenant: Tenant, other_tenant: Tenant) -> None:
    front, full, closed = await tenant.queue("Front"), await tenant.queue("Full"), await tenant.queue("Closed")
    below, beside = await menu(tenant), await menu(tenant)
    above = await menu(tenant, options={"1": to(below), "2": to(below), "3": LATER})
    await menu(other_tenant)
    await tenant.done("PATCH", f"/v1/queues/inbound/{front}/settings", json={"menuId": below, "overflow": to(below)})
    await tenant.done("PATCH", f"/v1/queues/inbound/{full}/settings", json={"whenFull": to(below)})
    await tenant.done("PUT", f"/v1/queues/inbound/{closed}/hours", json={"afterHours": to(below)})
    await tenant.done("PUT", "/v1/queues/hours", json={"afterHours": to(beside)})
    used = {
        below: {"queues": sorted([front, full, closed]), "menus": [above], "defaultHours": False},
        beside: UNUSED | {"defaultHours": True},
        above: UNUSED,
    }
    for menu_id, by in used.items():
        assert (await tenant.done("GET", f"{MENUS}/{menu_id}"))["usedBy"] == by
    for query in ("", "?cursor=*"):
        listed = (await tenant.done("GET", f"{MENUS}{query}"))["data"]
        assert {one["menuId"]: one["usedBy"] for one in listed} == used


async def test_menu_and_queue_that_are_used_are_not_deleted(tenant: Tenant) -> None:
    queue_id, menu_id, below = await tenant.queue(), await menu(tenant), await menu(tenant)
    target = await tenant.queue("Target")
    settings = f"/v1/queues/inbound/{queue_id}/settings"
    sent = PLAIN | {"options": {"1": to(below), "2": {"kind": "queue", "queueId": target}}}
    await tenant.done("PUT", f"{MENUS}/{menu_id}", json=sent)
    await tenant.done("PATCH", settings, json={"menuId": menu_id})
    for path, used in (
        (f"{MENUS}/{menu_id}", f"queue {queue_id}"),
        (f"{MENUS}/{below}", f"menu {menu_id}"),
        (f"/v1/queues/inbound/{target}", f"menu {menu_id}"),
    ):
        assert refused(await tenant.call("DELETE", path), 400, "INVALID_STATE").endswith(f"used by {used}")
    await tenant.done("PATCH", settings, json={"menuId": None})
    for path in (f"{MENUS}/{menu_id}", f"{MENUS}/{below}", f"/v1/queues/inbound/{target}"):
        await tenant.done("DELETE", path)
    refused(await tenant.get(f"{MENUS}/{menu_id}"), 404, "NOT_FOUND")
