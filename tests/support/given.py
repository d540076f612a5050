"""Numbers, phones, sounds, boards and webhooks of a tenant."""

from tests.support.api import Tenant
from tongdai.numbers import store as numbers
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind, SipEndpoint
from tongdai.numbers.model import CalledNumber
from tongdai.switches.model import DEFAULT

OUTLETS: dict[str, object] = {
    "POST /v1/wallboards": {"name": "TV"},
    "PATCH /v1/wallboards/{wallboardId}": {"name": "B"},
    "POST /v1/webhooks": {"url": "https://a.example", "events": ["call.ended"]},
    "PATCH /v1/webhooks/{webhookId}": {"description": "B"},
    "POST /v1/webhooks/{webhookId}/secret": {"overlapHours": 1},
    "POST /v1/webhooks/{webhookId}/test": None,
    "POST /v1/webhooks/{webhookId}/deliveries/{deliveryId}/replay": None,
    "POST /v1/webhooks/{webhookId}/replay": {"since": "2026-01-01T00:00:00Z", "before": "2027-01-01T00:00:00Z"},
}
"""Bodies of requests about wallboards and webhooks."""


async def given_to(tenant: Tenant) -> dict[str, object]:
    """A called number, a phone, a wallboard and a webhook with a delivery, of the tenant."""
    async with tenant.api.pool.acquire() as conn:
        number = await numbers.give(conn, tenant.tenant_id, 8428 * 10**8 + tenant.tenant_id % 10**8, None, None)
        phone = EndpointKind.PHONE
        given = await endpoints.give(conn, DEFAULT, f"phone-{tenant.tenant_id}", phone, tenant.tenant_id, None)
    assert isinstance(number, CalledNumber)
    assert isinstance(given, SipEndpoint)
    board = await tenant.done("POST", "/v1/wallboards", json={"name": "TV"})
    webhook = await tenant.done("POST", "/v1/webhooks", json=OUTLETS["POST /v1/webhooks"])
    test = await tenant.done("POST", f"/v1/webhooks/{webhook['webhookId']}/test")
    return {
        "called_number": number.e164,
        "endpoint": given.endpoint_id,
        "wallboard": board["wallboardId"],
        "webhook": webhook["webhookId"],
        "delivery": test["deliveryId"],
    }


async def sound_of(tenant: Tenant) -> int:
    insert = """
    insert into sound_file (tenant_id, kind, name, size, data) values ($1, 'music', 'a.wav', 1, 'x') returning sound_id
    """
    async with tenant.api.pool.acquire() as conn:
        return await conn.fetchval(insert, tenant.tenant_id)
