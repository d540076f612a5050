"""Campaigns whose sound the switch does not have are not started, and such a sound cannot be named."""

import pytest

from tests.support import sounds
from tests.support.api import Tenant, refused
from tongdai.db.pool import Connection, Pool

PATH = "/v1/campaigns/{}"


async def status(tenant: Tenant, campaign_id: int) -> int:
    return (await tenant.done("GET", PATH.format(campaign_id)))["status"]


async def named(tenant: Tenant, campaign_id: int, **settings: object) -> None:
    await tenant.done("PATCH", PATH.format(campaign_id), json=settings)


async def test_start_of_a_campaign_whose_sound_is_missing_is_refused_until_it_is_there(
    pool: Pool, conn: Connection, tenant: Tenant
) -> None:
    await sounds.forget(conn)
    campaign_id = await tenant.campaign()
    await named(tenant, campaign_id, audioFile="custom/spring")
    has: dict[str, bool | None] = {"custom/spring": False}
    async with sounds.led(pool, has):
        response = await tenant.post(f"{PATH.format(campaign_id)}/start")
        assert refused(response, 400, "INVALID_STATE") == (
            "The switch does not have the sound custom/spring (audioFile): add it to the switch, or name another"
        )
        assert await status(tenant, campaign_id) == 1
        has["custom/spring"] = True
        await tenant.done("POST", f"{PATH.format(campaign_id)}/start")
        assert await status(tenant, campaign_id) == 2


async def test_servers_default_sound_is_checked_where_a_campaign_names_none(pool: Pool, tenant: Tenant) -> None:
    campaign_id = await tenant.campaign()
    async with sounds.led(pool, {"hello-world": False}):
        message = refused(await tenant.post(f"{PATH.format(campaign_id)}/start"), 400, "INVALID_STATE")
        assert "the sound hello-world (the server's default_sound)" in message


async def test_state_and_existence_are_checked_before_the_sound(pool: Pool, tenant: Tenant) -> None:
    campaign_id = await tenant.campaign()
    await tenant.done("POST", f"{PATH.format(campaign_id)}/start")
    async with sounds.led(pool, {"hello-world": False}):
        response = await tenant.post(f"{PATH.format(campaign_id)}/start")
        assert refused(response, 400, "INVALID_STATE").startswith("Cannot start a campaign in status 2")
        refused(await tenant.post(f"{PATH.format(10**15)}/start"), 404, "NOT_FOUND")


@pytest.mark.parametrize("setting", ["audioFile", "abandonFile"])
async def test_setting_that_names_a_missing_sound_is_refused(pool: Pool, tenant: Tenant, setting: str) -> None:
    campaign_id = await tenant.campaign()
    async with sounds.led(pool, {"nonesuch": False}) as asked:
        response = await tenant.call("PATCH", PATH.format(campaign_id), json={setting: "nonesuch", "priority": 3})
        assert refused(response, 400, "INVALID_INPUT") == (
            f"{setting} must be a sound that the switch has, not 'nonesuch'"
        )
        found = await tenant.done("GET", PATH.format(campaign_id))
        assert (found[setting], found["priority"]) == (None, 0)
        await named(tenant, campaign_id, **{setting: "there"})
        await named(tenant, campaign_id, **{setting: None})
        await named(tenant, campaign_id, priority=4)
        assert asked == ["nonesuch", "there"]


async def test_creation_names_the_settings_whose_sound_is_missing(pool: Pool, tenant: Tenant) -> None:
    sent = {"campaignName": "A", "audioFile": "nonesuch", "abandonFile": "there"}
    async with sounds.led(pool, {"nonesuch": False}):
        made = await tenant.done("POST", "/v1/campaigns", json=sent)
    assert made["missingSounds"] == ["audioFile"]
    assert made["error_message"] == (
        "Campaign created. The switch does not have the sound of audioFile: the campaign cannot start until it has it"
    )
    found = await tenant.done("GET", PATH.format(made["campaignId"]))
    assert (found["audioFile"], found["status"]) == ("nonesuch", 1)


async def test_campaign_with_agents_plays_its_abandonment_message_alone(pool: Pool, tenant: Tenant) -> None:
    campaign_id, queue_id = await tenant.campaign(), await tenant.queue()
    await named(tenant, campaign_id, dialingMode="progressive", queueId=queue_id, audioFile="nonesuch")
    async with sounds.led(pool, {"nonesuch": False, "hello-world": False}):
        await tenant.done("POST", f"{PATH.format(campaign_id)}/start")


async def test_start_is_repeated_by_its_key_although_the_sound_is_gone(pool: Pool, tenant: Tenant) -> None:
    campaign_id = await tenant.campaign()
    has: dict[str, bool | None] = {"hello-world": True}
    async with sounds.led(pool, has):
        once = {"Idempotency-Key": f"start-{campaign_id}"}
        first = await tenant.call("POST", f"{PATH.format(campaign_id)}/start", headers=once)
        has["hello-world"] = False
        again = await tenant.call("POST", f"{PATH.format(campaign_id)}/start", headers=once)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.content == again.content


async def test_refused_start_may_be_tried_again_with_its_key(pool: Pool, conn: Connection, tenant: Tenant) -> None:
    await sounds.forget(conn)
    campaign_id = await tenant.campaign()
    has: dict[str, bool | None] = {"hello-world": False}
    async with sounds.led(pool, has):
        once = {"Idempotency-Key": f"start-{campaign_id}"}
        first = await tenant.call("POST", f"{PATH.format(campaign_id)}/start", headers=once)
        has["hello-world"] = True
        again = await tenant.call("POST", f"{PATH.format(campaign_id)}/start", headers=once)
        assert (first.status_code, again.status_code) == (400, 200)


async def test_campaign_starts_while_no_process_leads_the_switch(conn: Connection, tenant: Tenant) -> None:
    await sounds.forget(conn)
    campaign_id = await tenant.campaign()
    await named(tenant, campaign_id, audioFile="nonesuch")
    await tenant.done("POST", f"{PATH.format(campaign_id)}/start")
    found = await tenant.done("GET", f"{PATH.format(campaign_id)}/diagnostics")
    assert found["sound"] == {"setting": "audioFile", "name": "nonesuch", "state": "unchecked"}
    assert "sound_missing" not in [blocker["code"] for blocker in found["blockers"]]


async def test_diagnostics_name_a_sound_that_is_missing_and_have_one_checked_that_was_not(
    pool: Pool, conn: Connection, tenant: Tenant
) -> None:
    await sounds.forget(conn)
    campaign_id = await tenant.campaign()
    await named(tenant, campaign_id, audioFile="nonesuch")
    async with sounds.led(pool, {"nonesuch": False}) as asked:
        first = await tenant.done("GET", f"{PATH.format(campaign_id)}/diagnostics")
        assert first["sound"]["state"] == "unchecked"
        refused(await tenant.post(f"{PATH.format(campaign_id)}/start"), 400, "INVALID_STATE")
        assert "nonesuch" in asked
        found = await tenant.done("GET", f"{PATH.format(campaign_id)}/diagnostics")
        assert found["sound"] == {"setting": "audioFile", "name": "nonesuch", "state": "missing"}
        assert "sound_missing" in [blocker["code"] for blocker in found["blockers"]]
