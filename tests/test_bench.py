"""The bare server of the benchmark does the same work as Tongdai: its responses are the same."""

from typing import Any, cast

import pytest

from bench import bare
from tests.support.api import Tenant, client_of
from tests.support.databases import needs_session
from tongdai.http.asgi import ASGIApp
from tongdai.testing.asgi import running


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tenant: Tenant, dsn: str) -> None:
    for name, value in {"BENCH_TENANT": tenant.tenant_id, "BENCH_DSN": dsn, "BENCH_POOL": 1}.items():
        monkeypatch.setenv(name, str(value))


@pytest.mark.usefixtures("environment")
@needs_session
async def test_bare_server_has_the_responses_of_tongdai(tenant: Tenant) -> None:
    campaign_id = await tenant.campaign()
    contacts = f"/v1/campaigns/{campaign_id}/contacts"

    def body(n: int) -> dict[str, Any]:
        return {"phoneNumber": f"090000000{n}", "name": f"No. {n}"}

    ours = await tenant.done("POST", contacts, json=body(1))
    async with running(cast("ASGIApp", bare.application)) as app, client_of(app) as client:
        theirs = (await client.post(contacts, json=body(2))).json()
        page = f"/v1/campaigns/{campaign_id}/contact-lists/{ours['listId']}/contacts"
        assert (await client.get(page)).json() == await tenant.done("GET", page)
    assert theirs | {"contactId": ours["contactId"]} == ours
