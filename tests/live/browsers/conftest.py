"""Chromium on a real Asterisk."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.conftest import FLAGS
from tests.support.live import audio
from tests.support.live.desks import CHROMIUM, MICROPHONE
from tests.support.live.testbed import AGENT_HZ


@pytest.fixture
async def chromium(tmp_path: Path) -> AsyncGenerator[Browser]:
    """A browser that hears a tone."""
    spoken = tmp_path / "spoken.wav"
    audio.write_wav(spoken, audio.tone(AGENT_HZ, 4))
    async with async_playwright() as playwright:
        flags = [*FLAGS, *MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}"]
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield launched
        await launched.close()
