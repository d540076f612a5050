"""Agents at their desks, and a queue whose callers reach nobody else."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import TENANT, Demo, Opened, demo_server, login_of, make_person

AVAILABLE = re.compile("Ready|A call is coming|Talking")
CALLERS_PER_HOUR = 2400
"""Enough that one of the demo's queues has a caller within seconds: nobody waits for a queue that was not rung."""
CALL_MS = 100_000
"""How long until a caller reaches one agent of several."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    settings = {"TONGDAI_SIMULATED_CALLERS_PER_HOUR": str(CALLERS_PER_HOUR)}
    with demo_server(tmp_path_factory.mktemp("desks"), settings) as server:
        yield server


def created(api: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def agent_of(demo: Demo, api: httpx2.Client, name: str, queue_id: int) -> int:
    """An agent of the queue with a user of that name."""
    body = {"agentName": name, "endpoint": f"phone-{name}", "queueId": queue_id}
    agent_id = created(api, "/agents", body)["agentId"]
    make_person(demo.data_dir, TENANT, "agent", name, ["--agent", str(agent_id)], login_of(name))
    return agent_id


def quiet_queue(api: httpx2.Client) -> int:
    """A queue that nobody calls."""
    return created(api, "/queues/inbound", {"callinName": "Nobody calls"})["callinId"]


@dataclass(frozen=True)
class Desk:
    """An agent's desk, as it shows on their page."""

    agent_id: int
    name: str
    page: Page

    @property
    def state(self) -> Locator:
        return self.page.get_by_role("region", name="My state").get_by_role("status")

    @property
    def call(self) -> Locator:
        """The card of the call and what may be done in it."""
        return self.page.get_by_role("region", name="Call", exact=True)

    def act(self, name: str) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def sign_in(self) -> None:
        """Sign in; a caller may come at once."""
        self.act("Sign in")
        expect(self.state).to_contain_text(AVAILABLE)


Seated = Callable[[str, int], Desk]


@pytest.fixture
def seated(opened: Opened, demo: Demo, api: httpx2.Client) -> Iterator[Seated]:
    """A new agent of that name and queue at their desk: `seated("anna", queue_id)`. They are signed out afterwards."""
    made = list[int]()

    def seat(name: str, queue_id: int) -> Desk:
        agent_id = agent_of(demo, api, name, queue_id)
        made.append(agent_id)
        return Desk(agent_id, name, opened("/desk", name))

    yield seat
    for agent_id in made:
        api.post(f"/agents/{agent_id}/release")


@pytest.fixture
def alone(api: httpx2.Client) -> Iterator[int]:
    """A queue that callers ring, whose other agents pause."""
    queue_id = api.get("/agents?size=1").json()["data"][0]["queueId"]
    agents = [agent["agentId"] for agent in api.get(f"/agents?queueId={queue_id}&size=100").json()["data"]]
    for agent_id in agents:
        api.post(f"/agents/{agent_id}/pause", json={"reason": "a test"})
    yield queue_id
    for agent_id in agents:
        api.post(f"/agents/{agent_id}/next-state", json={"state": "idle"})
        api.post(f"/agents/{agent_id}/force-ready")
