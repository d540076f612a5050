"""Rate limits shared by several processes through Valkey or Redis.

A script in the store decides and counts in one step, by the store's clock. When the store does not answer in time, each
process applies its share of the limit (limit / workers) to its own requests, counting also those that the store granted
it before; it asks the store again after RETRY_US.
"""

import asyncio
from collections.abc import Sequence
from hashlib import sha1
from itertools import zip_longest
from typing import Protocol, cast

import structlog
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, ResponseError

from tongdai.clock import Clock
from tongdai.errors import OperatorError
from tongdai.tenants.rate_limit.limits import WINDOW_S, WINDOW_US, Decision, Windows, decision_of, microseconds

DEADLINE_S = 0.04
CONNECT_S = 2.0
RETRY_US = 1_000_000
"""How long a store that failed is not asked again."""
EXPIRE_MS = (WINDOW_S + 1) * 1000
"""After which the store deletes the list of a window without requests."""

SCRIPT = """
local window, expire = ${WINDOW_US}, ${EXPIRE_MS}
-- The store's own time: callers' clocks differ. Only tests give another.
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local stamp = string.format('%.0f', now)

local function at(key, index)
  return tonumber(redis.call('LINDEX', key, index) or nil)
end

-- How many requests are in the window, and the oldest of them.
local function found(key)
  local newest = at(key, -1)
  if not newest then return 0, now end
  if newest <= now - window then
    redis.call('DEL', key)
    return 0, now
  end
  -- The clock was set back: requests in the future count as of now, so that they leave after one window at the latest.
  local ahead = 0
  while newest and newest > now do
    redis.call('RPOP', key)
    ahead = ahead + 1
    newest = at(key, -1)
  end
  for _ = 1, ahead do redis.call('RPUSH', key, stamp) end
  local oldest = at(key, 0)
  while oldest <= now - window do
    redis.call('LPOP', key)
    oldest = at(key, 0)
  end
  return redis.call('LLEN', key), oldest
end

local function wait(key, count, oldest, limit)
  if limit <= 0 then return window end
  if count == 0 then return 0 end
  if count > limit then oldest = at(key, count - limit) end
  return oldest + window - now
end

local tenant, route = KEYS[1], KEYS[2]
local tenant_limit, route_limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local tenant_count, tenant_oldest = found(tenant)
local route_count, route_oldest = found(route)
local accepted = tenant_count < tenant_limit and route_count < route_limit
if accepted and ARGV[3] == '1' then
  tenant_count = redis.call('RPUSH', tenant, stamp)
  route_count = redis.call('RPUSH', route, stamp)
  redis.call('PEXPIRE', tenant, expire)
  redis.call('PEXPIRE', route, expire)
end
return {
  accepted and 1 or 0,
  tenant_count, wait(tenant, tenant_count, tenant_oldest, tenant_limit),
  route_count, wait(route, route_count, route_oldest, route_limit),
}
""".replace("${WINDOW_US}", str(WINDOW_US)).replace("${EXPIRE_MS}", str(EXPIRE_MS))
_SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

_log = structlog.get_logger()

Command = tuple[str | int, ...]
Reply = tuple[int, int, int, int, int]
"""The script's reply: accepted (1 or 0); count and wait in µs of the tenant; count and wait of the route."""


def keys(tenant_id: int, route: str) -> tuple[str, str]:
    """The keys of a tenant and route, in one hash slot so that a cluster can run the script."""
    return f"tongdai:limit:{{{tenant_id}}}", f"tongdai:limit:{{{tenant_id}}}:{route}"


class _Connection(Protocol):
    """The part of redis-py's connection that is used here, as its annotations leave it untyped."""

    @property
    def is_connected(self) -> bool: ...
    async def connect(self) -> None: ...
    async def disconnect(self, nowait: bool = False) -> None: ...
    def pack_commands(self, commands: Sequence[Command]) -> list[bytes]: ...
    async def send_packed_command(self, command: list[bytes], check_health: bool = True) -> None: ...
    async def read_response(self) -> Reply: ...


