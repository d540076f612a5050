"""Child processes of tests receive Ctrl-C even if the tests themselves run in the background."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.support.processes import Terminal, spawn

INTERRUPT_ITSELF = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
WAIT = "import time; print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def interrupts_ignored() -> Iterator[None]:
    """Ignore SIGINT, as a shell does for a background command."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts_ignored")
def test_spawned_process_is_interrupted() -> None:
    process = spawn([sys.executable, "-c", INTERRUPT_ITSELF], os.environ)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert process.returncode == -signal.SIGINT


@pytest.mark.usefixtures("interrupts_ignored")
def test_ctrl_c_on_a_terminal_interrupts() -> None:
    terminal = Terminal([sys.executable, "-c", WAIT], os.environ)
    try:
        terminal.until("ready")
        terminal.type("\x03")
        assert terminal.ended() == -signal.SIGINT
        assert "KeyboardInterrupt" in terminal.shown
    finally:
        terminal.close()
