"""Processes: signals, and the death of a parent."""

import asyncio
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sig: signal.Signals, parent: int | None = None) -> None:
    """Have the kernel send this process `sig` when its parent ends, however it ends (Linux only).

    `parent` is the expected pid: if that process has ended already, this one exits now. Safe between fork and exec,
    after the user is changed (which would clear it). The kernel watches the parent's *thread*: start children on the
    main one.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def parent_named(variable: str) -> int | None:
    """The parent's pid in the environment, for `die_with_parent`; None when there is none."""
    pid = os.environ.get(variable)
    return None if pid is None else int(pid)


def run_until_signalled(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine; SIGTERM and SIGINT cancel it, and this returns once it has ended."""

    async def until_signalled() -> None:
        task = asyncio.current_task()
        assert task is not None
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, task.cancel)
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(until_signalled())


def on_signal_too(sig: signal.Signals, callback: Callable[[], object]) -> None:
    """Also call `callback`, on the running loop, when a signal arrives that the loop has a handler for.

    The loop learns of signals by its wake-up descriptor; the handler that Python itself calls does nothing otherwise.
    """
    loop = asyncio.get_running_loop()

    def arrived(_signal: int, _frame: object) -> None:
        loop.call_soon_threadsafe(callback)

    signal.signal(sig, arrived)
    signal.siginterrupt(sig, False)


def raise_descriptor_limit() -> int:
    """Raise the limit of open files to what the system allows this process and its children; return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def descendants(pid: int) -> list[int]:
    """The children of a process, theirs, and so on, as far as /proc tells (Linux)."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):  # gone meanwhile
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    found, last = list[int](), {pid}
    while last := {child for child, parent in parents.items() if parent in last}:
        found += last
    return found


def alive(pid: int) -> bool:
    """Whether a process with that pid exists, of any user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
