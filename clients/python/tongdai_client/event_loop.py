"""The event loop functions that `AsyncClient` needs: sleep, and run blocking code in a thread. For asyncio and trio.

httpx2 runs on either; these two functions keep the client from depending on a compatibility layer of its own.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def sleep(seconds: float) -> None:
    trio = _running_trio()
    await (asyncio if trio is None else trio).sleep(seconds)


async def run_in_thread(function: Callable[[], T]) -> T:
    """The result of a blocking function.

    On cancellation the thread is waited for first: afterwards nothing uses the caller's resources any more.
    """
    trio = _running_trio()
    if trio is not None:
        result: T = await trio.to_thread.run_sync(function)
        return result
    thread = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait((thread,))
        raise


def _running_trio() -> Any:
    """The module trio if its event loop is the one that runs; None if it is asyncio's."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None
