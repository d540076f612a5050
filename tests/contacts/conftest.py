import pytest

from tests.support.contacts import campaign_of
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, TenantId
from tongdai.testing import factories


@pytest.fixture
async def tenant_id(conn: Connection) -> TenantId:
    return await factories.tenant(conn)


@pytest.fixture
async def campaign_id(pool: Pool, tenant_id: TenantId) -> CampaignId:
    return await campaign_of(pool, tenant_id)
