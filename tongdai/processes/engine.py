"""The role `engine`: the background worker, for imports, retention and purging.

    import workers     IMPORT_WORKERS loops (imports/worker.py), woken by NOTIFY
    every 2 s          gauges of import jobs
    every 5 s          sweep: numbers that dry runs stored, once these have ended
    every 10 min       purge: outcomes of rows after `import_rows_days`, idempotency keys
    every 10 min       retain: partitions of the months and days ahead; calls after `call_days`, hourly statistics after
                       `hourly_stats_days`, audit entries after `audit_days`, recordings after `recording_days`,
                       deliveries after `webhook_days`
    every 0.2 s        deliveries to webhooks (webhooks/deliveries/worker.py)
    every 60 s         counters of reports: the quarters of an hour of which nothing can change any more
    every 60 s         the position of the changes that readers follow

Any number of engines run on one database: jobs are claimed with a lease, and each step of purging and retention is a
short transaction that another may do first. A loop that fails is logged and continues (tongdai/runtime/background.py),
so that neither an unavailable database nor a bug in one of them stops the others.
"""

import asyncio
import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
import structlog

from tongdai import metrics
from tongdai.acd.caller import store as callers
from tongdai.calls import retention
from tongdai.calls.acts import store as acts
from tongdai.calls.events import store as call_events
from tongdai.changes import store as changes
from tongdai.contacts.changes import retention as contact_changes
from tongdai.db import audit, idempotency
from tongdai.db.notify import listen
from tongdai.db.pool import Pool, open_pool
from tongdai.db.unavailable import unavailable
from tongdai.imports import store
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.worker import Worker
from tongdai.people.sessions import store as sessions
from tongdai.recordings import retention as recordings
from tongdai.recordings import store as recording_store
from tongdai.recordings.storage import storage_in
from tongdai.reports.queues import kept as queue_reports
from tongdai.runtime import heartbeats
from tongdai.runtime.background import every, keep_running
from tongdai.runtime.disk import free_mb
from tongdai.runtime.os_process import run_until_signalled
from tongdai.settings.declarations import Settings
from tongdai.tenants.key_format import load_pepper
from tongdai.webhooks.address import Rules
from tongdai.webhooks.deliveries import retention as delivery_retention
from tongdai.webhooks.deliveries.worker import POLL_S, Deliveries, Options

log = structlog.get_logger()

IMPORT_WORKERS = 2
DELIVERING = 6
"""Connections for deliveries to webhooks: a transaction of a queue takes a few milliseconds."""
GAUGES_S = 2.0
PURGE_S = 600.0
SWEEP_S = 5.0
RETAIN_S = 600.0
REPORTS_S = 60.0
CHANGES_S = 60.0
NICE = 10
"""Imports use the processor time that is left: requests come first."""


async def run(settings: Settings, dsn: str) -> None:
    """Until cancelled."""
    lease = timedelta(seconds=settings.import_lease_s)
    # A worker that hangs in the middle of a chunk loses its session, and with it its row locks, when its lease ends.
    pool = await open_pool(dsn, IMPORT_WORKERS + 2, name="tongdai engine", hold_s=settings.import_lease_s)
    delivering = await open_pool(dsn, DELIVERING, name="tongdai deliveries", hold_s=settings.import_lease_s)
    deliveries = Deliveries(delivering, delivery_options(settings))
    wake = asyncio.Event()

    def wake_workers(_payload: str) -> None:
        wake.set()

    folder, embedded = Path(settings.data_dir), settings.database_url is None

    def has_room() -> bool:
        return not embedded or free_mb(folder) >= settings.min_free_mb / 2

    handlers = {store.JOB_ADDED: wake_workers}
    running, repeated = partial(keep_running, expected=unavailable), partial(every, expected=unavailable)
    rows_age = timedelta(days=settings.import_rows_days)
    try:
        async with asyncio.TaskGroup() as group:
            start, session = group.create_task, settings.session_dsn(dsn)
            start(running(lambda: listen(session, handlers, on_reconnect=wake.set), name="notifications"))
            for _ in range(IMPORT_WORKERS):
                start(running(Worker(pool, lease, wake, has_room).run, name="import worker"))
            start(repeated(GAUGES_S, lambda: _observe(pool), name="import gauges"))
            start(repeated(PURGE_S, lambda: purge(pool, rows_age), name="purge"))
            start(repeated(SWEEP_S, lambda: sweep(pool), name="sweep"))
            start(repeated(RETAIN_S, lambda: retain(pool, settings), name="retention"))
            start(repeated(REPORTS_S, lambda: keep_reports(pool), name="reports"))
            start(repeated(CHANGES_S, lambda: keep_position(pool), name="changes"))
            start(repeated(POLL_S, deliveries.begin, name="deliveries"))
            start(heartbeats.beat())
            log.info("engine started", lease_s=settings.import_lease_s)
    finally:
        await deliveries.stop()
        delivering.terminate()
        pool.terminate()


