"""`/v1/calls`, and the calls to reach a contact."""

import json
from datetime import timedelta

import pytest

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.calls import NOW, a_call
from tongdai.calls.view import SAMPLE
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId


async def ids(tenant: Tenant, query: str = "") -> tuple[list[str], int]:
    """The ids on a page, and the total that it reports."""
    body = await tenant.done("GET", f"/v1/calls{query}")
    assert body["totalRecord"] >= len(body["data"])
    return [call["callId"] for call in body["data"]], body["totalRecord"]


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return await tenant.campaign()


AGENT, OTHER_AGENT = AgentId(7), AgentId(8)
HOUR = timedelta(hours=1)
NO_CODE = {"wrapUpCodeId": None, "wrapUpNote": None}
NO_PARTS: dict[str, object] = {
    "segments": [],
    "offers": [],
    "events": [],
    "heldUntil": None,
    "muted": False,
    "parties": [],
    "recording": None,
}
NO_DETECTION = dict.fromkeys(("machineVerdict", "machineCause", "machineDetectionMs"))


async def test_call_is_reported_with_its_times(tenant: Tenant, conn: Connection, campaign_id: CampaignId) -> None:
    made = await a_call(
        conn, tenant.tenant_id, campaign_id, ContactId(88001), outcome="answered", agent_id=AGENT, dialled_s=0.02,
        ringing_s=1.5, answered_s=9, connected_s=9.1, ended_s=74.5, cause=16, sip=200,
    )  # fmt: skip
    assert (
        await tenant.done("GET", f"/v1/calls/{made}")
        == SAMPLE | {"callId": made, "campaignId": campaign_id} | NO_DETECTION | NO_CODE | NO_PARTS
    )
    listed = await tenant.done("GET", "/v1/calls")
    call = SAMPLE | {"callId": made, "campaignId": campaign_id} | NO_DETECTION | NO_CODE
    assert listed == {"success": "1", "totalRecord": 1, "data": [call]}


