"""A campaign whose calls a floor's agents wrap up."""

import pytest

from tests.support.agents import Floor
from tests.support.wrap_ups import WrapUps


@pytest.fixture
async def wrap_ups(floor: Floor) -> WrapUps:
    return WrapUps(floor, await floor.campaign(dialingMode="progressive"))
