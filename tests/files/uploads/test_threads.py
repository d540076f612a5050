"""Threads that write and read uploads: tenants take turns."""

import asyncio
import threading
from collections.abc import AsyncGenerator

from tongdai.files.uploads import threads
from tongdai.ids import TenantId

ONE, OTHER = TenantId(1), TenantId(2)
PIECE = threads.BATCH // 2


async def pieces(count: int, size: int = PIECE) -> AsyncGenerator[bytes]:
    for number in range(count):
        yield bytes([number]) * size


class Writing:
    """Writes of a tenant, each of which waits until it may continue."""

    def __init__(self) -> None:
        self.may_continue = threading.Event()
        self.begun = threading.Semaphore(0)
        self.at_once = self.most = 0

    def __call__(self, _data: bytes) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.begun.release()
        self.may_continue.wait()
        self.at_once -= 1


async def test_body_is_written_in_its_order_and_the_rest_is_returned() -> None:
    taken: list[bytes] = []
    rest = await threads.received(pieces(5), ONE, taken.append)
    assert [len(each) for each in taken] == [threads.BATCH] * 2
    assert b"".join([*taken, rest]) == b"".join([piece async for piece in pieces(5)])
    assert len(rest) == PIECE


async def test_small_body_is_returned_and_none_of_it_written() -> None:
    taken: list[bytes] = []
    assert await threads.received(pieces(2, 10), ONE, taken.append) == b"\x00" * 10 + b"\x01" * 10
    assert not taken


async def test_bodies_of_a_tenant_are_written_one_at_a_time_and_beside_those_of_others() -> None:
    slow = Writing()
    bodies = [asyncio.create_task(threads.received(pieces(4), ONE, slow)) for _ in range(8)]
    await asyncio.to_thread(slow.begun.acquire)
    others: list[bytes] = []
    await threads.received(pieces(4), OTHER, others.append)
    assert len(others) == 2
    assert not any(body.done() for body in bodies)
    slow.may_continue.set()
    await asyncio.gather(*bodies)
    assert slow.most == 1