async def test_call_that_has_not_ended_has_no_times_of_later_steps(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    made = await a_call(conn, tenant.tenant_id, campaign_id, state="ringing", ringing_s=1)
    call = await tenant.done("GET", f"/v1/calls/{made}")
    assert (call["state"], call["outcome"], call["endedAt"]) == ("ringing", None, None)
    assert (call["ringSec"], call["waitSec"], call["talkSec"]) == (None, None, None)


async def test_abandoned_call_has_waited_to_its_end_and_was_never_talked_to(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    made = await a_call(conn, tenant.tenant_id, campaign_id, outcome="abandoned", answered_s=8, ended_s=10.5)
    call = await tenant.done("GET", f"/v1/calls/{made}")
    assert (call["ringSec"], call["waitSec"], call["talkSec"]) == (7.9, 2.5, None)


async def test_lost_call_has_no_seconds_up_to_its_end(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    made = await a_call(conn, tenant.tenant_id, campaign_id, outcome="lost", ringing_s=1, ended_s=900)
    call = await tenant.done("GET", f"/v1/calls/{made}")
    assert (call["ringSec"], call["waitSec"], call["talkSec"]) == (None, None, None)
    assert call["endedAt"] is not None
    made = await a_call(conn, tenant.tenant_id, campaign_id, outcome="lost", answered_s=8, connected_s=9, ended_s=900)
    call = await tenant.done("GET", f"/v1/calls/{made}")
    assert (call["ringSec"], call["waitSec"], call["talkSec"]) == (7.9, 1.0, None)


async def test_newest_call_is_first_and_pages_continue_where_the_last_ended(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    made = [
        await a_call(conn, tenant.tenant_id, campaign_id, ContactId(n), opened_at=NOW + timedelta(seconds=n // 2))
        for n in range(7)
    ]
    pages = [await ids(tenant, f"?page={page}&size=3") for page in range(4)]
    assert [total for _, total in pages] == [7, 7, 7, 7]
    reported = [call for page, _ in pages for call in page]
    assert sorted(reported) == sorted(made)
    assert [made.index(call) // 2 for call in reported] == [3, 2, 2, 1, 1, 0, 0]


async def test_each_filter_finds_the_calls_that_have_it_and_counts_them(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    other = await tenant.campaign("other")
    t = tenant.tenant_id
    lost = await a_call(conn, t, campaign_id, ContactId(1), "+84900000001", outcome="lost", agent_id=AGENT)
    busy = await a_call(conn, t, campaign_id, ContactId(2), "+84900000002", outcome="busy", opened_at=NOW + HOUR)
    live = await a_call(
        conn, t, other, ContactId(3), "+84900000003", state="ringing", agent_id=OTHER_AGENT, opened_at=NOW + 2 * HOUR
    )
    gone = await a_call(
        conn, t, other, ContactId(4), "+84900000001", outcome="busy", agent_id=AGENT, opened_at=NOW + 3 * HOUR
    )
    wanted = {
        "": [gone, live, busy, lost],
        f"campaignId={campaign_id}": [busy, lost],
        f"campaignId={other}": [gone, live],
        "contactId=2": [busy],
        "phoneNumber=0900000001": [gone, lost],
        "phoneNumber=%2B84900000001": [gone, lost],
        "outcome=busy": [gone, busy],
        "outcome=lost": [lost],
        "state=ended": [gone, busy, lost],
        "state=ringing": [live],
        "state=dialing": [],
        "agentId=7": [gone, lost],
        "from=2026-03-10T03:00:00Z": [gone, live, busy],
        "from=2026-03-10T10:00:00%2B07:00": [gone, live, busy],
        "from=2026-03-10T10:00:00+07:00": [gone, live, busy],
        "to=2026-03-10T03:00:00Z": [lost],
        "from=2026-03-10T03:00:00Z&to=2026-03-10T04:00:01Z": [live, busy],
        f"campaignId={other}&outcome=busy": [gone],
        f"campaignId={other}&state=ended": [gone],
        f"campaignId={other}&state=ringing": [live],
        f"campaignId={campaign_id}&state=ringing": [],
        "agentId=7&outcome=busy": [gone],
        f"agentId=7&campaignId={campaign_id}": [lost],
        "phoneNumber=0900000001&outcome=lost": [lost],
        f"contactId=4&campaignId={campaign_id}": [],
        "outcome=busy&from=2026-03-10T03:00:01Z": [gone],
        "outcome=busy&state=ringing": [],
        "campaignId=999999": [],
    }
    for query, calls in wanted.items():
        assert await ids(tenant, f"?{query}") == (calls, len(calls)), query
        assert await lines(tenant, query) == calls, query


async def lines(tenant: Tenant, query: str = "") -> list[str]:
    """The ids in a CSV file."""
    response = await tenant.get(f"/v1/calls?{query}", headers={"Accept": "text/csv"})
    assert response.status_code == 200
    return [row["callId"] for row in rows_of_csv(response)]


async def test_file_has_all_calls_that_match_over_many_pages(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    rows = [(tenant.tenant_id, campaign_id, n, f"+8490{n:07}", NOW + timedelta(seconds=n // 3)) for n in range(2500)]
    await conn.executemany(
        "insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, opened_at, "
        "ended_at, ended_month, dial_until, lease_until) values ($1, gen_random_uuid(), $2, $3, $4, 'ended', "
        "case when $3::bigint % 2 = 0 then 'busy' else 'lost' end, $5, $5, "
        "date_trunc('month', $5::timestamptz at time zone 'UTC')::date, 'infinity', 'infinity')",
        rows,
    )
    for query, count in (("", 2500), ("outcome=lost", 1250), (f"campaignId={campaign_id}&outcome=busy", 1250)):
        found = await lines(tenant, query)
        assert len(found) == len(set(found)) == count


async def test_file_begins_with_the_fields_of_the_answer(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    await a_call(conn, tenant.tenant_id, campaign_id, outcome="answered", answered_s=2, connected_s=2, cause=16)
    (call,) = (await tenant.done("GET", "/v1/calls"))["data"]
    response = await tenant.get("/v1/calls", headers={"Accept": "text/csv"})
    (row,) = rows_of_csv(response)
    same = {name: "" if value is None else str(value) for name, value in call.items()}
    later = [(name, same.pop(name)) for name in ("direction", "queueId", "calledNumber")]
    assert list(row.items())[: len(same)] == list(same.items())
    assert list(row.items())[-3:] == later
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="calls.csv"'


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("campaignId=0", "campaignId"),
        ("contactId=abc", "contactId"),
        ("agentId=-1", "agentId"),
        ("agentId=1&agentId=2", "agentId"),
        ("outcome=gone", "outcome"),
        ("state=", "state"),
        ("phoneNumber=12", "phoneNumber"),
        ("from=yesterday", "from"),
        ("from=2026-03-10", "from"),
        ("to=2026-03-10T02:00:00", "to"),
        ("to=0001-01-01T00:00:00%2B14:00", "to"),
        ("from=9999-12-31T23:59:59-14:00", "from"),
        ("size=1001", "size"),
    ],
)
async def test_filter_that_cannot_be_is_named(tenant: Tenant, query: str, named: str) -> None:
    assert refused(await tenant.get(f"/v1/calls?{query}"), 400, "INVALID_INPUT").startswith(named)


@pytest.mark.parametrize(
    "call_id",
    ["1", "abc", "5b0f6c1e6a584a3b9d550f4b0a3d9c11", "{5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11}",
     "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c1g", "00000000-0000-0000-0000-000000000000"],
)  # fmt: skip
async def test_malformed_or_unknown_id_of_a_call_is_not_found(tenant: Tenant, call_id: str) -> None:
    assert refused(await tenant.get(f"/v1/calls/{call_id}"), 404, "NOT_FOUND") == "Call not found"


async def test_call_of_another_tenant_is_not_found(tenant: Tenant, other_tenant: Tenant, conn: Connection) -> None:
    theirs = await a_call(conn, other_tenant.tenant_id, await other_tenant.campaign())
    refused(await tenant.get(f"/v1/calls/{theirs}"), 404, "NOT_FOUND")
    assert await ids(tenant) == ([], 0)


async def test_calls_of_a_contact_are_its_own_newest_first(
    tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    contact_id = (await tenant.contact(campaign_id))["contactId"]
    first = await a_call(conn, tenant.tenant_id, campaign_id, contact_id)
    again = await a_call(conn, tenant.tenant_id, campaign_id, contact_id, opened_at=NOW + HOUR)
    await a_call(conn, tenant.tenant_id, campaign_id, contact_id + 1)
    path = f"/v1/campaigns/{campaign_id}/contacts/{contact_id}/attempts"
    body = await tenant.done("GET", path)
    assert (body["totalRecord"], [call["callId"] for call in body["data"]]) == (2, [again, first])
    body = await tenant.done("GET", f"{path}?page=1&size=1")
    assert (body["totalRecord"], [call["callId"] for call in body["data"]]) == (2, [first])
    other = await tenant.campaign("other")
    response = await tenant.get(f"/v1/campaigns/{other}/contacts/{contact_id}/attempts")
    assert refused(response, 404, "NOT_FOUND") == "Contact not found"


def test_sample_in_the_document_is_json() -> None:
    assert json.loads(json.dumps(SAMPLE)) == SAMPLE


async def test_calls_are_found_by_the_external_id_of_their_contact(
    tenant: Tenant, other_tenant: Tenant, conn: Connection, campaign_id: CampaignId
) -> None:
    elsewhere = await tenant.campaign("Elsewhere")
    made: dict[int, str] = {}
    for minute, (campaign, number, external_id) in enumerate((
        (campaign_id, "0901234567", "KH-1"),
        (campaign_id, "0901234568", "KH-2"),
        (elsewhere, "0901234567", "KH-1"),
        (elsewhere, "0901234569", None),
    )):  # fmt: skip
        contact = (await tenant.contact(campaign, number, externalId=external_id))["contactId"]
        opened_at = NOW + timedelta(minutes=minute)
        made[contact] = await a_call(
            conn, tenant.tenant_id, campaign, ContactId(contact), outcome="busy", opened_at=opened_at
        )
    first, second, third, _ = made.values()
    assert await ids(tenant, "?externalId=KH-1") == ([third, first], 2)
    assert await ids(tenant, f"?externalId=KH-1&campaignId={campaign_id}") == ([first], 1)
    assert await ids(tenant, "?externalId=KH-2&outcome=busy") == ([second], 1)
    assert await ids(tenant, "?externalId=KH-2&outcome=answered") == ([], 0)
    assert await ids(tenant, f"?externalId=KH-2&contactId={min(made)}") == ([], 0)
    assert await ids(tenant, "?externalId=KH-3") == ([], 0)
    assert await ids(other_tenant, "?externalId=KH-1") == ([], 0)
    exported = await tenant.get("/v1/calls?externalId=KH-1", headers={"accept": "text/csv"})
    assert [row["callId"] for row in rows_of_csv(exported)] == [third, first]
    for wrong in ("", "x" * 129, "a%0Ab"):
        message = refused(await tenant.get(f"/v1/calls?externalId={wrong}"), 400, "INVALID_INPUT")
        assert message.startswith("externalId must")
