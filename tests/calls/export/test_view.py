"""The columns of a file of calls."""

import csv
import io
from zoneinfo import ZoneInfo

from tests.support.api import Tenant, rows_of_csv
from tests.support.calls import NOW, a_call
from tongdai.calls.export.view import HEADER, sample
from tongdai.calls.view import SAMPLE, CallView
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, ContactId
from tongdai.tenants import store as tenants

ADDED = "direction queueId calledNumber"
LATER = "openedAtLocal dialledAtLocal ringingAtLocal answeredAtLocal connectedAtLocal endedAtLocal nextCallAtLocal"


async def rows(tenant: Tenant, query: str = "") -> list[dict[str, str]]:
    return rows_of_csv(await tenant.get(f"/v1/calls{query}", headers={"Accept": "text/csv"}))


def test_columns_of_the_answer_come_first_and_keep_their_places() -> None:
    fields = [field for field in CallView.__struct_fields__ if field not in ADDED.split()]
    assert list(HEADER[: len(fields)]) == fields
    rest = " ".join(HEADER[len(fields) :])
    assert rest == f"name externalId agentName campaignName {LATER} timeZone wrapUpCode {ADDED}"


def test_example_in_the_document_has_a_cell_for_each_column() -> None:
    header, row = csv.reader(io.StringIO(sample(SAMPLE), newline=""))
    assert tuple(header) == HEADER
    assert len(row) == len(header)
    assert dict(zip(header, row, strict=True))["openedAtLocal"] == "2026-03-10 09:00:00"


async def test_person_agent_and_campaign_are_named(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign("Khảo sát")
    agent = {"agentName": "Lan", "endpoint": "lan", "queueId": await tenant.queue()}
    agent_id = (await tenant.done("POST", "/v1/agents", json=agent))["agentId"]
    added = await tenant.contact(campaign_id, "0901234567", name="Nguyễn Văn A", externalId="007")
    await a_call(
        conn,
        tenant.tenant_id,
        campaign_id,
        ContactId(added["contactId"]),
        outcome="answered",
        agent_id=AgentId(agent_id),
    )
    (row,) = await rows(tenant)
    assert (row["name"], row["externalId"]) == ("Nguyễn Văn A", "007")
    assert (row["agentName"], row["campaignName"]) == ("Lan", "Khảo sát")


async def test_call_to_a_contact_that_is_gone_has_no_name(tenant: Tenant, conn: Connection) -> None:
    await a_call(conn, tenant.tenant_id, await tenant.campaign())
    (row,) = await rows(tenant)
    assert (row["name"], row["externalId"], row["agentName"]) == ("", "", "")


async def test_another_tenants_names_are_not_shown(tenant: Tenant, other_tenant: Tenant, conn: Connection) -> None:
    theirs = await other_tenant.contact(await other_tenant.campaign(), "0901234567", name="Theirs")
    await a_call(conn, tenant.tenant_id, await tenant.campaign(), ContactId(theirs["contactId"]))
    (row,) = await rows(tenant)
    assert row["name"] == ""


async def test_instants_are_also_by_the_tenants_clock(tenant: Tenant, conn: Connection) -> None:
    await tenants.set_zone(conn, tenant.tenant_id, "America/New_York")
    await a_call(conn, tenant.tenant_id, await tenant.campaign(), answered_s=9, ended_s=74.5)
    (row,) = await rows(tenant)
    local = NOW.astimezone(ZoneInfo("America/New_York"))
    assert (row["openedAt"], row["timeZone"]) == ("2026-03-10T02:00:00Z", "America/New_York")
    assert row["openedAtLocal"] == f"{local:%Y-%m-%d %H:%M:%S}" == "2026-03-09 22:00:00"
    assert (row["answeredAtLocal"], row["endedAtLocal"]) == ("2026-03-09 22:00:09", "2026-03-09 22:01:14")
    assert (row["connectedAtLocal"], row["nextCallAtLocal"]) == ("", "")


async def test_calls_that_ended_are_named_too(tenant: Tenant, conn: Connection) -> None:
    campaign_id = await tenant.campaign("Khảo sát")
    await a_call(conn, tenant.tenant_id, campaign_id)
    (row,) = await rows(tenant, "?endedAfter=2020-01-01T00:00:00Z")
    assert row["campaignName"] == "Khảo sát"
