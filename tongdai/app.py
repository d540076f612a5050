"""The API's composition root: settings → pool → guard → routes."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Method, Receive, Scope, Send
from litestar.utils import normalize_path

from tongdai import __version__, log, metrics, process
from tongdai.campaigns import api as campaigns
from tongdai.clock import Clock, SystemClock, every
from tongdai.contacts import api as contacts
from tongdai.db.notify import listen
from tongdai.db.pool import Lender, open_pool
from tongdai.http import openapi
from tongdai.http.access import InFlight, access
from tongdai.http.docs_page import DOCS_HEADERS, DOCS_HTML
from tongdai.http.endpoint import Endpoint, endpoint_of
from tongdai.http.envelope import on_exception
from tongdai.imports import api as imports
from tongdai.imports import spool
from tongdai.queues import api as queues
from tongdai.settings import ROLE_DSN, ROLE_PARENT, ROLE_SETTINGS, Settings, restore
from tongdai.tenants import api as tenants
from tongdai.tenants import keys, store
from tongdai.tenants.guard import Guard
from tongdai.tenants.rate_limit import FailedKeys, MemoryLimiter, RateLimiter

PREFIXES = ("/v1", "/api/v1")
HANDLERS: list[HTTPRouteHandler] = [
    *campaigns.HANDLERS,
    *contacts.HANDLERS,
    *imports.HANDLERS,
    *queues.HANDLERS,
    *tenants.HANDLERS,
]
ENDPOINTS: list[Endpoint] = [endpoint_of(handler) for handler in HANDLERS]

GAUGES_S = 1.0


def build(settings: Settings, dsn: str, clock: Clock) -> ASGIApp:
    """The API as an ASGI application, on a database that is migrated."""
    in_flight = InFlight()
    app = Litestar(
        route_handlers=[
            *(Router(prefix, route_handlers=list(HANDLERS)) for prefix in PREFIXES),
            *_documentation(settings),
        ],
        lifespan=[_resources(settings, dsn, clock, in_flight)],
        exception_handlers={Exception: on_exception},
        cors_config=_cors(settings),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
        debug=False,
    )
    app.state.settings = settings
    app.state.methods_at = partial(_methods_at, app)
    return access(app if settings.cors_origins else _no_options(app), in_flight)


def _no_options(app: ASGIApp) -> ASGIApp:
    """Litestar answers OPTIONS for every path by itself. Asked as a method that no route has, it says 405."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            scope["method"] = "TRACE"  # pyright: ignore[reportGeneralTypeIssues]
        await app(scope, receive, send)

    return wrapped


def _resources(
    settings: Settings, dsn: str, clock: Clock, in_flight: InFlight
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        pepper = keys.load_pepper(settings.key_pepper, Path(settings.data_dir))
        (Path(settings.data_dir) / spool.FOLDER).mkdir(parents=True, exist_ok=True)
        pool = await open_pool(dsn, settings.database_pool, name="tongdai api")
        failed = FailedKeys(clock, settings.failed_key_limit, settings.workers)
        limiter = _limiter(settings, clock)
        database = Lender(pool)
        guard = Guard(settings, database, pepper, limiter, failed, clock)
        app.state.database, app.state.pepper, app.state.guard = database, pepper, guard
        background = [
            asyncio.create_task(listen(dsn, {store.KEYS_CHANGED: lambda _: guard.forget()}, on_reconnect=guard.forget)),
            asyncio.create_task(every(GAUGES_S, lambda: _observe(database, limiter, in_flight))),
        ]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            pool.terminate()
            await limiter.aclose()

    return lifespan


async def _observe(database: Lender, limiter: RateLimiter, in_flight: InFlight) -> None:
    metrics.IN_FLIGHT.set(in_flight.requests)
    metrics.POOL_BUSY.set(database.lent)
    metrics.LIMIT_STORE_DOWN.set(limiter.down)


def _limiter(settings: Settings, clock: Clock) -> RateLimiter:
    if settings.rate_limit_url is None:
        return MemoryLimiter(clock)
    from tongdai.tenants.shared_limit import ValkeyLimiter  # noqa: PLC0415 - a fifth of a second that one worker saves

    return ValkeyLimiter(settings.rate_limit_url, settings.workers, clock, settings.rate_limit_deadline_s)


def _documentation(settings: Settings) -> list[HTTPRouteHandler]:
    document = msgspec.json.encode(openapi.document(ENDPOINTS, __version__, settings))

    @get("/openapi.json")
    async def openapi_json() -> Response[bytes]:
        return Response(document, media_type="application/json")

    @get("/docs")
    async def docs() -> Response[bytes]:
        return Response(DOCS_HTML, media_type="text/html; charset=utf-8", headers=DOCS_HEADERS)

    return [openapi_json, docs]


def _cors(settings: Settings) -> CORSConfig | None:
    if not settings.cors_origins:
        return None
    exposed = ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", *settings.limit_headers]
    return CORSConfig(
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Api-Key", "X-Request-Id", "X-Tenant-ID"],
        expose_headers=exposed,
    )


def _methods_at(app: Litestar, path: str) -> set[str]:
    """Which methods a path takes, for the `Allow` of a 405: those that the router would route."""

    def routed(method: Method) -> bool:
        try:
            app.asgi_router.handle_routing(path=normalize_path(path), method=method)
        except HTTPException:
            return False
        return True

    methods: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return {method for method in methods if routed(method)}


def worker() -> ASGIApp:
    """What Granian calls in each of its processes."""
    # Its own parent is Granian's main process: gone without a word, it leaves no worker behind.
    process.die_with_parent(signal.SIGTERM, process.parent_named(ROLE_PARENT))
    settings = restore(os.environ[ROLE_SETTINGS])
    log.configure(settings.log_format, settings.log_level, "api")
    return build(settings, os.environ[ROLE_DSN], SystemClock())
