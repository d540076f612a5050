"""`/queues/holidays`."""

from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tongdai.db.pool import Connection

PATH = "/v1/queues/holidays"


async def holidays(tenant: Tenant, year: int = 2027) -> dict[str, Any]:
    found = await tenant.done("GET", f"{PATH}?year={year}")
    assert (found["year"], found["country"]) == (year, "VN")
    return {day.pop("date"): day for day in found["data"]}


async def change(tenant: Tenant, *days: dict[str, Any]) -> None:
    await tenant.done("PATCH", PATH, json={"holidays": days})


PUBLIC: dict[str, Any] = {"open": [], "publicHoliday": True, "changed": False, "removed": False}


async def test_public_holidays_of_the_country_are_there_from_the_start(tenant: Tenant) -> None:
    found = await holidays(tenant)
    assert found["2027-02-06"] == PUBLIC | {"name": "Tết Nguyên Đán"}
    assert list(found) == sorted(found)
    assert (await tenant.done("GET", PATH))["year"] >= 2026


async def test_holidays_are_added_renamed_removed_and_reset(tenant: Tenant) -> None:
    before = await holidays(tenant)
    half = [{"from": "08:00", "to": "12:00"}]
    await change(
        tenant,
        {"date": "2027-07-10", "name": "Du lịch công ty"},
        {"date": "2027-01-01", "name": "Năm mới"},
        {"date": "2027-02-05", "open": half},
        {"date": "2027-09-03", "removed": True},
    )
    found = await holidays(tenant)
    assert found["2027-07-10"] == {
        "name": "Du lịch công ty", "open": [], "publicHoliday": False, "changed": True, "removed": False,
    }  # fmt: skip
    assert found["2027-01-01"] == PUBLIC | {"name": "Năm mới", "changed": True}
    assert found["2027-02-05"] == before["2027-02-05"] | {"open": half, "changed": True}
    assert found["2027-09-03"] == before["2027-09-03"] | {"removed": True, "changed": True}
    await change(
        tenant, *({"date": day, "reset": True} for day in ("2027-07-10", "2027-01-01", "2027-02-05", "2027-09-03"))
    )
    assert await holidays(tenant) == before


async def test_holidays_of_one_tenant_are_no_others(tenant: Tenant, other_tenant: Tenant) -> None:
    before = await holidays(other_tenant)
    await change(tenant, {"date": "2027-08-08", "name": "Ours"})
    assert await holidays(other_tenant) == before
    await change(tenant, {"date": "2027-08-08", "reset": True})


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], "holidays must be 1 to 400 days"),
        ([{"date": "2027-02-30", "name": "A"}], "holidays[0].date must be a day"),
        ([{"date": "20270206", "name": "A"}], "holidays[0].date must be a day"),
        ([{"date": "2027-W05-6", "name": "A"}], "holidays[0].date must be a day"),
        ([{"date": "1999-12-31", "name": "A"}], "holidays[0].date must be a day"),
        ([{"date": "2027-07-10"}], "holidays[0].name is missing: 2027-07-10 is no public holiday"),
        ([{"date": "2027-07-10", "name": "A", "removed": True}], "holidays[0].removed is for public holidays"),
        ([{"date": "2027-07-10", "name": ""}], "holidays[0].name must have 1 to 255"),
        ([{"date": "2027-01-01"}, {"date": "2027-01-01"}], "holidays[1].date is given twice"),
        ([{"date": "2027-01-01", "open": [{"from": "8", "to": "9"}]}], "holidays[0].open[0].from"),
    ],
)
async def test_change_that_cannot_be_changes_nothing(tenant: Tenant, sent: Any, message: str) -> None:
    before = await tenant.checksum()
    assert message in refused(await tenant.call("PATCH", PATH, json={"holidays": sent}), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


@pytest.mark.parametrize("year", ["1999", "2100", "x", ""])
async def test_year_must_be_one_that_is_known(tenant: Tenant, year: str) -> None:
    assert "year" in refused(await tenant.get(f"{PATH}?year={year}"), 400, "INVALID_INPUT")


async def test_change_is_audited(tenant: Tenant, conn: Connection) -> None:
    await change(tenant, {"date": "2027-01-01", "name": "A"})
    audited = "select detail, key_id from audit where tenant_id = $1 and action = 'tenant.holidays' order by audit_id"
    row = (await conn.fetch(audited, tenant.tenant_id))[-1]
    assert (row["detail"], row["key_id"]) == ({"days": ["2027-01-01"]}, tenant.key.key_id)
    await change(tenant, {"date": "2027-01-01", "reset": True})