class Pipeline:
    """One pipelined connection for all requests of a process: requests made while an answer is awaited are sent
    together.

    Under load it takes half the CPU of a pool, needs no timer for a request, and a cancelled request cannot leave its
    answer to the next one. It never reconnects silently, as a store that restarted has lost its windows.
    """

    def __init__(self, url: str, deadline_s: float) -> None:
        try:
            pool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
                url,
                protocol=2,
                retry=Retry(NoBackoff(), 0),
                driver_info=None,
                socket_connect_timeout=CONNECT_S,
                socket_timeout=None,
            )
            self._connection = cast("_Connection", pool.make_connection())
        except (ValueError, TypeError) as error:
            raise OperatorError(f"rate_limit_url: {error}") from None
        self._deadline_s = deadline_s
        self._asked: list[tuple[Command, asyncio.Future[Reply | None]]] = []
        self._asked_at = 0.0  # loop time of the oldest in _asked
        self._sender: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.error = ""
        """Cause of the last failure."""

    async def ask(self, command: Command) -> Reply | None:
        """Run the script and return its reply; None when there is none in time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply | None] = loop.create_future()
        if not self._asked:
            self._asked_at = loop.time()
        self._asked.append((command, future))
        if self._sender is None or self._sender.done():
            self._sender = loop.create_task(self._send())
        return await future

    async def _send(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            replies: list[Reply] = []
            try:
                replies = await self._within_deadline([command for command, _ in asked])
            except Exception as error:  # whatever redis-py raises: it must not leave a request waiting or answer 500
                await self._fail(error)
                asked, self._asked = asked + self._asked, []
            finally:
                for (_, future), reply in zip_longest(asked, replies):
                    if not future.done():
                        future.set_result(reply)

    async def _within_deadline(self, commands: list[Command]) -> list[Reply]:
        """Wait in two halves: if the process itself was suspended, only the first timer is late, and a reply that
        arrived meanwhile is read in the second."""
        exchange = asyncio.ensure_future(self._exchange(commands))
        try:
            half_s = self._deadline_s / 2
            await asyncio.wait({exchange}, timeout=max(0, self._asked_at + half_s - asyncio.get_running_loop().time()))
            if not exchange.done():
                await asyncio.wait({exchange}, timeout=half_s)
            if not exchange.done():
                raise TimeoutError
            return exchange.result()
        finally:
            exchange.cancel()

    async def _exchange(self, commands: list[Command]) -> list[Reply]:
        await self._connected()
        replies = await self._round(commands)
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if missing:
            _, *again = await self._round([("SCRIPT", "LOAD", SCRIPT), *(commands[i] for i in missing)])
            for i, reply in zip(missing, again, strict=True):
                replies[i] = reply
        answers: list[Reply] = []
        for reply in replies:
            if isinstance(reply, ResponseError):
                raise reply
            answers.append(reply)
        return answers

    async def _round(self, commands: list[Command]) -> list[Reply | ResponseError]:
        await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
        return [await self._reply() for _ in commands]

    async def _reply(self) -> Reply | ResponseError:
        try:
            return await self._connection.read_response()
        except ResponseError as error:
            return error

    async def _connected(self) -> None:
        """Connect in the background, past the deadline: TLS to a distant store takes longer than a request may
        wait."""
        if self._connecting is None and not self._connection.is_connected:
            self._connecting = asyncio.create_task(self._connect())
        if self._connecting is not None:
            await asyncio.shield(self._connecting)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connection.connect()
        except Exception as error:  # as in _send; callers that wait for it find no connection
            self._connecting = None
            await self._fail(error)
        self._connecting = None

    async def _fail(self, error: Exception) -> None:
        self.error = f"{type(error).__name__}: {error}".rstrip(": ")
        if self._connecting is None:
            await self._connection.disconnect(nowait=True)

    async def aclose(self) -> None:
        tasks = [task for task in (self._sender, self._connecting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._connection.disconnect(nowait=True)


def _judged(reply: Reply, tenant_limit: int, route_limit: int) -> Decision:
    accepted, tenant_count, tenant_wait_us, route_count, route_wait_us = reply
    tenant, route = (tenant_count, tenant_wait_us), (route_count, route_wait_us)
    return decision_of(accepted == 1, tenant_limit, tenant, route_limit, route)


class ValkeyLimiter:
    """The RateLimiter of several processes: the store decides; while it does not answer, each process by its share.

    A share is the limit divided by `workers`, those of all machines, rounded up. Requests that the store accepted for
    this process count in it. For WINDOW_S after the store answers again both must accept, as the store may have lost
    its windows.
    """

    def __init__(self, url: str, workers: int, clock: Clock, deadline_s: float = DEADLINE_S) -> None:
        self._workers = workers
        self._clock = clock
        self._pipeline = Pipeline(url, deadline_s)
        self._own = Windows()
        self._retry_us = 0
        self._settled_us = 0
        self.down = False
        self.unanswered = 0
        """Number of requests since start for which the store gave no answer."""
        self.own_decisions = 0
        """Number of requests since start whose decision depended on this process's share."""

    def shared_by(self, workers: int) -> None:
        self._workers = workers

    async def take(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        asked_us = microseconds(self._clock)
        if asked_us < self._retry_us:
            return self._by_share(tenant_id, route, tenant_limit, route_limit, asked_us)
        own: Decision | None = None
        if self.down or asked_us < self._settled_us:
            own = self._by_share(tenant_id, route, tenant_limit, route_limit, asked_us)
            if not own.accepted:
                return own
        if self.down:
            self._retry_us = asked_us + RETRY_US  # this request tries the store; the others do not wait for it
        reply = await self._pipeline.ask(("EVALSHA", _SHA, 2, *keys(tenant_id, route), tenant_limit, route_limit, 1))
        now_us = microseconds(self._clock)
        if reply is None:
            self._failed(now_us)
            return own or self._by_share(tenant_id, route, tenant_limit, route_limit, now_us)
        self._answered(now_us)
        decision = _judged(reply, tenant_limit, route_limit)
        if own is None and decision.accepted:
            self._own.record(tenant_id, route, asked_us, now_us)
        elif own is not None and not decision.accepted:
            self._own.forget(tenant_id, route, asked_us)
        return decision

    async def peek(self, tenant_id: int, route: str, tenant_limit: int, route_limit: int) -> Decision:
        now_us = microseconds(self._clock)
        # Only `take` finds out whether the store is back.
        if not self.down:
            reply = await self._pipeline.ask(
                ("EVALSHA", _SHA, 2, *keys(tenant_id, route), tenant_limit, route_limit, 0)
            )
            if reply is not None:
                return _judged(reply, tenant_limit, route_limit)
            now_us = microseconds(self._clock)
            self._failed(now_us)
        return self._by_share(tenant_id, route, tenant_limit, route_limit, now_us, count=False)

    def _by_share(
        self, tenant_id: int, route: str, tenant_limit: int, route_limit: int, now_us: int, count: bool = True
    ) -> Decision:
        self.own_decisions += 1
        tenant_share, route_share = -(-tenant_limit // self._workers), -(-route_limit // self._workers)
        decision = self._own.decide(tenant_id, route, tenant_share, route_share, now_us, count)
        return decision._replace(tenant_limit=tenant_limit, route_limit=route_limit)  # the tenant's limit is unchanged

    def _failed(self, now_us: int) -> None:
        self.unanswered += 1
        self._retry_us = now_us + RETRY_US
        if not self.down:
            self.down = True
            _log.warning(
                "rate limit store does not answer, each worker applies its share",
                workers=self._workers,
                error=self._pipeline.error,
            )

    def _answered(self, now_us: int) -> None:
        if self.down:
            self.down = False
            self._retry_us = 0
            self._settled_us = now_us + WINDOW_US
            _log.info("rate limit store answers again", own_decisions=self.own_decisions)

    async def aclose(self) -> None:
        await self._pipeline.aclose()
