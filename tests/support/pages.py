"""Pages of a Chromium that stop, as those of a computer that sleeps do."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROCESSES = "SystemInfo.getProcessInfo"
"""The question of a debugger of the browser, whose answer `asleep` takes."""


@contextmanager
def asleep(answer: dict[str, Any]) -> Iterator[None]:
    """Stop the processes of all pages; that of the browser runs on, and keeps their connections."""
    pages = [one["id"] for one in answer["processInfo"] if one["type"] == "renderer"]
    for page in pages:
        os.kill(page, signal.SIGSTOP)
    try:
        yield
    finally:
        for page in pages:
            os.kill(page, signal.SIGCONT)
