"""Turns of connections that discard what is left of refused bodies."""

import asyncio

from tongdai.http.connections.rests import AT_ONCE, Rests


class Discards:
    """A connection that discards a body of so many pieces."""

    def __init__(self, rests: Rests, log: list["Discards"], pieces: int = 1) -> None:
        self._rests, self._log, self._pieces = rests, log, pieces
        self.read, self.ended = asyncio.Event(), asyncio.Event()
        rests.join(self)

    def read_on(self) -> None:
        self._log.append(self)
        self.read.set()
        self._pieces -= 1
        if self._pieces:
            self._rests.join(self)
        else:
            self.ended.set()


async def test_connections_read_in_turns_and_one_with_more_comes_behind_the_others() -> None:
    rests, log = Rests(), list[Discards]()
    long = Discards(rests, log, pieces=2)
    others = [Discards(rests, log) for _ in range(3 * AT_ONCE)]
    async with asyncio.timeout(30):
        await long.read.wait()
        assert log == [long, *others][:AT_ONCE], "the others wait for their turns"
        await long.ended.wait()
    assert log == [long, *others, long]


async def test_connection_that_is_gone_is_asked_for_nothing() -> None:
    rests, log = Rests(), list[Discards]()
    gone, last = Discards(rests, log), Discards(rests, log)
    rests.leave(gone)
    rests.leave(gone)
    async with asyncio.timeout(30):
        await last.read.wait()
    assert log == [last]


async def test_connection_that_comes_after_all_others_have_read_has_a_turn() -> None:
    rests, log = Rests(), list[Discards]()
    async with asyncio.timeout(30):
        for _ in range(2):
            await Discards(rests, log).read.wait()
    assert len(log) == 2
