"""The API's composition root: settings → pool → guard → routes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tongdai import __version__, metrics
from tongdai.acd.why import api as why
from tongdai.agents import api as agents
from tongdai.callbacks.requests import api as callbacks
from tongdai.calls import api as calls
from tongdai.calls.diagnostics import api as diagnostics_api
from tongdai.calls.live import api as live_api
from tongdai.calls.timeline import api as timeline
from tongdai.campaigns import api as campaigns
from tongdai.clock import Clock, SystemClock
from tongdai.console import files as console_files
from tongdai.console.pages import Console
from tongdai.contacts import api as contacts
from tongdai.contacts.lists import api as contact_lists
from tongdai.contacts.many import api as many_contacts
from tongdai.contacts.upsert import api as contact_upsert
from tongdai.customers import api as customers
from tongdai.data_dir import ensure_private
from tongdai.db.notify import listen, listeners
from tongdai.db.pool import Connection, Lender
from tongdai.db.pool_parts import PoolParts
from tongdai.db.silence import LOOK_S, Silence
from tongdai.db.unavailable import unavailable
from tongdai.dialing import api as dialing
from tongdai.do_not_call import api as do_not_call
from tongdai.errors import Overloaded
from tongdai.files.process import FOLDER
from tongdai.health import api as health
from tongdai.http import access_log
from tongdai.http.application import Application
from tongdai.http.connections.protocol import Connections
from tongdai.http.connections.serve import serve
from tongdai.http.cors import Cors
from tongdai.http.endpoint import Endpoint, Request, Response, Route
from tongdai.http.openapi import document as openapi
from tongdai.http.request import Resources
from tongdai.http.routes import Routes
from tongdai.imports import api as imports
from tongdai.numbers import api as numbers
from tongdai.people.audit import api as audit
from tongdai.people.sessions import api as sessions
from tongdai.people.sessions.lookup import SEEN_S
from tongdai.people.teams import api as teams
from tongdai.people.users import api as users
from tongdai.phone import socket as phone
from tongdai.processes import api_workers
from tongdai.queues import api as queues
from tongdai.queues.sounds import signed
from tongdai.queues.sounds.fetched import fetch
from tongdai.recordings import links
from tongdai.recordings.api import play_by_link
from tongdai.reports import api as reports
from tongdai.runtime import heartbeats, os_process
from tongdai.runtime.background import every, keep_running
from tongdai.runtime.shares import Shares
from tongdai.runtime.stopping import Stopping
from tongdai.settings.declarations import Settings
from tongdai.settings.sources import ROLE_DSN
from tongdai.tenants import api as tenants
from tongdai.tenants import key_format, store
from tongdai.tenants.guard import Guard
from tongdai.tenants.rate_limit.limits import AuthFailureLimiter, MemoryLimiter, RateLimiter
from tongdai.topics import api as topics
from tongdai.wallboards import api as wallboards
from tongdai.wallboards import shown
from tongdai.wallboards.lookup import Lookup
from tongdai.webhooks import api as webhooks
from tongdai.webhooks.deliveries import api as deliveries

PREFIXES = ("/v1", "/api/v1")
ROUTES: list[Route] = [
    *campaigns.HANDLERS,
    *contacts.HANDLERS,
    *contact_lists.HANDLERS,
    *many_contacts.HANDLERS,
    *contact_upsert.HANDLERS,
    *imports.HANDLERS,
    *customers.HANDLERS,
    *do_not_call.HANDLERS,
    *queues.HANDLERS,
    *why.HANDLERS,
    *agents.HANDLERS,
    *calls.HANDLERS,
    *callbacks.HANDLERS,
    *reports.HANDLERS,
    *diagnostics_api.HANDLERS,
    *live_api.HANDLERS,
    *timeline.HANDLERS,
    *topics.HANDLERS,
    *health.HANDLERS,
    *numbers.HANDLERS,
    *dialing.HANDLERS,
    *tenants.HANDLERS,
    *users.HANDLERS,
    *audit.HANDLERS,
    *teams.HANDLERS,
    *wallboards.HANDLERS,
    *webhooks.HANDLERS,
    *deliveries.HANDLERS,
]
ENDPOINTS: list[Endpoint] = [route.endpoint for route in ROUTES]
"""The endpoints for keys and people."""
OTHER_ROUTES: list[Route] = [*sessions.HANDLERS, *shown.HANDLERS]
ALL_ENDPOINTS: list[Endpoint] = [*ENDPOINTS, *(route.endpoint for route in OTHER_ROUTES)]
"""The same, and those for people alone or for wallboards alone."""

WEBSOCKETS = frozenset((phone.PATH.encode(),))
OBSERVE_S = 1.0
WAIT_FOR_DOCUMENT = 32
"""Requests that may wait for the OpenAPI document while it is made."""
LISTENER = "tongdai api listen"
"""Session of each API worker by which those of all machines are counted: they share the rate limits."""
SWITCH_S = 0.0005
"""How long the event loop waits for a thread that computes in Python (files/uploads/threads.py), each time; it would be
5 ms."""
OWN_DESCRIPTORS = 256
"""File descriptors that an API worker needs besides its clients' connections: database, files being received, pipes."""


