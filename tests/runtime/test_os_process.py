"""Signals of a process on an event loop."""

import asyncio
import os
import signal

from tongdai.runtime import os_process


async def test_a_signal_reaches_the_loops_own_handler_and_the_other() -> None:
    loop, sig = asyncio.get_running_loop(), signal.SIGUSR2
    of_loop, other = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(sig, of_loop.set)
    try:
        os_process.on_signal_too(sig, other.set)
        os.kill(os.getpid(), sig)
        async with asyncio.timeout(10):
            await asyncio.gather(of_loop.wait(), other.wait())
    finally:
        loop.remove_signal_handler(sig)
