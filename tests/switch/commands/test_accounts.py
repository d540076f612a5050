"""Accounts of phones as a switch is asked to keep them."""

import random
from collections.abc import Mapping
from typing import Any, cast

import pytest

from tongdai.clock import SystemClock
from tongdai.switch.commands import Account, put_account, remove_account
from tongdai.switch.interface import Ari, Reply, SwitchRefused
from tongdai.switch.simulated.asterisk import SimulatedAsterisk

OBJECT = "asterisk/config/dynamic/res_pjsip"
KINDS = ("auth", "aor", "endpoint")
DIGEST = "0" * 32


class Keeping:
    """A switch that keeps accounts, or answers everything with one status; and what it was asked."""

    up = True

    def __init__(self, status: int | None = None) -> None:
        self.status = status
        self.switch = SimulatedAsterisk(random.Random(1), SystemClock())
        self.asked: list[tuple[str, str]] = []

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Reply:
        self.asked.append((method, uri.removeprefix(f"{OBJECT}/")))
        return Reply(self.status, None) if self.status else self.switch.handle(method, uri, query or {}, body)

    def changes(self) -> list[tuple[str, str]]:
        """The requests that change something, since the last time."""
        found = [one for one in self.asked if one[0] != "GET"]
        self.asked.clear()
        return found


@pytest.fixture
def switch() -> Keeping:
    return Keeping()


async def put(switch: Keeping, account: Account) -> bool:
    return await put_account(cast("Ari", switch), account)


async def test_account_is_three_objects(switch: Keeping) -> None:
    assert await put(switch, Account("agent7", DIGEST))
    assert switch.changes() == [("PUT", f"{kind}/agent7") for kind in KINDS]
    auth, aor, endpoint = (switch.switch.accounts[kind, "agent7"] for kind in KINDS)
    assert (auth["username"], auth["md5_cred"], auth["realm"]) == ("agent7", DIGEST, "asterisk")
    assert (aor["max_contacts"], aor["remove_existing"]) == ("1", "yes")
    assert (endpoint["auth"], endpoint["aors"], endpoint["context"]) == ("agent7", "agent7", "closed")
    assert endpoint["allow_transfer"] == "no"
    assert "answer-after=0" in endpoint["set_var"]


async def test_phone_that_rings_is_not_asked_to_answer_by_itself(switch: Keeping) -> None:
    await put(switch, Account("agent7", DIGEST, answers_by_itself=False))
    assert "set_var" not in switch.switch.accounts["endpoint", "agent7"]


async def test_account_that_is_there_is_left_as_it_is(switch: Keeping) -> None:
    await put(switch, Account("agent7", DIGEST))
    switch.changes()
    assert not await put(switch, Account("agent7", DIGEST))
    assert switch.changes() == []


async def test_endpoint_that_differs_is_made_anew_and_the_registration_stays(switch: Keeping) -> None:
    """An endpoint with variables cannot be changed: Asterisk answers 500."""
    await put(switch, Account("agent7", DIGEST))
    switch.changes()
    assert await put(switch, Account("agent7", DIGEST, answers_by_itself=False))
    assert switch.changes() == [("DELETE", "endpoint/agent7"), *(("PUT", f"{kind}/agent7") for kind in KINDS)]


async def test_another_password_ends_the_registration(switch: Keeping) -> None:
    await put(switch, Account("agent7", DIGEST))
    switch.changes()
    assert await put(switch, Account("agent7", "1" * 32))
    deleted = [("DELETE", "endpoint/agent7"), ("DELETE", "aor/agent7")]
    assert switch.changes() == [*deleted, *(("PUT", f"{kind}/agent7") for kind in KINDS)]


async def test_account_that_was_half_made_is_completed(switch: Keeping) -> None:
    await put(switch, Account("agent7", DIGEST))
    del switch.switch.accounts["endpoint", "agent7"]
    assert await put(switch, Account("agent7", DIGEST))
    assert ("endpoint", "agent7") in switch.switch.accounts


async def test_switch_that_has_no_place_for_it_refuses(switch: Keeping) -> None:
    switch.switch.keeps_accounts = False
    with pytest.raises(SwitchRefused) as refused:
        await put(switch, Account("agent7", DIGEST))
    assert refused.value.status == 403


async def test_account_is_removed_and_may_be_gone(switch: Keeping) -> None:
    await put(switch, Account("agent7", DIGEST))
    switch.changes()
    for _ in range(2):
        await remove_account(cast("Ari", switch), "agent7")
        assert switch.changes() == [("DELETE", f"{kind}/agent7") for kind in ("endpoint", "aor", "auth")]
        assert not switch.switch.accounts


async def test_removal_that_fails_is_raised() -> None:
    with pytest.raises(SwitchRefused):
        await remove_account(cast("Ari", Keeping(500)), "agent7")


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "a" * 65])
async def test_name_is_a_plain_one(switch: Keeping, name: str) -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
        await put(switch, Account(name, DIGEST))
    with pytest.raises(ValueError, match="not an endpoint"):
        await remove_account(cast("Ari", switch), name)
    assert switch.asked == []
