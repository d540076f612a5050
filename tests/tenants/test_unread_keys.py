"""Keys that cannot be read again, as while their table is locked: known ones are accepted, within bounds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.support.api import PEPPER
from tests.support.databases import session_of
from tests.support.servers import eventually
from tongdai.clock import SystemClock
from tongdai.db.pool import Connection, Lender
from tongdai.http.endpoint import Request
from tongdai.tenants import guard as module
from tongdai.tenants import store as tenants
from tongdai.tenants.guard import Guard
from tongdai.testing import factories
from tongdai.testing.clock import FakeClock

UNUSED = cast("Any", None)
WITHIN_S = 20.0


class Scene:
    """A guard that has accepted a key, at a clock of the test."""

    def __init__(self, conn: Connection, lender: Lender, settings: Any, key: factories.Key) -> None:
        self.clock = FakeClock(SystemClock().now())
        self.conn, self.key = conn, key
        self.guard = Guard(settings, lender, PEPPER.encode(), UNUSED, UNUSED, self.clock, UNUSED)
        self._request = Request(cast("Any", {"headers": [(b"x-api-key", key.value.encode())]}), UNUSED, UNUSED)

    async def accepted(self) -> bool:
        """Whether the key is accepted; an error when that is not known."""
        if self._request.principal is None:
            key = await tenants.find_key_by_id(self.conn, self.key.key_id)
            tenant = await tenants.find_tenant(self.conn, self.key.tenant_id)
            assert key is not None
            assert tenant is not None
            self._request.principal = tenants.principal(key, tenant)
        return await self.guard.still(self._request)

    def pass_time(self, seconds: float, *, heard: bool = True) -> None:
        self.clock.advance(seconds)
        if heard:
            self.guard.heard()

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        async with self.conn.transaction():
            await self.conn.execute("lock table api_key in access exclusive mode")
            yield


@pytest.fixture
async def lender(dsn: str) -> AsyncGenerator[Lender]:
    own = session_of(dsn)
    lender = Lender(f"{own}{'&' if '?' in own else '?'}lock_timeout=500ms", 8, name="tests")
    yield lender
    await eventually(lambda: lender.lent == 0, WITHIN_S, "connections to be given back")
    lender.terminate()


async def known(conn: Connection, lender: Lender, settings: Any, key: factories.Key | None = None) -> Scene:
    scene = Scene(conn, lender, settings, key or await factories.key(conn, PEPPER.encode()))
    scene.guard.heard()
    assert await scene.accepted()
    return scene


@pytest.fixture
async def scene(conn: Connection, lender: Lender, settings: Any) -> AsyncGenerator[Scene]:
    scene = await known(conn, lender, settings)
    yield scene
    await scene.guard.aclose()


async def test_known_key_is_accepted_while_it_cannot_be_read_again(scene: Scene) -> None:
    async with scene.locked():
        for _ in range(3):
            scene.pass_time(module.CACHE_S + 1)
            assert await scene.accepted()


async def test_no_longer_than_its_bound(scene: Scene) -> None:
    async with scene.locked():
        scene.pass_time(module.UNREAD_S + 1)
        with pytest.raises(Exception, match="lock timeout"):
            await scene.accepted()


async def test_not_while_notifications_are_not_received(scene: Scene) -> None:
    async with scene.locked():
        scene.pass_time(module.CACHE_S + 1, heard=False)
        with pytest.raises(Exception, match="lock timeout"):
            await scene.accepted()


async def test_not_after_a_change_was_notified(scene: Scene) -> None:
    async with scene.locked():
        scene.pass_time(module.CACHE_S + 1)
        scene.guard.forget()
        with pytest.raises(Exception, match="lock timeout"):
            await scene.accepted()


async def test_not_when_a_change_is_notified_while_it_is_being_read(scene: Scene) -> None:
    async with scene.locked():
        scene.pass_time(module.CACHE_S + 1)
        accepted = asyncio.ensure_future(scene.accepted())
        await asyncio.sleep(0)
        scene.guard.forget()
        with pytest.raises(Exception, match="lock timeout"):
            await accepted


async def test_a_key_that_has_expired_meanwhile_is_refused(lender: Lender, conn: Connection, settings: Any) -> None:
    now = SystemClock().now()
    key = await factories.key(conn, PEPPER.encode(), expires_at=now + timedelta(seconds=60))
    scene = await known(conn, lender, settings, key)
    async with scene.locked():
        scene.pass_time(50)
        assert await scene.accepted()
        scene.pass_time(11)
        assert not await scene.accepted()
    await scene.guard.aclose()


async def test_revoked_key_is_refused_though_its_notification_was_lost(scene: Scene, conn: Connection) -> None:
    await tenants.revoke_key(conn, scene.key.key_id, within=None, by=None)
    assert await scene.accepted(), "its notification was lost"
    scene.pass_time(module.CACHE_S + 1)
    assert not await scene.accepted()
    async with scene.locked():
        with pytest.raises(Exception, match="lock timeout"):
            await scene.accepted()


async def test_keys_that_are_read_again_leave_connections_for_requests(
    scene: Scene, conn: Connection, lender: Lender, settings: Any
) -> None:
    scenes = [scene]
    for _ in range(9):
        scenes.append(await known(conn, lender, settings))
        scenes[-1].guard, scenes[-1].clock = scene.guard, scene.clock
        assert await scenes[-1].accepted()
    scene.pass_time(module.CACHE_S + 1)
    async with scene.locked():
        assert all(await asyncio.gather(*(each.accepted() for each in scenes)))
        assert 0 < lender.lent <= module.READ_AT_ONCE
