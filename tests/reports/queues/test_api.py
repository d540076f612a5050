"""`/reports/queues`."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.support.api import Tenant, refused, rows_of_csv
from tests.support.callers import ended, waiting
from tests.support.calls import NOW, new_agent
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId
from tongdai.reports import xlsx

DAY = "from=2026-03-10&to=2026-03-11"
LAN = AgentId(7)


@pytest.fixture
async def queue_id(tenant: Tenant, conn: Connection) -> QueueId:
    await conn.execute("update tenant set zone = 'Asia/Ho_Chi_Minh' where tenant_id = $1", tenant.tenant_id)
    return await tenant.queue("Sales")


async def reported(tenant: Tenant, query: str = DAY) -> Any:
    return await tenant.done("GET", f"/v1/reports/queues?{query}")


def adds_up(row: dict[str, Any]) -> bool:
    results = ("answered", "abandoned", "overflowed", "callback", "closed", "refused", "failed", "open")
    return row["offered"] == sum(row[name] for name in results) and row["overflowed"] == sum(
        row["overflowedTo"].values()
    )


async def test_row_adds_up_and_names_zone_offsets_and_formulas(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    for waited_s in (4, 10, 30):
        await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=waited_s, agent_id=LAN)
    for waited_s in (2, 50):
        await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=waited_s)
    for outcome in ("overflow", "closed", "callback", "lost"):
        await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=9, outcome=outcome)
    found = await reported(tenant, f"{DAY}&interval=60")
    (row,) = found["data"]
    assert adds_up(row)
    assert (row["from"], row["to"]) == ("2026-03-10T09:00:00+07:00", "2026-03-10T10:00:00+07:00")
    assert row.items() >= {
        "queueId": queue_id, "queueName": "Sales", "offered": 9, "answered": 3, "abandoned": 2, "abandonedShort": 1,
        "overflowedTo": {"end": 1}, "callback": 1, "closed": 1, "refused": 0, "failed": 1, "open": 0,
        "serviceLevelSec": 20, "answeredWithin": 2, "serviceLevelOfAnswered": 66.67, "serviceLevelOfOffered": 28.57,
        "abandonRate": 25.0, "answerSec": 14.7, "answerSecP50": 10.0, "answerSecP90": 30.0, "answerSecMax": 30.0,
        "abandonSec": 26.0, "abandonSecMax": 50.0, "talkSec": 360.0, "handleSec": 120.0,
    }.items()  # fmt: skip
    assert (found["timeZone"], found["interval"], found["shortAbandonSec"]) == ("Asia/Ho_Chi_Minh", "60", 5)
    assert (found["from"], found["to"]) == ("2026-03-10T00:00:00+07:00", "2026-03-11T00:00:00+07:00")
    assert "serviceLevelOfOffered" in found["formulas"]
    figures = {name: value for name, value in row.items() if name not in {"queueId", "queueName", "from", "to"}}
    assert found["total"] == figures
    assert found["intervals"] == [figures | {"from": row["from"], "to": row["to"]}]


async def test_call_belongs_to_the_interval_in_which_it_arrived(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    late = datetime(2026, 3, 10, 16, 59, 59, tzinfo=UTC)
    await ended(conn, tenant.tenant_id, queue_id, began=late, waited_s=60, agent_id=LAN)
    assert (await reported(tenant))["total"]["answered"] == 1
    assert (await reported(tenant, "from=2026-03-11&to=2026-03-12"))["total"]["offered"] == 0
    (row,) = (await reported(tenant, f"{DAY}&interval=15"))["data"]
    assert row["from"] == "2026-03-10T23:45:00+07:00"


async def test_waiting_caller_is_open(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    await waiting(conn, tenant.tenant_id, queue_id, 1)
    day = (datetime.now(UTC) + timedelta(hours=7)).date()
    found = await reported(tenant, f"from={day - timedelta(days=1)}&to={day + timedelta(days=1)}")
    assert (found["total"]["offered"], found["total"]["open"]) == (1, 1)
    assert adds_up(found["total"])


async def test_threshold_is_the_queues_own_or_as_asked(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=30, agent_id=LAN)
    await tenant.done("PATCH", f"/v1/queues/inbound/{queue_id}/settings", json={"serviceLevelSec": 40})
    assert (await reported(tenant))["total"]["answeredWithin"] == 1
    assert (await reported(tenant, f"{DAY}&serviceLevelSec=29"))["total"]["answeredWithin"] == 0
    other = await tenant.queue("Support")
    await ended(conn, tenant.tenant_id, other, began=NOW, waited_s=30, agent_id=LAN)
    total = (await reported(tenant))["total"]
    assert (total["answered"], total["answeredWithin"], total["serviceLevelSec"]) == (2, 1, None)
    (row,) = (await reported(tenant, f"{DAY}&queueId={other}"))["data"]
    assert (row["queueName"], row["answeredWithin"]) == ("Support", 0)


async def test_files_have_the_rows(tenant: Tenant, conn: Connection, queue_id: QueueId) -> None:
    await ended(conn, tenant.tenant_id, queue_id, began=NOW, waited_s=9, outcome="overflow")
    path = f"/v1/reports/queues?{DAY}&interval=60"
    (row,) = rows_of_csv(await tenant.call("GET", path, headers={"Accept": "text/csv"}))
    assert list(row)[:4] == ["from", "to", "queueId", "queueName"]
    assert row.items() >= {
        "from": "2026-03-10T09:00:00+07:00", "queueName": "Sales", "overflowedTo": "end=1",
        "timeZone": "Asia/Ho_Chi_Minh",
    }.items()  # fmt: skip
    response = await tenant.call("GET", f"{path}&format=xlsx")
    assert response.headers["content-type"] == xlsx.MEDIA_TYPE
    header, cells = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    assert header == list(row)
    assert cells[0] == datetime(2026, 3, 10, 9)  # noqa: DTZ001 - a spreadsheet's dates have no zone
    accepted = await tenant.call("GET", path, headers={"Accept": xlsx.MEDIA_TYPE})
    assert accepted.headers["content-disposition"] == 'attachment; filename="queues.xlsx"'


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("from=2026-03-10&to=2026-03-10", "from must be before to"),
        ("from=x", "from must be an instant"),
        ("from=2026-02-30", "from must be an instant"),
        ("from=1999-01-01", "from must be in the years"),
        ("from=2026-01-01&to=2026-03-01&interval=60", "at most 31 days"),
        ("from=2025-01-01&to=2026-03-01", "at most 93 days"),
        ("interval=45", "interval must be one of 15, 30, 60, day"),
        ("format=pdf", "format must be one of json, csv, xlsx"),
        ("queueId=x", "queueId"),
        ("serviceLevelSec=0", "serviceLevelSec"),
    ],
)
async def test_what_is_refused(tenant: Tenant, query: str, names: str) -> None:
    assert names in refused(await tenant.call("GET", f"/v1/reports/queues?{query}"), 400, "INVALID_INPUT")


async def test_calls_of_others_and_to_contacts_are_not_counted(
    tenant: Tenant, conn: Connection, queue_id: QueueId
) -> None:
    await new_agent(conn, tenant.tenant_id, queue_id)
    assert (await reported(tenant))["data"] == []
    assert (await reported(tenant))["total"]["serviceLevelOfOffered"] is None
