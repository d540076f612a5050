"""A queue for a test."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.live.hotline import Hotline, hotline_of
from tests.support.live.tenant import LiveTenant
from tests.support.live.testbed import TRUNK
from tests.support.switch import Listener
from tongdai.switch import commands


@pytest.fixture
async def hotline(tenant: LiveTenant, recorder: Listener) -> AsyncGenerator[Hotline]:
    """Callers who are left at the end are hung up."""
    hotline = await hotline_of(tenant, recorder)
    async with hotline.headsets:
        yield hotline
    for channel in await commands.channels(recorder.ari):
        if channel.endpoint == TRUNK:
            await commands.hang_up(recorder.ari, channel.channel_id)
