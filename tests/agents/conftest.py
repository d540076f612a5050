import pytest

from tests.support.agents import Floor


@pytest.fixture
async def floor(tenant, pool):
    return Floor(tenant, pool, await tenant.queue("Sales"))
