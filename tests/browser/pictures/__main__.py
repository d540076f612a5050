"""Takes the pictures of the console that the documents show, from the demo with its simulated callers.

make pictures
"""

import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, LAPTOP, PASSWORD, PATIENCE_MS, Demo, demo_server, login_of
from tests.support.sound_files import tone

IMAGES = Path(__file__).parents[3] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    role: str = "supervisor"
    locale: str = "en-GB"
    scheme: str = "light"
    links: tuple[str, ...] = ()
    """Links of the page to follow first, one after the other."""
    file: str = ""
    """The text of a file of contacts to choose then."""
    part: str = ""
    """The heading of the part of the page to scroll to; none: its beginning."""


MOVING_S = 90.0
"""For which the demo has run before the first picture, so that there are figures."""
SOUNDS = (("music", "Sáo trúc.wav", 12), ("prompt", "please-wait", 4), ("prompt", "next", 2))
"""Kind, name and seconds of sounds that are uploaded before."""
FILE = (
    "Mã;Khách;Gọi số này;Ghi chú\r\nKH-1041;Trần Thị Đào;0901 234 567;trả góp\r\n"
    "KH-1042;Lê Văn Nam;0902 345 678;\r\nKH-1043;Phạm Thu Hà;0903 456 789;gọi buổi chiều\r\n"
)
"""With headings that are not known."""
PICTURES = (
    Picture("campaign", "/campaigns", links=("Nhắc lịch hẹn",)),
    Picture("import", "/campaigns", links=("Nhắc lịch hẹn", "Import contacts"), file=FILE),
    Picture("campaign-form", "/campaigns/new"),
    Picture("timeline", "/campaigns", links=("Nhắc lịch hẹn",), part="Over time"),
    Picture("missed-calls", "/missed-calls"),
    Picture("reports", "/reports?report=queues&interval=60"),
    Picture("queue", "/queues", links=("Chăm sóc khách hàng",)),
    Picture("menu", "/menus", links=("Chào mừng",)),
    Picture("sounds", "/sounds", locale="vi-VN"),
    Picture("numbers", "/settings/numbers"),
    Picture("audit", "/settings/audit", "owner"),
    Picture("agents", "/agents"),
    Picture("desk", "/desk", "agent", locale="vi-VN"),
    Picture("live", "/live"),
    Picture("live-dark-vi", "/live", locale="vi-VN", scheme="dark"),
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demo_server(Path(folder)) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        time.sleep(MOVING_S)
        _furnish(demo)
        for picture in (*PICTURES, Picture("wallboard", _board(demo))):
            _take(browser, demo, picture)
            sys.stdout.write(f"{picture.name}\n")
        browser.close()


def _furnish(demo: Demo) -> None:
    """Make what the pictures show and the demo does not have."""
    with httpx2.Client(base_url=f"{demo.url}/v1", headers={"X-Api-Key": demo.key}, timeout=60) as client:
        for kind, name, seconds in SOUNDS:
            sent = {"kind": kind, "name": name} | ({"language": "vi"} if kind == "prompt" else {})
            content, media = tone(seconds), {"Content-Type": "audio/wav"}
            client.put("/queues/sounds", params=sent, content=content, headers=media).raise_for_status()
        agents = [agent["agentId"] for agent in client.get("/agents").json()["data"]]
        missed = client.get("/missed-calls", params={"state": "open"}).json()["data"]
        for agent_id, call in zip(agents, missed[1:3], strict=False):
            client.post(f"/missed-calls/{call['callId']}/claim", json={"agentId": agent_id}).raise_for_status()


def _board(demo: Demo) -> str:
    """The path of a wallboard that is made for it."""
    waiting = {"warn": 1, "alarm": 10}
    board = {"name": "Sảnh tầng 2", "language": "vi", "theme": "dark", "thresholds": {"waiting": waiting}}
    made = httpx2.post(f"{demo.url}/v1/wallboards", json=board, headers={"X-Api-Key": demo.key}, timeout=30)
    return f"/wall#{made.json()['token']}"


def _take(browser: Browser, demo: Demo, picture: Picture) -> None:
    context = browser.new_context(
        base_url=demo.url, viewport=LAPTOP, locale=picture.locale, color_scheme=picture.scheme,  # type: ignore[arg-type]
        timezone_id="Asia/Ho_Chi_Minh", reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    signed_in = context.request.post("/v1/session", data={"login": login_of(picture.role), "password": PASSWORD})
    assert signed_in.ok, signed_in.text()
    page = context.new_page()
    page.goto(picture.path)
    for link in picture.links:
        page.get_by_role("main").get_by_role("link", name=re.compile(re.escape(link))).first.click()
    if picture.file:
        page.get_by_label("File", exact=True).set_input_files(
            {"name": "khach-thang-5.csv", "mimeType": "text/csv", "buffer": picture.file.encode()}
        )
        page.get_by_label("Gọi số này is read as").select_option(label="Phone number")
    _settled(page)
    if picture.part:
        page.get_by_role("heading", name=picture.part, exact=True).evaluate("one => one.scrollIntoView()")
    page.screenshot(path=IMAGES / f"{picture.name}.png")
    context.close()


def _settled(page: Page) -> None:
    """Wait until the page shows its data."""
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.wait_for_timeout(2000)  # streams send their first data within a second


main()
