"""A value that several streams follow is read once, by one at a time, and only when somebody asks."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from tongdai.http.request import ClientGone
from tongdai.http.streams.shared import SharedReadings


class Value:
    """A value whose readings are counted and end when the test says so."""

    def __init__(self) -> None:
        self.began, self.go_on = 0, asyncio.Event()
        self.raises: Exception | None = None

    async def read(self) -> int:
        self.began += 1
        number = self.began
        await self.go_on.wait()
        if self.raises is not None:
            raise self.raises
        return number


async def begun(value: Value, readings: int = 1) -> None:
    while value.began < readings:
        await asyncio.sleep(0)


def following(shared: SharedReadings[str, int], key: str, read: Callable[[], Coroutine[None, None, int]]):
    return asyncio.create_task(shared.read(key, read))


async def test_those_who_ask_meanwhile_get_the_same() -> None:
    shared, value = SharedReadings[str, int](0), Value()
    asked = [following(shared, "a", value.read) for _ in range(20)]
    await begun(value)
    value.go_on.set()
    assert await asyncio.gather(*asked) == [1] * 20
    assert value.began == 1


async def test_those_who_ask_soon_after_get_the_same_and_others_a_new_one() -> None:
    fresh, stale, value = SharedReadings[str, int](3600), SharedReadings[str, int](0), Value()
    value.go_on.set()
    assert [await fresh.read("a", value.read) for _ in range(3)] == [1, 1, 1]
    assert [await stale.read("a", value.read) for _ in range(3)] == [2, 3, 4]


async def test_keys_are_read_apart() -> None:
    shared, one, other = SharedReadings[str, int](3600), Value(), Value()
    one.go_on.set()
    asked = following(shared, "b", other.read)
    assert await shared.read("a", one.read) == 1
    assert not asked.done()
    other.go_on.set()
    assert await asked == 1


async def test_readings_that_nobody_asks_for_are_dropped() -> None:
    shared, value = SharedReadings[str, int](0), Value()
    value.go_on.set()
    for key in "abcdef":
        await shared.read(key, value.read)
    assert len(shared) == 1


async def test_others_have_the_value_when_the_one_who_began_it_leaves() -> None:
    shared, value = SharedReadings[str, int](3600), Value()
    first = following(shared, "a", value.read)
    await begun(value)
    second = following(shared, "a", value.read)
    await asyncio.sleep(0)
    first.cancel()
    value.go_on.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_reading_of_a_client_that_left_is_made_again_by_another() -> None:
    shared, gone, value = SharedReadings[str, int](3600), Value(), Value()
    gone.raises = ClientGone("left")
    first = following(shared, "a", gone.read)
    await begun(gone)
    second = following(shared, "a", value.read)
    await asyncio.sleep(0)
    gone.go_on.set()
    value.go_on.set()
    with pytest.raises(ClientGone):
        await first
    assert await second == 1


async def test_failure_is_everybodys_and_the_next_reading_is_another() -> None:
    shared, value = SharedReadings[str, int](0), Value()
    value.raises = ConnectionError("away")
    asked = [following(shared, "a", value.read) for _ in range(3)]
    await begun(value)
    value.go_on.set()
    assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [ConnectionError] * 3
    value.raises = None
    assert await shared.read("a", value.read) == 2
