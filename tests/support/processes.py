"""Child processes with default signal dispositions, on pipes or on a terminal.

A shell without job control starts a background command (`make test &`) with SIGINT and SIGQUIT ignored, and a process
inherits what its parent ignores. A test that types Ctrl-C must therefore reset both in the child.
"""

import os
import pty
import re
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

READ_TIMEOUT_S = 60.0


def reset_signals() -> None:
    """Restore the default dispositions and unblock all signals; for `preexec_fn`."""
    for sig in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(sig, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def spawn(command: Sequence[str | Path], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start a command with its output on pipes and nothing on standard input."""
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=reset_signals,  # noqa: PLW1509 - it takes no lock that a thread could hold
    )


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._screen, inside = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - it takes no lock that a thread could hold
        )
        os.close(inside)

    def until(self, pattern: str) -> None:
        """Read until the screen has shown the pattern."""
        while not re.search(pattern, self.shown):
            assert self._read(), self.shown

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def ended(self) -> int:
        """The exit code, once the command has closed the terminal."""
        while self._read():
            pass
        return self.process.wait(READ_TIMEOUT_S)

    def _read(self) -> bool:
        assert select.select([self._screen], [], [], READ_TIMEOUT_S)[0], f"no output after: {self.shown}"
        try:
            chunk = os.read(self._screen, 65536)
        except OSError:  # Linux reports a terminal without a process as an error
            return False
        self.shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", chunk.decode(errors="replace"))
        return True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


def _take_terminal() -> None:
    reset_signals()
    os.setsid()
    # The first terminal that a session leader opens becomes its controlling terminal: Ctrl-C then sends SIGINT.
    os.close(os.open(os.ttyname(0), os.O_RDWR))