def build(settings: Settings, dsn: str, clock: Clock, stop: signal.Signals | None = None) -> Application:
    """The API as an ASGI application, on a database that is migrated. `stop` is the signal that stops its server."""
    routes = Routes()
    for prefix in PREFIXES:
        for route in (*ROUTES, *OTHER_ROUTES):
            routes.add(route.endpoint.method, prefix + route.endpoint.path, route)
    _document(routes, settings)
    if settings.openid_issuer is not None:
        from tongdai.people.openid import api as openid  # noqa: PLC0415 - a tenth of a second that others save

        for path, handler in openid.handlers(openid.provider_of(settings)).items():
            routes.add("GET", PREFIXES[0] + path, handler)
    routes.add("GET", signed.ROUTE, fetch)
    routes.add("GET", links.ROUTE, play_by_link)
    routes.otherwise = Console(console_files.read()).find

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Resources]:
        async with _resources(settings, dsn, clock, lambda: application.in_flight) as resources:
            if stop is not None:
                os_process.on_signal_too(stop, resources.stopping.set)
            yield resources

    application = Application(
        routes, opened, _cors(settings), settings.max_in_flight, {phone.PATH: phone.PhoneSocket(settings)}
    )
    return application


@asynccontextmanager
async def _resources(
    settings: Settings, dsn: str, clock: Clock, in_flight: Callable[[], int]
) -> AsyncGenerator[Resources]:
    pepper = key_format.load_pepper(settings.key_pepper, Path(settings.data_dir))
    ensure_private(Path(settings.data_dir), FOLDER)
    failed = AuthFailureLimiter(clock, settings.failed_key_limit, settings.workers)
    limiter = _limiter(settings, clock)
    database = Lender(dsn, settings.database_pool, name="tongdai api")
    silence = Silence(dsn, database)
    people = Lookup(clock)
    guard = Guard(settings, database, pepper, limiter, failed, clock, people)

    async def observe() -> None:
        metrics.IN_FLIGHT.set(in_flight())
        metrics.POOL_BUSY.set(database.lent)
        metrics.LIMIT_STORE_DOWN.set(limiter.down)
        access_log.flush()

    async def follow_keys() -> None:
        def forget(_payload: str) -> None:
            guard.forget()

        async def share(conn: Connection) -> None:
            limiter.shared_by(max(settings.workers, await listeners(conn, LISTENER)))
            guard.heard()

        handlers = {store.KEYS_CHANGED: forget}
        session = settings.session_dsn(dsn)
        await listen(session, handlers, on_reconnect=guard.forget, name=LISTENER, probe=share)

    background = [
        asyncio.create_task(keep_running(follow_keys, name="changes of keys", expected=unavailable)),
        asyncio.create_task(every(LOOK_S, silence.look, name="answers of the database", expected=unavailable)),
        asyncio.create_task(every(SEEN_S, lambda: people.write_seen(database), name="sessions", expected=unavailable)),
        asyncio.create_task(every(OBSERVE_S, observe, name="metrics")),
        asyncio.create_task(heartbeats.beat()),
    ]
    try:
        parts = PoolParts(settings.database_pool)
        yield Resources(settings, database, parts, pepper, guard, Shares(settings.max_in_flight), Stopping())
    finally:
        for task in background:
            task.cancel()
        access_log.flush()
        await guard.aclose()
        database.terminate()
        silence.close()
        await limiter.aclose()


def _limiter(settings: Settings, clock: Clock) -> RateLimiter:
    if settings.rate_limit_url is None:
        return MemoryLimiter(clock)
    from tongdai.tenants.rate_limit.shared import ValkeyLimiter  # noqa: PLC0415 - a fifth of a second that one worker saves

    return ValkeyLimiter(settings.rate_limit_url, settings.workers, clock, settings.rate_limit_deadline_s)


def _document(routes: Routes, settings: Settings) -> None:
    made: list[Response] = []
    making = asyncio.Lock()
    waiting = asyncio.Semaphore(WAIT_FOR_DOCUMENT)

    def document() -> Response:
        return Response(msgspec.json.encode(openapi.document(ALL_ENDPOINTS, __version__, settings)))

    async def openapi_json(_: Request) -> Response:
        # It is made when somebody first wants it, in a thread: it takes half as long as all else of a start. Once for
        # all that ask meanwhile: several threads would hold the event loop for seconds. Those who ask need no key, and
        # must not have all places of requests in flight until it is there.
        if made:
            return made[0]
        if waiting.locked():
            raise Overloaded
        async with waiting, making:
            if not made:
                made.append(await asyncio.to_thread(document))
        return made[0]

    routes.add("GET", "/openapi.json", openapi_json)


def _cors(settings: Settings) -> Cors | None:
    if not settings.cors_origins:
        return None
    exposed = ("X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", *settings.limit_headers)
    return Cors(settings.cors_origins, exposed)


def worker(settings: Settings) -> None:
    """Answer requests on the inherited socket, until SIGTERM."""
    sys.setswitchinterval(SWITCH_S)
    descriptors = os_process.raise_descriptor_limit()
    at_most = min(settings.max_connections, max(1, descriptors - OWN_DESCRIPTORS))
    application = build(settings, os.environ[ROLE_DSN], SystemClock(), signal.SIGTERM)
    limits = Connections(settings.header_timeout_s, settings.keep_alive_s, at_most, application.refuses, WEBSOCKETS)
    serve(application, api_workers.inherited(), limits, settings.drain_s)
