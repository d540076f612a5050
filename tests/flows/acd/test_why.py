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

        async def reasons() -> tuple[list[Any], list[Any]]:
            why = await here.call("GET", f"{queue}/why")
            return [one["reason"] for one in why["callers"]], [one["reason"] for one in why["agents"]]

        async def until(callers: list[str], agents: list[str]) -> None:
            async def reached() -> bool:
                return await reasons() == (callers, agents)

            await eventually(reached, 10, f"callers {callers} beside agents {agents}")

        first = sales.call_in(1, talk_s=60)
        await eventually(lambda: first.answered_at, 10, "the answer")
        await until(["no_agents_signed_in"], ["offline"])
        await here.call("POST", f"{sales.agent}/sign-in")
        await sales.until("talking")
        await until([], ["talking"])
        second = sales.call_in(2)
        await eventually(lambda: second.answered_at, 10, "the second answer")
        await until(["no_agent_free"], ["talking"])
