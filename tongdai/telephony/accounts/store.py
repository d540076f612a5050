"""The store of phone accounts: a protocol, and its implementation for one switch, `PostgresAccounts`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from tongdai.agents.accounts import store
from tongdai.agents.accounts.model import Unwanted, Wanted, digest_of, password_of
from tongdai.db.pool import Connection, Pool
from tongdai.ids import SwitchId


class AccountStore(Protocol):
    async def wanted(self) -> Sequence[Wanted]:
        """The accounts that the switch should have."""
        ...

    async def changed(self) -> Sequence[Wanted]:
        """The accounts that the switch may not have as they are."""
        ...

    async def unwanted(self) -> Sequence[Unwanted]:
        """The accounts that it should remove."""
        ...

    def digest(self, account: Wanted) -> str:
        """The part of the password that the switch gets."""
        ...

    async def pushed(self, account: Wanted) -> None: ...

    async def refused(self, account: Wanted, problem: str) -> None: ...

    async def gone(self, account: Unwanted) -> None: ...


class PostgresAccounts:
    """Implements `AccountStore` for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId, pepper: bytes) -> None:
        self._pool, self._switch_id, self._pepper = pool, switch_id, pepper

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        async with self._pool.acquire() as conn:
            yield conn

    async def wanted(self) -> Sequence[Wanted]:
        async with self._connection() as conn:
            return await store.wanted(conn, self._switch_id)

    async def changed(self) -> Sequence[Wanted]:
        async with self._connection() as conn:
            return await store.changed(conn, self._switch_id)

    async def unwanted(self) -> Sequence[Unwanted]:
        async with self._connection() as conn:
            return await store.unwanted(conn, self._switch_id)

    def digest(self, account: Wanted) -> str:
        return digest_of(account.name, password_of(self._pepper, account.name, account.salt))

    async def pushed(self, account: Wanted) -> None:
        async with self._connection() as conn:
            await store.pushed(conn, account)

    async def refused(self, account: Wanted, problem: str) -> None:
        async with self._connection() as conn:
            await store.refused(conn, account, problem)

    async def gone(self, account: Unwanted) -> None:
        async with self._connection() as conn:
            await store.gone(conn, account)
