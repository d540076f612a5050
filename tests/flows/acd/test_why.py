"""Why a caller waits, through the whole server, with a switch that calls in."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.call_floor import floor
from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_caller_and_agent_are_explained_from_the_wait_to_the_talk(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        queue = f"/v1/queues/inbound/{sales.queue_id}"
        await here.call("PATCH", f"{queue}/settings", {"joinEmpty": True, "leaveEmptyAfterSec": None})

        async def found() -> tuple[list[Any], list[Any]]:
            why = await here.call("GET", f"{queue}/why")
            return [one["reason"] for one in why["callers"]], [one["reason"] for one in why["agents"]]

        first = sales.call_in(1, talk_s=60)
        await eventually(lambda: first.answered_at, 10, "the answer")
        assert await found() == (["no_agents_signed_in"], ["offline"])
        await here.call("POST", f"{sales.agent}/sign-in")
        await sales.until("talking")
        assert await found() == ([], ["talking"])
        second = sales.call_in(2)
        await eventually(lambda: second.answered_at, 10, "the second answer")

        async def waits() -> bool:
            return await found() == (["no_agent_free"], ["talking"])

        await eventually(waits, 10, "the second caller to be in the queue")
