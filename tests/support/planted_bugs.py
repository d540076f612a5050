"""Scenarios that end with their check, and bugs planted in the product to show that the check can fail."""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

from tongdai.db.pool import Connection, Pool

Scenario = Callable[[Connection, Pool], Awaitable[None]]
"""Called with a connection of the test and the pool of the workers; AssertionError when its check fails."""
Bug = Callable[[pytest.MonkeyPatch], None]


def each(*scenarios: Scenario) -> pytest.MarkDecorator:
    """Parametrize a test by `scenario`."""
    return pytest.mark.parametrize("scenario", scenarios, ids=[scenario.__name__ for scenario in scenarios])


def pairs(*planted: tuple[Scenario, Bug]) -> pytest.MarkDecorator:
    """Parametrize a test by `scenario` and the `bug` that its check must catch."""
    ids = [f"{bug.__name__} in {scenario.__name__}" for scenario, bug in planted]
    return pytest.mark.parametrize(("scenario", "bug"), planted, ids=ids)


def replaced(module: ModuleType, statement: str, old: str, new: str) -> Bug:
    """A statement of a store with a part of it replaced."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        sql = getattr(module, statement)
        assert old in sql, f"{statement} has no {old!r} any more"
        patch.setattr(module, statement, sql.replace(old, new))

    plant.__name__ = f"{statement} without {old!r}"
    return plant


def committed_before(module: ModuleType, function: str) -> Bug:
    """A function of a store that runs in a second transaction, the first one being committed before it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        run: Callable[..., Awaitable[Any]] = getattr(module, function)

        async def apart(conn: Connection, *args: object) -> Any:
            await next_transaction(conn)
            return await run(conn, *args)

        patch.setattr(module, function, apart)

    plant.__name__ = f"commit before {function}"
    return plant


def committed_after(module: ModuleType, function: str) -> Bug:
    """A function of a store whose transaction is committed after it, so that the caller continues in a second one."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        run: Callable[..., Awaitable[Any]] = getattr(module, function)

        async def apart(conn: Connection, *args: object) -> Any:
            returned = await run(conn, *args)
            await next_transaction(conn)
            return returned

        patch.setattr(module, function, apart)

    plant.__name__ = f"commit after {function}"
    return plant


async def next_transaction(conn: Connection) -> None:
    """Commit the transaction of a block and begin another one, without the block's knowledge."""
    await conn.execute("commit")
    await conn.execute("begin")


async def must_be_caught(
    scenario: Scenario, bug: Bug, conn: Connection, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plant the bug, and assert that the scenario's check fails."""
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(conn, pool)
