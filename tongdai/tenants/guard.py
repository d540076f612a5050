"""The guard before every endpoint: key, session or wallboard → principal → scope → rate limits.

A key, or a user's session, that was read is known until a change of any key, user or tenant is notified, and is read
again every CACHE_S, should a notification be lost:

    read ──CACHE_S──▶ read again ── read ─▶ accepted or refused by what it is now
                          └── cannot be read (a lock on its table, an overloaded database): accepted as it was known,
                              for UNREAD_S at most, and only while notifications are received

So a revoked key is refused ≤ 1 s after its notification. Where these are not received the cache is emptied (within
10 s), and nothing is accepted unread.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Protocol

import structlog

from tongdai import ids, metrics
from tongdai.clock import Clock
from tongdai.db.pool import Connection, Lender
from tongdai.db.pool_parts import PoolParts
from tongdai.db.unavailable import unavailable
from tongdai.errors import (
    CsrfTokenNeeded,
    NotYourAgent,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tongdai.http.asgi import Scope
from tongdai.http.connections.core import headers_of
from tongdai.http.endpoint import Endpoint
from tongdai.http.principal import NOBODY, PLATFORM, Own, Principal, Reach
from tongdai.http.request import Request
from tongdai.ids import TenantId
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, session_token, store
from tongdai.tenants.credentials import Credentials, credentials_of, forwarded, name_in
from tongdai.tenants.even_time import until_even
from tongdai.tenants.model import ApiKey, Tenant
from tongdai.tenants.rate_limit.limits import AuthFailureLimiter, HeaderNames, RateLimiter
from tongdai.tenants.rights import READING, refusal_of

log = structlog.get_logger()

CACHE_S = 15.0
"""How long a cached key is used without asking the database again, should a notification be lost."""
UNREAD_S = 300.0
"""How long a key that cannot be read again is accepted as it was, while its changes would be notified."""
HEARD_S = 12.0
"""Notifications are received when the connection for them answered a query so long ago: it is probed each 5 s, and an
answer takes at most 5 s."""
PATIENT_S = 0.25
"""How long a request waits for its key to be read again."""
TROUBLED_S = 5.0
"""After a key could not be read again in time, how long others are not waited for."""
READ_AT_ONCE = 2
"""The most database connections that keys may take that are read again."""
CACHE_SIZE = 100_000
STRANGERS = 30
"""Requests with keys never seen, for each that is being looked up, that may wait: at a start all are."""


class Held(Protocol):
    """A key, the session of a user, or a wallboard."""

    @property
    def tenant_id(self) -> TenantId | None: ...

    def usable(self, now: datetime) -> bool: ...


class People(Protocol):
    """The users of tenants and their wallboards, as far as the guard needs to know them."""

    async def session(self, conn: Connection, digest: bytes) -> "tuple[Held, Callable[[Tenant], Principal]] | None":
        """The session with this digest, and its principal in its tenant."""
        ...

    async def wallboard(self, conn: Connection, digest: bytes) -> "tuple[Held, Callable[[Tenant], Principal]] | None":
        """The wallboard whose token has this digest, and its principal in its tenant."""
        ...

    async def owns(self, conn: Connection, request: Request, own: Own) -> bool:
        """Whether a request concerns the agent of its principal."""
        ...

    def seen(self, principal: Principal, address: str, user_agent: str) -> None:
        """Take note of a request of a session."""
        ...


_Name = tuple[str, str | None]
"""A key as sent and, of a platform key, the tenant that the request names."""


@dataclass(frozen=True, slots=True)
class _CachedKey:
    principal: Principal
    key: Held
    loaded_at: float


class Guard:
    """Authenticates, authorises and limits requests; keys are cached until a notification of a change."""

    def __init__(
        self,
        settings: Settings,
        database: Lender,
        pepper: bytes,
        limiter: RateLimiter,
        failed: AuthFailureLimiter,
        clock: Clock,
        people: People,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        self._settings = settings
        self._people = people
        self._database = database
        self._pepper = pepper
        self._limiter = limiter
        self._failed = failed
        self._clock = clock
        self._cache_size = cache_size
        self._header_names = HeaderNames.of(settings.limit_headers)
        self._proxies = [ipaddress.ip_network(network) for network in settings.trusted_proxies]
        self._cached: dict[_Name, _CachedKey] = {}
        self._generation = 0
        self._heard_at = -inf
        self._troubled_at = -inf
        """When a key could not be read again in time."""
        self._reading: dict[_Name, asyncio.Task[_CachedKey | None]] = {}
        self._places = asyncio.Semaphore(max(1, min(READ_AT_ONCE, settings.database_pool // 4)))
        self._known = set[str]()
        """Keys that were valid once, whatever has become of them."""
        self._of_strangers = PoolParts(max(1, settings.database_pool * 2 // 5), may_wait=STRANGERS)

    def forget(self) -> None:
        """Empty the cache, after keys or tenants changed."""
        self._generation += 1
        self._cached.clear()

    def heard(self) -> None:
        """Note that notifications of changes are received now."""
        self._heard_at = self._clock.monotonic()

    async def aclose(self) -> None:
        """End the reading of keys that is under way."""
        reading = [*self._reading.values()]
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    def tenant_of(self, unread: bytes) -> TenantId | None:
        """The tenant whose key or session a request has, if it is known without reading: nothing is allowed by it."""
        name = name_in(headers_of(unread))
        cached = self._cached.get((name, None)) if name is not None else None
        return cached.principal.tenant_id if cached is not None else None

    def address_of(self, unread: bytes, client: str) -> str:
        """The address of the client of a request that is not parsed yet, as `address` has it."""
        return self.address({"client": (client, 0), "headers": forwarded(unread) if self._proxies else ()})

    async def __call__(self, request: Request, endpoint: Endpoint) -> None:
        """Return if the endpoint may handle the request; otherwise raise the error to answer."""
        request.route = endpoint.path
        if endpoint.open:
            request.principal = NOBODY
            return
        began = self._clock.monotonic()
        try:
            principal = request.principal = await self._authenticate(request.scope, endpoint)
        except Unauthorized:
            await asyncio.sleep(until_even(self._clock.monotonic() - began))
            raise
        if principal.user_id is not None:
            self._check_session(request, principal)
        limits = (
            principal.tenant_limit or self._settings.tenant_limit,
            principal.route_limit or self._settings.route_limit,
        )
        if (refusal := refusal_of(principal, endpoint)) is not None:
            decision = await self._limiter.peek(principal.tenant_id, endpoint.route, *limits)
            request.response_headers += decision.headers(self._header_names)
            raise refusal
        decision = await self._limiter.take(principal.tenant_id, endpoint.route, *limits)
        request.response_headers += decision.headers(self._header_names)
        if not decision.accepted:
            metrics.REFUSED.labels("tenant or route").inc()
            raise RateLimited("Exceeded request limit", decision.retry_after_s)
        await self._require_own(request, endpoint)

    def _check_session(self, request: Request, principal: Principal) -> None:
        """Raise CsrfTokenNeeded for a change that a page of another site may have sent: it cannot know the token."""
        credentials = credentials_of(request.scope["headers"])
        assert credentials is not None, "it was authenticated"
        if request.method not in READING:
            expected = session_token.csrf_token(credentials.key, self._pepper)
            if not hmac.compare_digest(request.headers.get("x-csrf-token", "").encode(), expected.encode()):
                raise CsrfTokenNeeded
        self._people.seen(principal, self.address(request.scope), request.headers.get("user-agent", ""))

    async def _require_own(self, request: Request, endpoint: Endpoint) -> None:
        """Raise NotYourAgent when the user may act for their own agent alone, and the request is of another."""
        if request.principal is None or request.principal.reach is not Reach.OWN_AGENT or endpoint.own is None:
            return
        async with self._database.borrow(request.require_client) as conn:
            if not await self._people.owns(conn, request, endpoint.own):
                raise NotYourAgent

    async def still(self, request: Request) -> bool:
        """Whether the key of a long request is still valid and still has the scope, for event streams."""
        credentials = credentials_of(request.scope["headers"])
        cached = await self._look_up(credentials, request.scope) if credentials is not None else None
        if cached is None or not self._usable(cached):
            return False
        return _may_act(cached, credentials) and cached.principal == request.principal

    async def _authenticate(self, scope: Scope, endpoint: Endpoint) -> Principal:
        credentials = credentials_of(scope["headers"])
        cached = await self._look_up(credentials, scope) if credentials is not None else None
        if cached is not None and self._usable(cached):
            if endpoint.platform and cached.key.tenant_id is None:  # of no tenant: the key need not name one
                assert isinstance(cached.key, ApiKey)
                return store.platform_principal(cached.key)
            if _may_act(cached, credentials):
                if cached.principal.key_id is not None and endpoint.scope is None and not endpoint.wallboard:
                    raise Unauthorized
                return cached.principal
        if credentials is None or credentials.presented:
            self._count_failure(scope)
        raise Unauthorized

    def _count_failure(self, scope: Scope) -> None:
        """Count wrong credentials of the client's address; RateLimited when it has sent too many.

        A right key passes whatever others behind the same address send, as behind a proxy that is not trusted.
        """
        address = self.address(scope)
        retry_after_s = self._failed.blocked(address)
        if retry_after_s:
            metrics.REFUSED.labels("failed keys").inc()
            raise RateLimited("Too many wrong keys from this address", retry_after_s)
        self._failed.record(address)
        if self._failed.blocked(address):
            hint = {}
            if any(name == b"x-forwarded-for" for name, _ in scope["headers"]) and not self._trusted(address):
                hint = {"hint": "it sends X-Forwarded-For: if it is a proxy of yours, add it to trusted_proxies"}
            log.warning("address blocked for wrong keys", address=address, **hint)

    async def _look_up(self, credentials: Credentials, scope: Scope) -> _CachedKey | None:
        cached = self._cached.get((credentials.key, None)) or self._cached.get((credentials.key, credentials.tenant))
        now = self._clock.monotonic()
        if cached is not None and now - cached.loaded_at < CACHE_S:
            return cached
        if not key_format.well_formed(credentials.key) and not session_token.well_formed(credentials.key):
            return None
        if cached is not None and now - cached.loaded_at < UNREAD_S and now - self._heard_at < HEARD_S:
            return await self._read_again(credentials, scope, cached)
        return await self._read(credentials, self._connection(credentials.key, scope))

    async def _read_again(self, credentials: Credentials, scope: Scope, known: _CachedKey) -> _CachedKey | None:
        """Return what the key is now, or what it was when that cannot be read in time."""
        name, generation = (credentials.key, credentials.tenant), self._generation
        reading = self._reading.get(name)
        if reading is None:
            reading = self._reading[name] = asyncio.create_task(self._read_in_turn(credentials))
            reading.add_done_callback(lambda done: self._has_been_read(name, done))
        troubled = self._clock.monotonic() - self._troubled_at < TROUBLED_S
        await asyncio.wait({reading}, timeout=0 if troubled else PATIENT_S)
        if generation != self._generation:  # some key was changed meanwhile
            return await self._read(credentials, self._connection(credentials.key, scope))
        if reading.done():
            try:
                return reading.result()
            except Exception as error:
                if not isinstance(error, Unavailable) and not unavailable(error):
                    raise
        self._troubled_at = self._clock.monotonic()
        return known

    def _has_been_read(self, name: _Name, reading: "asyncio.Task[_CachedKey | None]") -> None:
        self._reading.pop(name, None)
        if not reading.cancelled():
            reading.exception()  # whether anybody still waits for it or not

    async def _read_in_turn(self, credentials: Credentials) -> _CachedKey | None:
        async with self._places:
            return await self._read(credentials, self._database.borrow())

    async def _read(
        self, credentials: Credentials, borrowed: AbstractAsyncContextManager[Connection]
    ) -> _CachedKey | None:
        generation = self._generation
        async with borrowed as conn:
            cached = await self._load(conn, credentials)
        if cached is None or not cached.principal.tenant_id or not self._usable(cached):
            self._cached.pop((credentials.key, None), None)
            self._cached.pop((credentials.key, credentials.tenant), None)
        # A change during the query may concern this key: do not cache it then.
        elif generation == self._generation:
            if max(len(self._cached), len(self._known)) >= self._cache_size:
                self._cached.clear()
                self._known.clear()
            self._known.add(credentials.key)
            self._cached[credentials.key, None if cached.key.tenant_id else credentials.tenant] = cached
        return cached

    def _connection(self, key: str, scope: Scope) -> AbstractAsyncContextManager[Connection]:
        """A connection to look a key up. Of those never seen few are looked up at once, and addresses take turns.

        Anybody can invent them, and would have all connections.
        """
        borrowed = self._database.borrow()
        if key in self._known:
            return borrowed
        return self._of_strangers.within("keys", hash(self.address(scope)), borrowed)

    async def _load(self, conn: Connection, credentials: Credentials) -> _CachedKey | None:
        digest = key_format.digest(credentials.key, self._pepper)
        if session_token.well_formed(credentials.key):
            return await self._held(conn, await self._people.session(conn, digest))
        if key_format.is_wallboard(credentials.key):
            return await self._held(conn, await self._people.wallboard(conn, digest))
        key = await store.find_key(conn, digest)
        named = TenantId(ids.parse(credentials.tenant or "") or 0)
        # Asked for an unknown key, too: all that are refused take the same time.
        tenant = await store.find_tenant(conn, named if key is None else key.tenant_id or named)
        if key is None:
            return None
        if tenant is None:
            nobody = Principal(PLATFORM, key.key_id, frozenset(), key.expires_at, "VN", None, None)
            return _CachedKey(nobody, key, self._clock.monotonic())
        return _CachedKey(store.principal(key, tenant), key, self._clock.monotonic())

    async def _held(
        self, conn: Connection, found: tuple[Held, Callable[[Tenant], Principal]] | None
    ) -> _CachedKey | None:
        if found is None or found[0].tenant_id is None:
            return None
        tenant = await store.find_tenant(conn, found[0].tenant_id)
        return None if tenant is None else _CachedKey(found[1](tenant), found[0], self._clock.monotonic())

    def _usable(self, cached: _CachedKey) -> bool:
        return cached.key.usable(self._clock.now())

    def address(self, scope: Scope) -> str:
        """The client address that failed keys are counted by: the last one that is no trusted proxy's."""
        client = scope.get("client")
        address: str = client[0] if client else ""
        if not self._proxies:
            return address
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for hop in reversed([part.strip() for part in forwarded.decode("latin-1").split(",") if part.strip()]):
            if not self._trusted(address):
                break
            address = hop
        return address

    def _trusted(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._proxies)


def _may_act(cached: _CachedKey, credentials: Credentials | None) -> bool:
    """Whether the key may act for the tenant that was sent: its own; for a platform key, any existing one."""
    acts_for = cached.principal.tenant_id
    if credentials is None or not acts_for:
        return False
    if credentials.tenant is None:
        return cached.key.tenant_id is not None
    return ids.parse(credentials.tenant) == acts_for
