"""Accounts of phones as a switch is asked to keep them."""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import pytest

from tongdai.switch.commands.accounts import digest_of, put_account, remove_account
from tongdai.switch.interface import Ari, Reply, SwitchRefused

OBJECT = "asterisk/config/dynamic/res_pjsip"


class Keeping:
    """A switch that answers each method with one status, and keeps what it was sent."""

    up = True

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[tuple[str, str]] = []
        self.fields: dict[str, dict[str, str]] = {}

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> Reply:
        assert query is None
        self.asked.append((method, uri))
        if body is not None:
            self.fields[uri] = {field["attribute"]: field["value"] for field in body["fields"]}
        return Reply(self.status, None)


async def test_account_is_three_objects_without_the_password() -> None:
    switch = Keeping(200)
    await put_account(cast("Ari", switch), "agent7", digest_of("agent7", "correct horse"))
    kinds = ("auth", "aor", "endpoint")
    assert switch.asked == [("PUT", f"{OBJECT}/{kind}/agent7") for kind in kinds]
    auth, _, endpoint = (switch.fields[f"{OBJECT}/{kind}/agent7"] for kind in kinds)
    assert auth["md5_cred"] == hashlib.md5(b"agent7:asterisk:correct horse").hexdigest()
    assert (endpoint["auth"], endpoint["aors"], endpoint["context"]) == ("agent7", "agent7", "closed")
    assert endpoint["allow_transfer"] == "no"
    assert "answer-after=0" in endpoint["set_var"]
    assert "correct horse" not in str(switch.fields)


async def test_phone_that_rings_is_not_asked_to_answer_by_itself() -> None:
    switch = Keeping(200)
    await put_account(cast("Ari", switch), "agent7", "0" * 32, answers_by_itself=False)
    assert "set_var" not in switch.fields[f"{OBJECT}/endpoint/agent7"]


@pytest.mark.parametrize("status", [403, 500])
async def test_switch_that_has_no_place_for_it_refuses(status: int) -> None:
    with pytest.raises(SwitchRefused) as refused:
        await put_account(cast("Ari", Keeping(status)), "agent7", "0" * 32)
    assert refused.value.status == status


@pytest.mark.parametrize("status", [204, 404])
async def test_account_is_removed_and_may_be_gone(status: int) -> None:
    switch = Keeping(status)
    await remove_account(cast("Ari", switch), "agent7")
    assert switch.asked == [("DELETE", f"{OBJECT}/{kind}/agent7") for kind in ("endpoint", "aor", "auth")]


async def test_removal_that_fails_is_raised() -> None:
    with pytest.raises(SwitchRefused):
        await remove_account(cast("Ari", Keeping(500)), "agent7")


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "a" * 65])
async def test_name_is_a_plain_one(name: str) -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
        await put_account(cast("Ari", Keeping(200)), name, "0" * 32)
    with pytest.raises(ValueError, match="not an endpoint"):
        await remove_account(cast("Ari", Keeping(200)), name)
