"""The hashing of passwords is shared between addresses."""

import asyncio
import threading

import pytest

from tongdai.errors import Overloaded
from tongdai.people.users import passwords as module
from tongdai.people.users.passwords import WAITING_EACH, Passwords


class Hasher:
    """One that waits until it may continue, and notes what it was given."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.hashed = list[str]()

    def hash(self, password: str) -> str:
        assert self.may.wait(30)
        self.hashed.append(password)
        return password


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Hasher:
    made = Hasher()
    monkeypatch.setattr(module, "_hasher", made)
    return made


async def test_address_that_sends_many_leaves_others_places_and_turns(hasher: Hasher) -> None:
    passwords = Passwords()
    greedy = [asyncio.create_task(passwords.hash(f"greedy {n}", "203.0.113.5")) for n in range(WAITING_EACH)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await passwords.hash("one more", "203.0.113.5")
    other = asyncio.create_task(passwords.hash("other", "203.0.113.6"))
    await asyncio.sleep(0)
    hasher.may.set()
    await asyncio.gather(*greedy, other)
    assert hasher.hashed.index("other") <= 2 * module.AT_ONCE, "it did not wait for those that came before it"
    assert await passwords.hash("again", "203.0.113.5") == "again", "its places are free again"
