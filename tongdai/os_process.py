"""What every process of Tongdai needs of its operating system."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sig: signal.Signals, parent: int | None = None) -> None:
    """Ask the kernel to send this process `sig` when its parent ends, however it ends (Linux; elsewhere no effect).

    `parent` is the pid expected: if it is already gone, this process ends now. Safe between fork and exec, after the
    user is changed (changing user clears it). The kernel means the parent's *thread*: start children from the main one.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def parent_named(variable: str) -> int | None:
    """The pid that the environment names, for `die_with_parent`; None where nobody is named."""
    pid = os.environ.get(variable)
    return None if pid is None else int(pid)


def run_until_signalled(work: Coroutine[None, None, None]) -> None:
    """`asyncio.run`; SIGTERM and SIGINT cancel the work, and this returns once it has ended."""

    async def cancelled_when_told() -> None:
        task = asyncio.current_task()
        assert task is not None
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, task.cancel)
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(cancelled_when_told())


def alive(pid: int) -> bool:
    """Whether a process has that pid now, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
