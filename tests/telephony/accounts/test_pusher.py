"""Accounts of phones on the simulated switch, whatever it loses and refuses."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.support.dialer_scene import Scene, play
from tongdai.agents.accounts.model import Unwanted, Wanted, digest_of
from tongdai.agents.model import Mode
from tongdai.ids import AgentId, TenantId
from tongdai.switch.simulated.client import Faults
from tongdai.telephony.accounts.pusher import AGAIN_S, NO_PLACE

LATER_S = 3


@dataclass
class MemoryAccounts:
    """Implements `AccountStore`. The password of an account is its salt."""

    accounts: dict[str, Wanted] = field(default_factory=dict[str, Wanted])
    removed: dict[str, Unwanted] = field(default_factory=dict[str, Unwanted])
    pushes: list[str] = field(default_factory=list[str])
    readings: int = 0
    """How often all accounts were read."""

    def add(self, name: str, salt: bytes = b"one", mode: Mode = Mode.NAILED_UP) -> None:
        self.accounts[name] = Wanted(
            TenantId(1), AgentId(1), name, salt, mode, browser=False, pushed=False, problem=None
        )

    def remove(self, name: str) -> None:
        del self.accounts[name]
        self.removed[name] = Unwanted(TenantId(1), name)

    async def wanted(self) -> Sequence[Wanted]:
        self.readings += 1
        return list(self.accounts.values())

    async def changed(self) -> Sequence[Wanted]:
        return [one for one in self.accounts.values() if not one.pushed]

    async def unwanted(self) -> Sequence[Unwanted]:
        return list(self.removed.values())

    def digest(self, account: Wanted) -> str:
        return digest_of(account.name, account.salt.decode())

    async def pushed(self, account: Wanted) -> None:
        self.pushes.append(account.name)
        if account.name in self.accounts and self.accounts[account.name].salt == account.salt:
            self.accounts[account.name] = replace(account, pushed=True, problem=None)

    async def refused(self, account: Wanted, problem: str) -> None:
        self.accounts[account.name] = replace(account, pushed=False, problem=problem)

    async def gone(self, account: Unwanted) -> None:
        self.removed.pop(account.name, None)


def begun(s: Scene, faults: Faults | None = None) -> MemoryAccounts:
    s.accounts = accounts = MemoryAccounts()
    s.start(faults)
    return accounts


def kept(s: Scene, name: str) -> str | None:
    """The digest that the switch has for an account that is whole."""
    objects = [s.simulated.accounts.get((kind, name)) for kind in ("auth", "aor", "endpoint")]
    return None if None in objects else (objects[0] or {})["md5_cred"]


def test_account_is_put_on_the_switch_within_seconds_and_only_once() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        assert kept(s, "t1-a") == digest_of("t1-a", "one")
        accounts.add("t1-b", mode=Mode.RING)
        await s.until(lambda: accounts.accounts["t1-b"].pushed, within_s=LATER_S)
        assert "set_var" in s.simulated.accounts["endpoint", "t1-a"]
        assert "set_var" not in s.simulated.accounts["endpoint", "t1-b"]
        await asyncio.sleep(60)
        assert accounts.pushes == ["t1-a", "t1-b"]
        assert accounts.readings == 1, "only what has changed is read"

    play(scene)


def test_switch_that_has_restarted_gets_all_of_them_again() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        for name in ("t1-a", "t1-b", "t2-c"):
            accounts.add(name)
        await s.until(lambda: all(one.pushed for one in accounts.accounts.values()), within_s=LATER_S)
        s.simulated.restart()
        assert not s.simulated.accounts
        await s.until(lambda: all(kept(s, name) for name in accounts.accounts), within_s=10)

    play(scene)


def test_next_leader_leaves_what_is_there_as_it_is() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        await s.stop()
        s.start()
        await asyncio.sleep(LATER_S)
        assert accounts.pushes == ["t1-a"]

    play(scene)


def test_another_password_signs_the_phone_off_and_another_mode_does_not() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        registered = s.simulated.accounts["aor", "t1-a"]
        accounts.add("t1-a", mode=Mode.RING)
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        assert "set_var" not in s.simulated.accounts["endpoint", "t1-a"]
        assert s.simulated.removed_accounts == [("endpoint", "t1-a")]
        accounts.add("t1-a", b"two", Mode.RING)
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        assert kept(s, "t1-a") == digest_of("t1-a", "two")
        assert ("aor", "t1-a") in s.simulated.removed_accounts
        assert s.simulated.accounts["aor", "t1-a"] == registered

    play(scene)


def test_removed_account_goes_from_the_switch_and_then_its_row() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        accounts.remove("t1-a")
        await s.until(lambda: not accounts.removed, within_s=LATER_S)
        assert not s.simulated.accounts
        accounts.removed["never"] = Unwanted(TenantId(1), "never")
        await s.until(lambda: not accounts.removed, within_s=LATER_S)

    play(scene)


def test_removal_waits_for_a_switch_that_is_away() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=LATER_S)
        s.simulated.cut(for_s=20)
        accounts.remove("t1-a")
        await asyncio.sleep(10)
        assert accounts.removed
        assert kept(s, "t1-a")
        await s.until(lambda: not accounts.removed, within_s=20)
        assert not s.simulated.accounts

    play(scene)


def test_switch_without_a_place_for_them_says_so_and_is_asked_again() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s)
        s.simulated.keeps_accounts = False
        accounts.add("t1-a")
        await s.until(lambda: accounts.accounts["t1-a"].problem == NO_PLACE, within_s=LATER_S)
        s.simulated.keeps_accounts = True
        await asyncio.sleep(LATER_S)
        assert not accounts.accounts["t1-a"].pushed, "it is not asked each second"
        accounts.add("t1-b")
        await s.until(lambda: accounts.accounts["t1-b"].pushed, within_s=LATER_S)
        await s.until(lambda: accounts.accounts["t1-a"].pushed, within_s=AGAIN_S)
        assert accounts.accounts["t1-a"].problem is None

    play(scene)


def test_all_are_there_in_the_end_whatever_gets_lost() -> None:
    async def scene(s: Scene) -> None:
        accounts = begun(s, Faults(error=0.1, request_lost=0.05, reply_lost=0.05))
        for n in range(20):
            accounts.add(f"t1-{n}")
        await asyncio.sleep(120)
        for n in range(0, 20, 2):
            accounts.remove(f"t1-{n}")
        for n in range(1, 20, 4):
            accounts.add(f"t1-{n}", b"two")
        s.ari.faults = Faults()
        await s.until(lambda: not accounts.removed, within_s=AGAIN_S + 60)
        await s.until(lambda: all(one.pushed for one in accounts.accounts.values()), within_s=AGAIN_S + 60)
        assert {name for _, name in s.simulated.accounts} == accounts.accounts.keys()
        for name, account in accounts.accounts.items():
            assert kept(s, name) == accounts.digest(account)

    play(scene)
