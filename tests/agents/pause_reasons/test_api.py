"""`/pause-reasons`: the reasons that a tenant offers its agents."""

import pytest

from tests.support.api import Tenant, refused

PATH = "/v1/pause-reasons"


async def test_list_is_replaced_in_its_order_and_is_one_tenants(tenant: Tenant, other_tenant: Tenant) -> None:
    assert await tenant.done("GET", PATH) == {"reasons": []}
    await tenant.done("PUT", PATH, json={"reasons": ["Nghỉ trưa", "Họp"]})
    await tenant.done("PUT", PATH, json={"reasons": ["Họp", "Đào tạo"]})
    assert await tenant.done("GET", PATH) == {"reasons": ["Họp", "Đào tạo"]}
    assert await other_tenant.done("GET", PATH) == {"reasons": []}
    await tenant.done("PUT", PATH, json={"reasons": []})
    assert await tenant.done("GET", PATH) == {"reasons": []}


@pytest.mark.parametrize(
    ("reasons", "named"),
    [
        ([""], "reasons[0]"), (["x" * 65], "reasons[0]"), (["A", "B\n"], "reasons[1]"), (["A", "A"], "reasons[1]"),
        (["no_answer"], "reasons[0]"), ([str(n) for n in range(51)], "at most 50"),
    ],
)  # fmt: skip
async def test_bad_reasons_are_refused_by_name(tenant: Tenant, reasons: list[str], named: str) -> None:
    assert named in refused(await tenant.call("PUT", PATH, json={"reasons": reasons}), 400, "INVALID_INPUT")
    assert await tenant.done("GET", PATH) == {"reasons": []}
