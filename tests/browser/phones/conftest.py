"""A demo whose agents' browsers can be phones, and a browser with a microphone."""

import os
from collections.abc import Callable, Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.conftest import FLAGS, TENANT, Demo, Opened, demo_server, login_of, make_person
from tests.browser.phones.registrar import Registrar, registrar

MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@pytest.fixture(scope="session")
def switch() -> Iterator[Registrar]:
    with registrar() as listening:
        yield listening


@pytest.fixture(scope="session")
def demo(switch: Registrar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("phones"), {"TONGDAI_PHONE_URLS": f"default={switch.url}"}) as server:
        yield server


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One for each test: what a test stops is of no other."""
    program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    launched = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *MICROPHONE])
    yield launched
    launched.close()


Desk = Callable[..., tuple[int, Page]]


@pytest.fixture
def desk(opened: Opened, demo: Demo, api: httpx2.Client) -> Desk:
    """The desk of a new agent of that name, who has an account and a queue of their own: `agent_id, page`. Further
    arguments are fields of the agent."""

    def made(name: str, **fields: str) -> tuple[int, Page]:
        queue = api.post("/queues/inbound", json={"callinName": f"Queue of {name}"}).json()
        agent = api.post("/agents", json={"agentName": name, "queueId": queue["callinId"], **fields}).json()
        make_person(demo.data_dir, TENANT, "agent", name, ["--agent", str(agent["agentId"])], login_of(name))
        page = opened("/desk", name)
        expect(page.get_by_role("button", name="Take the phone here")).to_be_visible()
        return agent["agentId"], page

    return made
