"""Group commit by tenant: a statement serves one tenant, and so does a transaction.

What is asked for one tenant while its transaction is under way goes into its next one. Tenants are served side by side,
as many as there are turns: when more ask than that, each waits longer, and its next transaction holds more of what it
asked.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic

from tongdai.dialer.group_commit import Answer, Ask, GroupCommit
from tongdai.ids import TenantId


class TenantCommits(Generic[Ask, Answer]):
    def __init__(
        self,
        tenant_of: Callable[[Ask], TenantId],
        commit: Callable[[Sequence[Ask]], Coroutine[Any, Any, Sequence[Answer]]],
        within_s: float,
        turns: asyncio.Semaphore,
    ) -> None:
        """A `GroupCommit` for each tenant; `turns` are shared with others."""
        self._tenant_of, self._commit, self._within_s, self._turns = tenant_of, commit, within_s, turns
        self._of_tenants: dict[TenantId, GroupCommit[Ask, Answer]] = {}

    async def __call__(self, ask: Ask) -> Answer:
        """Raises what `commit` raises for it, and TimeoutError."""
        tenant_id = self._tenant_of(ask)
        commits = self._of_tenants.get(tenant_id)
        if commits is None:
            commits = self._of_tenants[tenant_id] = GroupCommit(self._commit, self._within_s, self._turns)
        return await commits(ask)
