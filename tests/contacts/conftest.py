import pytest

from tests.support.contacts import campaign_of
from tongdai.db.pool import Pool
from tongdai.ids import CampaignId, TenantId


@pytest.fixture
async def campaign_id(pool: Pool, tenant_id: TenantId) -> CampaignId:
    return await campaign_of(pool, tenant_id)
