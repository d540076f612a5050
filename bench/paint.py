"""When the console shows its first content in Chromium, and whether what it shows moves afterwards."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench import sides, world
from bench.report import Row
from bench.sides import Side
from bench.world import World

RUNS = 7
SETTLED_MS = 1_500
"""How long after the first content it is watched for moves."""
LOGIN, PASSWORD = "bench@example.com", "a password that is long enough"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
_SCREENS = {"sign-in": "/", "Live": "/live"}
_FIGURES = """
(settled) => new Promise((done) => {
  let moved = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) moved += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint"))
      setTimeout(() => done([entry.startTime, moved]), settled);
  }).observe({ type: "paint", buffered: true });
})
"""


def run(on: World, logs: Path) -> list[Row]:
    if CHROMIUM is None:
        print("  left out: Chromium is missing (Debian's package chromium)", flush=True)
        return []
    with world.database(on.data_dir) as dsn, sides.started(["tongdai"], on, dsn, logs) as (side,):
        _person(on)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
            return [row for screen, path in _SCREENS.items() for row in _rows(browser, side, screen, path)]


def _person(on: World) -> None:
    command = ["user", "create", "--tenant", str(on.tenant_id), "--login", LOGIN, "--name", "Bench"]
    subprocess.run(
        [sys.executable, "-m", "tongdai.cli", *command, "--data-dir", str(on.data_dir)],
        check=True,
        env=os.environ | {"TONGDAI_USER_PASSWORD": PASSWORD},
        stdout=subprocess.DEVNULL,
    )


def _rows(browser: Browser, side: Side, screen: str, path: str) -> list[Row]:
    found = [_once(browser, side, path) for _ in range(RUNS)]
    print(f"  {screen}: " + ", ".join(f"{ms:.0f} ms" for ms, _ in found), flush=True)
    times = [ms for ms, _ in found]
    return [
        Row(
            "paint",
            f"{screen}, nothing cached: first content",
            "on the loopback, 1366 × 768",
            "≤ 1 s",
            f"{statistics.median(times) / 1000:.2f} s, at most {max(times) / 1000:.2f} s in {RUNS} runs",
        ),
        Row(
            "paint",
            f"{screen}, nothing cached: layout shift",
            f"within {SETTLED_MS / 1000:g} s of it",
            "0",
            f"at most {max(moved for _, moved in found):.3f}",
        ),
    ]


def _once(browser: Browser, side: Side, path: str) -> tuple[float, float]:
    """When the first content was painted, in ms, and the sum of the layout shifts."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{side.port}", viewport={"width": 1366, "height": 768})
    try:
        if path != "/":
            signed_in = context.request.post("/v1/session", data={"login": LOGIN, "password": PASSWORD})
            if not signed_in.ok:
                raise SystemExit(f"bench: nobody is signed in: {signed_in.status} {signed_in.text()}")
        page = context.new_page()
        page.goto(path)
        painted_ms, moved = page.evaluate(_FIGURES, SETTLED_MS)
        return painted_ms, moved
    finally:
        context.close()
