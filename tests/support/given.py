"""Numbers, phones and sounds of a tenant."""

from tests.support.api import Tenant
from tongdai.numbers import store as numbers
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind, SipEndpoint
from tongdai.numbers.model import CalledNumber
from tongdai.switches.model import DEFAULT


async def given_to(tenant: Tenant) -> dict[str, object]:
    """A called number and a phone of the tenant."""
    async with tenant.api.pool.acquire() as conn:
        number = await numbers.give(conn, tenant.tenant_id, 8428 * 10**8 + tenant.tenant_id % 10**8, None, None)
        phone = EndpointKind.PHONE
        given = await endpoints.give(conn, DEFAULT, f"phone-{tenant.tenant_id}", phone, tenant.tenant_id, None)
    assert isinstance(number, CalledNumber)
    assert isinstance(given, SipEndpoint)
    return {"called_number": number.e164, "endpoint": given.endpoint_id}


async def sound_of(tenant: Tenant) -> int:
    insert = """
    insert into sound_file (tenant_id, kind, name, size, data) values ($1, 'music', 'a.wav', 1, 'x') returning sound_id
    """
    async with tenant.api.pool.acquire() as conn:
        return await conn.fetchval(insert, tenant.tenant_id)
