"""A demo server with people of each role, and pages of a browser that is signed in as one of them.

The tests of the console run in Debian's Chromium: `make test-console`.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.programs import PLAIN
from tongdai.runtime.os_process import die_with_parent

PASSWORD = "a long password of theirs"
TENANT = 20260310
STRANGER = 20260311
"""A tenant that has an owner, `login_of("stranger")`, and nothing else."""
ROLES = ("owner", "supervisor", "agent", "viewer")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
LAPTOP = {"width": 1366, "height": 768}
PATIENCE_MS = 30_000
"""How long a page may take: the machine that runs the tests may be slow."""


@dataclass(frozen=True)
class Demo:
    url: str
    key: str
    data_dir: Path


def login_of(role: str) -> str:
    return f"{role}@example.com"


@contextmanager
def demo_server(folder: Path, more: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """The demo with its own data directory and simulated callers, and a user of each role; `more` settings for it."""
    data_dir, log = folder / "data", folder / "log"
    environment = PLAIN | {"TONGDAI_TENANT_LIMIT": "1000000", "TONGDAI_ROUTE_LIMIT": "1000000"} | dict(more or {})
    command = [sys.executable, "-m", "tongdai.cli", "demo", "--data-dir", str(data_dir), "--port", "0"]
    command += ["--simulated-talk-seconds", "120"]  # so that there is time to act in a call
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, env=environment, process_group=0,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - tests that are killed leave nothing
        )  # fmt: skip
        try:
            url, key = _welcomed(server, log)
            _make_people(data_dir, url, key)
            yield Demo(url, key, data_dir)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
            if server.stdout is not None:
                server.stdout.close()


def _welcomed(server: "subprocess.Popen[bytes]", log: Path) -> tuple[str, str]:
    """The address and the key, which the demo prints once it is ready."""
    assert server.stdout is not None
    text = ""
    for line in server.stdout:
        text += line.decode()
        found = re.search(r"Address +(\S+).*?Key +(\S+)", text, re.DOTALL)
        if found is not None:
            return found[1], found[2]
    raise AssertionError(f"the demo ended: {log.read_text()[-2000:]}")


def _make_people(data_dir: Path, url: str, key: str) -> None:
    agent = _agent(url, key)
    for role in ROLES:
        make_person(data_dir, TENANT, role, f"Trần {role}", ["--agent", str(agent)] if role == "agent" else [])
    tongdai(data_dir, "tenant", "create", str(STRANGER), "--name", "Công ty khác", "--country", "VN")
    make_person(data_dir, STRANGER, "owner", "Lê Lạ", login=login_of("stranger"))


def make_person(data_dir: Path, tenant: int, role: str, name: str, more: Sequence[str] = (), login: str = "") -> None:
    tongdai(
        data_dir, "user", "create", "--tenant", str(tenant), "--login", login or login_of(role), "--name", name,
        "--role", role, *more,
    )  # fmt: skip


def tongdai(data_dir: Path, *command: str) -> None:
    """Run a command of the server's CLI, which must succeed; a password that it needs is PASSWORD."""
    done = subprocess.run(
        [sys.executable, "-m", "tongdai.cli", *command, "--data-dir", str(data_dir)],
        check=False, env=PLAIN | {"TONGDAI_USER_PASSWORD": PASSWORD}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _agent(url: str, key: str) -> int:
    answer = httpx2.get(f"{url}/v1/agents?size=1", headers={"X-Api-Key": key}, timeout=30)
    return answer.json()["data"][0]["agentId"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_server(tmp_path_factory.mktemp("console")) as server:
        yield server


@pytest.fixture
def api(demo: Demo) -> Iterator[httpx2.Client]:
    """A client of the demo by its key."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def base_url(demo: Demo) -> str:
    return demo.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        "args": FLAGS,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "viewport": LAPTOP, "locale": "en-GB", "timezone_id": "Asia/Ho_Chi_Minh"}


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, browser_context_args: dict[str, object], demo: Demo) -> Iterator[Opened]:
    """Open a page, signed in as a role (None: nobody): `opened("/live", "supervisor", locale="vi-VN")`.

    Further arguments are those of a Playwright context. The test fails when a page reports an error.
    """
    contexts, faults, roles = [], list[str](), set[str]()

    def open_page(path: str, role: str | None = "supervisor", **options: object) -> Page:
        context = browser.new_context(**{**browser_context_args, "base_url": demo.url, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if role is not None:
            body = {"login": login_of(role), "password": PASSWORD}
            signed_in = context.request.post("/v1/session", data=body)
            assert signed_in.ok, signed_in.text()
            if role not in roles and signed_in.json()["user"]["language"] is not None:  # another test has chosen one
                token = {"X-CSRF-Token": signed_in.json()["csrfToken"]}
                assert context.request.patch("/v1/session", data={"language": None}, headers=token).ok
            roles.add(role)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def assert_accessible(page: Page) -> None:
    """Assert that axe finds nothing serious."""
    found = Axe().run(page).response["violations"]
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def act(page: Page, name: str) -> None:
    """Click a button of the page."""
    page.get_by_role("button", name=name, exact=True).click()


def in_dialog(page: Page, name: str) -> None:
    """Click a button of the dialog that is open."""
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


expect.set_options(timeout=PATIENCE_MS)
