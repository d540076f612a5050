"""The loop of virtual time."""

import asyncio
import random

import pytest

from tongdai.testing import virtual_time
from tongdai.testing.virtual_time import EPOCH, LoopClock


async def spins(until_s: float) -> None:
    while LoopClock().monotonic() < until_s:
        await asyncio.sleep(0)


def test_time_passes_only_by_waiting() -> None:
    async def an_hour() -> float:
        await asyncio.sleep(3600)
        return (LoopClock().now() - EPOCH).total_seconds()

    assert virtual_time.run(an_hour(), random.Random(1)) == 3600


def test_loop_in_which_no_time_passes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else would end it: what a signal raises within a task is the task's own."""
    monkeypatch.setattr(virtual_time, "STANDSTILL", 1000)
    with pytest.raises(RuntimeError, match="time stands still"):
        virtual_time.run(spins(1), random.Random(1))


def test_those_who_wait_for_nothing_but_each_other_are_found() -> None:
    with pytest.raises(RuntimeError, match="all wait for one another"):
        virtual_time.run(asyncio.Event().wait(), random.Random(1))
