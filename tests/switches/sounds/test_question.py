"""Questions whether the switch of a tenant has sounds."""

import pytest

from tests.support import sounds
from tests.support.api import Tenant
from tongdai.db.pool import Connection, Pool
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT
from tongdai.switches.sounds import question


async def test_sound_that_the_switch_does_not_have_is_missing(pool: Pool, tenant: Tenant) -> None:
    async with sounds.led(pool, {"a": False, "b": True, "c": None}) as asked:
        assert await question.missing(pool.acquire, tenant.tenant_id, ["a", "b", "c"]) == {"a"}
        assert sorted(asked) == ["a", "b", "c"]


async def test_sound_that_was_found_is_not_asked_for_again_and_one_that_was_missing_is(
    pool: Pool, tenant: Tenant
) -> None:
    has: dict[str, bool | None] = {"a": False}
    async with sounds.led(pool, has) as asked:
        assert await question.missing(pool.acquire, tenant.tenant_id, ["a", "b"]) == {"a"}
        has["a"] = True
        assert await question.missing(pool.acquire, tenant.tenant_id, ["a", "b"]) == set()
        assert sorted(asked) == ["a", "a", "b"]


async def test_nothing_is_missing_that_no_leader_answers(
    pool: Pool, conn: Connection, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question, "WAIT_S", 0.3)
    await sounds.forget(conn)
    assert await question.missing(pool.acquire, tenant.tenant_id, ["a"]) == set()
    assert await conn.fetchval("select count(*) from switch_sound") == 0, "nobody is asked while no process leads it"
    await switches.beat(conn, DEFAULT, sounds.UP)
    assert await question.missing(pool.acquire, tenant.tenant_id, ["a"]) == set()
    await sounds.forget(conn)


async def test_no_sound_is_no_question(pool: Pool, tenant: Tenant) -> None:
    async with sounds.led(pool, {}) as asked:
        assert await question.missing(pool.acquire, tenant.tenant_id, []) == set()
        assert asked == []
