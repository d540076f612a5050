"""Asks the switch of a tenant whether it has sounds, by way of its leader, and waits a moment for the answer."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.switches import store as switches
from tongdai.switches.sounds import store

WAIT_S = 2.0
"""The longest wait for the answer."""
POLL_S = 0.1

Connect = Callable[[], AbstractAsyncContextManager[Connection]]


async def missing(connect: Connect, tenant_id: TenantId, names: Sequence[str]) -> set[str]:
    """The sounds that the switch does not have. Empty when that cannot be found out: no leader, no connection with the
    switch, no answer in time.

    A sound that was found recently is not asked for again; one that was missing is, as it may have been added since. No
    connection is held while waiting.
    """
    async with connect() as conn:
        switch = await switches.of_tenant(conn, tenant_id)
        if not names or not switch.up:
            return set()
        found = await store.known(conn, switch.switch_id, names)
        left = [name for name in names if found.get(name) is not True]
        since = await store.ask(conn, switch.switch_id, left) if left else None
    for _ in range(round(WAIT_S / POLL_S) if left else 0):
        async with connect() as conn:
            answers = await store.known(conn, switch.switch_id, left, since)
        if answers.keys() >= set(left):
            return {name for name in left if answers[name] is False}
        await asyncio.sleep(POLL_S)
    return set()
