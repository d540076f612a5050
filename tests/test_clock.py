"""Loops that continue after errors end when they are cancelled."""

import asyncio

from tongdai.clock import cancel_requested, every


async def test_loop_ends_though_its_cancellation_was_lost_in_an_error() -> None:
    begun = asyncio.Event()

    async def loses_it() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return  # as when the error of a connection takes its place

    loop = asyncio.create_task(every(0, loses_it))
    await begun.wait()
    loop.cancel()
    await asyncio.wait_for(loop, 10)
    assert not cancel_requested()
