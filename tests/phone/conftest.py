"""A queue and its agents."""

import pytest

from tests.support.agents import Floor
from tests.support.api import Tenant
from tongdai.db.pool import Pool


@pytest.fixture
async def floor(tenant: Tenant, pool: Pool) -> Floor:
    return Floor(tenant, pool, await tenant.queue("Sales"))
