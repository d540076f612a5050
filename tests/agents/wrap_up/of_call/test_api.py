"""The code of a call, during it and after it, and all that follows from it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.wrap_ups import WrapUps
from tongdai.agents.model import AgentState
from tongdai.call_outcome import Outcome

LATER_S = 7200.0


def in_two_hours() -> str:
    return (datetime.now(UTC) + timedelta(seconds=LATER_S)).isoformat()


@pytest.mark.parametrize("during", [True, False])
@pytest.mark.parametrize("flag", ["success", "doNotCall", "numberUnusable"])
async def test_contact_is_done_whatever_the_retry_rules_say(wrap_ups: WrapUps, flag: str, during: bool) -> None:
    await wrap_ups.floor.tenant.done(
        "PATCH",
        f"/v1/campaigns/{wrap_ups.campaign_id}",
        json={"retryRules": {"failed": {"afterMin": 10, "times": 3}}},
    )
    plain, code_id = await wrap_ups.code("Nothing"), await wrap_ups.code("A", **{flag: True})
    retried, talk = await wrap_ups.talk(), await wrap_ups.talk()
    await wrap_ups.set(retried.path, plain)
    if during:
        await wrap_ups.set(talk.path, code_id)
    await talk.end(Outcome.FAILED)
    await retried.end(Outcome.FAILED)
    if not during:
        assert (await wrap_ups.status(talk))[0] == 0
        await wrap_ups.set(talk.path, code_id)
    assert await wrap_ups.status(talk) == (2, None)
    status, due_s = await wrap_ups.status(retried)
    assert status == 0
    assert due_s == pytest.approx(600, abs=5)
    assert await wrap_ups.pending_counted()
    call = await wrap_ups.floor.tenant.done("GET", f"/v1/calls/{talk.call.call_id}")
    assert (call["wrapUpCodeId"], call["nextCallAt"]) == (code_id, None)


@pytest.mark.parametrize("during", [True, False])
async def test_callback_makes_the_contact_due_at_its_time(wrap_ups: WrapUps, during: bool) -> None:
    code_id, talk = await wrap_ups.code("Later", callback=True), await wrap_ups.talk()
    if not during:
        await talk.end()
        assert await wrap_ups.status(talk) == (2, None)
    await wrap_ups.set(talk.path, code_id, callbackAt=in_two_hours())
    if during:
        await talk.end()
    status, due_s = await wrap_ups.status(talk)
    assert status == 0
    assert due_s == pytest.approx(LATER_S, abs=5)
    assert await wrap_ups.pending_counted()


async def test_code_that_replaces_another_decides_about_the_contact_anew(wrap_ups: WrapUps) -> None:
    later, sold = await wrap_ups.code("Later", callback=True), await wrap_ups.code("Sold", success=True)
    talk = await wrap_ups.talk()
    await talk.end()
    for _ in range(2):
        await wrap_ups.set(talk.path, later, callbackAt=in_two_hours())
        assert (await wrap_ups.status(talk))[0] == 0
        await wrap_ups.set(talk.path, sold)
        assert await wrap_ups.status(talk) == (2, None)
        assert await wrap_ups.pending_counted()


async def test_contact_in_another_call_is_left_to_that_call(wrap_ups: WrapUps) -> None:
    code_id, talk = await wrap_ups.code("Sold", success=True), await wrap_ups.talk()
    await talk.end()
    await wrap_ups.floor.pool.execute(
        "update contact set process_status = 0 where tenant_id = $1 and contact_id = $2",
        wrap_ups.floor.tenant_id, talk.call.contact_id,
    )  # fmt: skip
    await wrap_ups.set(talk.path, code_id)
    assert await wrap_ups.status(talk) == (0, None)


@pytest.mark.parametrize("incoming", [True, False])
async def test_number_is_on_the_list_of_all_campaigns_at_once(wrap_ups: WrapUps, incoming: bool) -> None:
    tenant, code_id = wrap_ups.floor.tenant, await wrap_ups.code("Never", doNotCall=True)
    talk = await wrap_ups.caller() if incoming else await wrap_ups.talk()
    await wrap_ups.set(talk.path, code_id)
    await wrap_ups.set(talk.path, code_id)
    checked = await tenant.done("GET", "/v1/do-not-call/check", params={"phoneNumber": talk.call.phone})
    (entry,) = checked["data"]
    assert (entry["name"], entry["reason"], entry["campaignId"]) == ("Wrap-up codes", "Never", None)


async def test_list_of_one_campaign_by_that_name_takes_no_numbers_and_no_code_is_set(wrap_ups: WrapUps) -> None:
    tenant, code_id = wrap_ups.floor.tenant, await wrap_ups.code("Never", doNotCall=True)
    await tenant.done("POST", "/v1/do-not-call", json={"name": "Wrap-up codes", "campaignId": wrap_ups.campaign_id})
    talk = await wrap_ups.talk()
    refused(await tenant.call("PUT", talk.path, json={"codeId": code_id}), 400, "INVALID_STATE")
    assert (await tenant.done("GET", f"/v1/calls/{talk.call.call_id}"))["wrapUpCodeId"] is None


async def test_withheld_number_is_refused_with_do_not_call(wrap_ups: WrapUps) -> None:
    code_id, talk = await wrap_ups.code("Never", doNotCall=True), await wrap_ups.caller(phone="")
    refused(await wrap_ups.floor.tenant.call("PUT", talk.path, json={"codeId": code_id}), 400, "INVALID_STATE")


async def test_caller_is_called_back_by_code_once_at_the_time_that_was_said_last(wrap_ups: WrapUps) -> None:
    tenant = wrap_ups.floor.tenant
    code_id, talk = await wrap_ups.code("Later", callback=True), await wrap_ups.caller()
    await wrap_ups.set(talk.path, code_id, callbackAt="2099-01-01T00:00:00Z")
    await wrap_ups.set(talk.path, code_id, callbackAt="2099-01-02T00:00:00Z", callbackAgentId=talk.agent_id)
    (callback,) = (await tenant.done("GET", "/v1/callbacks"))["data"]
    assert (callback["source"], callback["fromCall"], callback["phoneNumber"]) == (
        "wrap_up",
        str(talk.call.call_id),
        "0901234567",
    )
    assert (callback["dueAt"], callback["agentId"]) == ("2099-01-02T00:00:00Z", talk.agent_id)
    assert callback["agentUntil"] == "2099-01-02T00:15:00Z"


async def test_code_that_is_no_callback_cancels_the_one_of_before(wrap_ups: WrapUps) -> None:
    later, sold = await wrap_ups.code("Later", callback=True), await wrap_ups.code("Sold")
    talk = await wrap_ups.caller()
    await wrap_ups.set(talk.path, later, callbackAt=in_two_hours())
    await wrap_ups.set(talk.path, sold)
    (callback,) = (await wrap_ups.floor.tenant.done("GET", "/v1/callbacks"))["data"]
    assert callback["state"] == "cancelled"


async def test_callback_that_cannot_be_is_refused_and_sets_no_code(wrap_ups: WrapUps) -> None:
    tenant, later = wrap_ups.floor.tenant, await wrap_ups.code("Later", callback=True)
    caller, withheld, contact = await wrap_ups.caller(), await wrap_ups.caller(phone=""), await wrap_ups.talk()
    sent = {"codeId": later, "callbackAt": in_two_hours()}
    refused(await tenant.call("PUT", withheld.path, json=sent), 400, "INVALID_STATE")
    for_agent = sent | {"callbackAgentId": 999999}
    refused(await tenant.call("PUT", caller.path, json=for_agent), 400, "INVALID_INPUT")
    refused(await tenant.call("PUT", contact.path, json=for_agent), 400, "INVALID_INPUT")
    refused(await tenant.call("PUT", caller.path, json=sent | {"callbackPatienceSec": 0}), 400, "INVALID_INPUT")
    await wrap_ups.set(caller.path, later, callbackAt=in_two_hours())
    again = await wrap_ups.caller()
    assert "already" in refused(await tenant.call("PUT", again.path, json=sent), 400, "INVALID_STATE")
    assert (await tenant.done("GET", f"/v1/calls/{contact.call.call_id}"))["wrapUpCodeId"] is None


async def test_callback_has_a_time_to_come_and_no_other_code_has_one(wrap_ups: WrapUps) -> None:
    tenant, talk = wrap_ups.floor.tenant, await wrap_ups.talk()
    later, sold = await wrap_ups.code("Later", callback=True), await wrap_ups.code("Sold")
    past = "2026-03-10T02:00:00Z"
    for sent in (
        {"codeId": later},
        {"codeId": later, "callbackAt": past},
        {"codeId": later, "callbackAt": "2099-01-01T00:00:00"},
        {"codeId": sold, "callbackAt": in_two_hours()},
        {"codeId": sold, "note": "x" * 1001},
        {"codeId": 999999999999999999},
    ):
        refused(await tenant.call("PUT", talk.path, json=sent), 400, "INVALID_INPUT")


async def test_only_offered_codes_are_taken(wrap_ups: WrapUps, other_tenant: Tenant) -> None:
    tenant, talk = wrap_ups.floor.tenant, await wrap_ups.talk()
    offered, other = await wrap_ups.code("Offered"), await wrap_ups.code("Other")
    foreign = (await other_tenant.done("POST", "/v1/wrap-up-codes", json={"name": "A"}))["codeId"]
    await wrap_ups.rule(mode="optional", codeIds=[offered])
    for code_id in (other, foreign):
        refused(await tenant.call("PUT", talk.path, json={"codeId": code_id}), 400, "INVALID_INPUT")
    await wrap_ups.set(talk.path, offered)


async def test_call_without_an_agent_has_no_code(wrap_ups: WrapUps) -> None:
    code_id, talk = await wrap_ups.code("Sold"), await wrap_ups.talk()
    await wrap_ups.floor.pool.execute(
        "update call set connected_at = null, agent_id = null where tenant_id = $1", wrap_ups.floor.tenant_id
    )
    refused(await wrap_ups.floor.tenant.call("PUT", talk.path, json={"codeId": code_id}), 400, "INVALID_STATE")


@pytest.mark.parametrize("incoming", [True, False])
async def test_mandatory_wrap_up_ends_with_a_code_alone(wrap_ups: WrapUps, incoming: bool) -> None:
    floor, code_id = wrap_ups.floor, await wrap_ups.code("Sold")
    await wrap_ups.rule(mode="mandatory")
    await floor.tenant.done("PUT", f"/v1/queues/inbound/{floor.queue_id}/wrap-up", json={"mode": "mandatory"})
    talk = await wrap_ups.caller() if incoming else await wrap_ups.talk()
    await talk.end()
    agent = f"/v1/agents/{talk.agent_id}"
    shown = await floor.tenant.done("GET", agent)
    assert (shown["state"], shown["wrapUpUntil"], shown["wrapUpCodeNeeded"]) == ("wrap_up", None, True)
    assert "needs a code" in refused(await floor.tenant.post(f"{agent}/ready"), 400, "INVALID_STATE")
    await floor.tenant.done("POST", f"{agent}/pause", json={"reason": "lunch"})
    assert not await wrap_ups.over_after(talk.agent_id, 4000)
    await wrap_ups.set(talk.path, code_id)
    shown = await floor.tenant.done("GET", agent)
    assert (shown["state"], shown["pauseReason"], shown["wrapUpCodeNeeded"]) == ("paused", "lunch", False)


async def test_supervisor_ends_a_mandatory_wrap_up(wrap_ups: WrapUps) -> None:
    await wrap_ups.rule(mode="mandatory")
    talk = await wrap_ups.talk()
    await talk.end()
    await wrap_ups.floor.tenant.done("POST", f"/v1/agents/{talk.agent_id}/force-ready")
    assert await wrap_ups.floor.state(talk.agent_id) is AgentState.IDLE


async def test_timed_wrap_up_ends_with_a_code_or_after_its_own_time(wrap_ups: WrapUps) -> None:
    floor, code_id = wrap_ups.floor, await wrap_ups.code("Sold")
    await wrap_ups.rule(mode="timed", timedSec=600)
    coded, late = await wrap_ups.talk(), await wrap_ups.talk()
    for talk in (coded, late):
        await talk.end()
        refused(await floor.tenant.post(f"/v1/agents/{talk.agent_id}/ready"), 400, "INVALID_STATE")
    await wrap_ups.set(coded.path, code_id)
    assert await floor.state(coded.agent_id) is AgentState.IDLE
    assert not await wrap_ups.over_after(late.agent_id, 590)
    assert await wrap_ups.over_after(late.agent_id, 11)
    assert await floor.state(late.agent_id) is AgentState.IDLE


async def test_code_of_the_call_itself_leaves_the_agents_own_time(wrap_ups: WrapUps) -> None:
    code_id = await wrap_ups.code("Sold")
    await wrap_ups.rule(mode="mandatory")
    talk = await wrap_ups.talk()
    await wrap_ups.set(talk.path, code_id)
    await talk.end()
    shown = await wrap_ups.floor.tenant.done("GET", f"/v1/agents/{talk.agent_id}")
    assert (shown["state"], shown["wrapUpCodeNeeded"]) == ("wrap_up", False)
    assert shown["wrapUpUntil"] is not None


async def test_code_need_not_end_the_wrap_up(wrap_ups: WrapUps) -> None:
    floor, code_id = wrap_ups.floor, await wrap_ups.code("Sold")
    await wrap_ups.rule(mode="mandatory")
    talk = await wrap_ups.talk()
    await talk.end()
    await wrap_ups.set(talk.path, code_id, endWrapUp=False)
    assert await floor.state(talk.agent_id) is AgentState.WRAP_UP
    await floor.tenant.done("POST", f"/v1/agents/{talk.agent_id}/ready")
    assert await floor.state(talk.agent_id) is AgentState.IDLE


async def test_code_of_an_earlier_call_leaves_the_agent_alone(wrap_ups: WrapUps) -> None:
    floor, code_id = wrap_ups.floor, await wrap_ups.code("Sold")
    talk = await wrap_ups.talk()
    await talk.end()
    await floor.tenant.done("POST", f"/v1/agents/{talk.agent_id}/ready")
    await floor.tenant.done("POST", f"/v1/agents/{talk.agent_id}/pause", json={"reason": "lunch"})
    await wrap_ups.set(talk.path, code_id)
    assert await floor.state(talk.agent_id) is AgentState.PAUSED
    assert await floor.pool.fetchval("select count(*) from open_segment where tenant_id = $1", floor.tenant_id) == 0


async def test_codes_are_in_the_file_of_calls_by_name_and_counted(wrap_ups: WrapUps) -> None:
    tenant, sold, lost = wrap_ups.floor.tenant, await wrap_ups.code("Sold"), await wrap_ups.code("Lost")
    talks = [await wrap_ups.talk() for _ in range(3)]
    for talk, code_id in zip(talks, (sold, lost, sold), strict=True):
        await talk.end()
        await wrap_ups.set(talk.path, code_id, note="Blue")
    caller = await wrap_ups.caller()
    await caller.end()
    await wrap_ups.set(caller.path, lost)
    await (await wrap_ups.talk()).end()
    await tenant.done("DELETE", f"/v1/wrap-up-codes/{lost}")
    rows = rows_of_csv(await tenant.get("/v1/calls", headers={"Accept": "text/csv"}))
    assert sorted((row["wrapUpCode"], row["wrapUpNote"]) for row in rows) == [
        ("", ""), ("Lost", "Blue"), ("Sold", "Blue"), ("Sold", "Blue"),
    ]  # fmt: skip
    period = "from=2026-01-01T00:00:00Z&to=2099-01-01T00:00:00Z"

    async def counted(query: str = "") -> dict[str, int]:
        page = await tenant.done("GET", f"/v1/wrap-up-codes/counts?{period}{query}")
        return {row["name"]: row["calls"] for row in page["data"]} | {"": page["withoutCode"]}

    assert await counted() == {"Sold": 2, "Lost": 2, "": 1}
    assert await counted(f"&campaignId={wrap_ups.campaign_id}") == {"Sold": 2, "Lost": 1, "": 1}
    assert await counted(f"&queueId={wrap_ups.floor.queue_id}") == {"Lost": 1, "": 0}
    assert await counted(f"&agentId={talks[1].agent_id}") == {"Lost": 1, "": 0}
    for query in ("", "?from=2026-01-01T00:00:00Z", "?from=x&to=y"):
        refused(await tenant.get(f"/v1/wrap-up-codes/counts{query}"), 400, "INVALID_INPUT")


async def test_codes_of_calls_are_audited(wrap_ups: WrapUps) -> None:
    code_id, talk = await wrap_ups.code("Sold"), await wrap_ups.talk()
    await wrap_ups.set(talk.path, code_id)
    row = await wrap_ups.floor.pool.fetchrow(
        "select subject, detail from audit where tenant_id = $1 and action = 'call.wrap_up'", wrap_ups.floor.tenant_id
    )
    assert row is not None
    assert tuple(row) == (f"call {talk.call.call_id}", {"code": "Sold", "callbackAt": None})