def delivery_options(settings: Settings) -> Options:
    """How webhooks are sent."""
    return Options(
        load_pepper(settings.key_pepper, Path(settings.data_dir)),
        Rules(http=settings.webhook_private, private=settings.webhook_private),
        httpx2.create_ssl_context(),
        settings.webhook_timeout_s,
    )


async def _observe(pool: Pool) -> None:
    async with pool.acquire() as conn:
        for status, jobs in (await store.open_jobs(conn)).items():
            metrics.IMPORT_JOBS.labels(status).set(jobs)


async def purge(pool: Pool, rows_age: timedelta) -> None:
    """Delete idempotency keys, acts and outcomes of rows that have expired, in short transactions."""
    async with pool.acquire() as conn:
        await idempotency.purge(conn)
        await acts.purge(conn)
        while await outcome_store.drop_rows(conn, rows_age):
            continue


async def retain(pool: Pool, settings: Settings) -> None:
    """Create partitions of the months and days ahead; delete calls, their offers and events, hourly statistics, audit
    entries, recordings and deliveries that have expired."""
    async with pool.acquire() as conn:
        await retention.create_partitions(conn)
        await retention.drop_expired_partitions(conn, timedelta(days=settings.call_days))
        tenants = [row["tenant_id"] for row in await conn.fetch(retention.TENANTS)]
        await callers.delete_old_offers(conn, tenants, timedelta(days=settings.call_days))
        await call_events.delete_old(conn, tenants, timedelta(days=settings.call_days))
        await retention.delete_hourly_stats(conn, timedelta(days=settings.hourly_stats_days))
        await queue_reports.delete_old(conn, tenants, timedelta(days=settings.hourly_stats_days))
        await audit.delete_old(conn, timedelta(days=settings.audit_days))
        storage = storage_in(settings.data_dir, settings.recordings_dir)
        await recordings.delete_expired(conn, storage, tenants, timedelta(days=settings.recording_days))
        await recording_store.forget_old(conn, tenants, timedelta(days=settings.call_days))
        floor = await changes.raise_floor(conn, timedelta(days=settings.change_days))
        await contact_changes.delete_old(conn, tenants, floor)
        await sessions.delete_old(conn)
        await delivery_retention.create_days(conn)
        await delivery_retention.drop_expired_days(conn, timedelta(days=settings.webhook_days))
        await delivery_retention.delete_old_waiting(conn, timedelta(days=settings.webhook_days))


async def keep_reports(pool: Pool) -> None:
    """Keep counters of reports, tenant by tenant."""
    async with pool.acquire() as conn:
        for row in await conn.fetch(retention.TENANTS):
            await queue_reports.keep(conn, row["tenant_id"], await conn.fetchval("select now()"))


async def keep_position(pool: Pool) -> None:
    """Remember the position of changes that belongs to this minute."""
    async with pool.acquire() as conn:
        await changes.tick(conn)


async def sweep(pool: Pool) -> None:
    """Delete the numbers that dry runs stored, once these have ended, in short transactions."""
    async with pool.acquire() as conn:
        while await outcome_store.drop_seen(conn):
            continue


def main(settings: Settings, dsn: str) -> None:
    """The process: runs until SIGTERM, then releases its claims."""
    os.nice(NICE)
    run_until_signalled(run(settings, dsn))
    log.info("engine stopped")
