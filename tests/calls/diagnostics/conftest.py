"""A campaign, and contacts added to it."""

from datetime import datetime

import pytest

from tests.support.api import Tenant
from tests.support.contacts import number, put_due
from tests.support.diagnostics import HOUR, Add, now
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId


@pytest.fixture
async def campaign_id(tenant: Tenant) -> CampaignId:
    return await tenant.campaign()


@pytest.fixture
def add(tenant: Tenant, conn: Connection, campaign_id: CampaignId) -> Add:
    async def added(
        n: int, due_at: datetime | None = None, zone: str = "Asia/Ho_Chi_Minh", campaign: CampaignId | None = None
    ) -> ContactId:
        contact_id = (await tenant.contact(campaign or campaign_id, number(n)))["contactId"]
        await put_due(conn, tenant.tenant_id, contact_id, due_at or now() - HOUR, zone)
        return contact_id

    return added
