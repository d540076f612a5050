import pytest

from tests.agents.floor import Floor


@pytest.fixture
async def floor(tenant, pool):
    return Floor(tenant, pool, await tenant.queue("Sales"))
