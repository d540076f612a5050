"""The engine's composition root: what works through imports, apart from requests."""

import asyncio
import os
from datetime import timedelta

import structlog

from tongdai import metrics
from tongdai.calls import retention
from tongdai.clock import every
from tongdai.db import audit, idempotency
from tongdai.db.notify import listen
from tongdai.db.pool import UNREACHABLE, Pool, open_pool
from tongdai.imports import store
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.worker import Worker
from tongdai.os_process import run_until_signalled
from tongdai.settings import Settings

log = structlog.get_logger()

IMPORT_WORKERS = 2
GAUGES_S = 2.0
PURGE_S = 600.0
SWEEP_S = 5.0
RETAIN_S = 600.0
NICE = 10
"""Imports take what processor time is left: who waits for an answer comes first."""


async def run(settings: Settings, dsn: str) -> None:
    """Until cancelled."""
    lease = timedelta(seconds=settings.import_lease_s)
    # A worker that is stopped in the middle of a chunk loses its session, and with it the rows it holds, as it loses
    # its lease.
    pool = await open_pool(dsn, IMPORT_WORKERS + 2, name="tongdai engine", hold_s=settings.import_lease_s)
    wake = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            session = settings.session_dsn(dsn)
            group.create_task(listen(session, {store.JOB_ADDED: lambda _: wake.set()}, on_reconnect=wake.set))
            for _ in range(IMPORT_WORKERS):
                group.create_task(Worker(pool, lease, wake).run())
            group.create_task(every(GAUGES_S, lambda: _observe(pool)))
            group.create_task(every(PURGE_S, lambda: purge(pool, timedelta(days=settings.import_rows_days))))
            group.create_task(every(SWEEP_S, lambda: sweep(pool)))
            group.create_task(every(RETAIN_S, lambda: retain(pool, settings)))
            log.info("engine started", lease_s=settings.import_lease_s)
    finally:
        pool.terminate()


async def _observe(pool: Pool) -> None:
    try:
        async with pool.acquire() as conn:
            for status, jobs in (await store.open_jobs(conn)).items():
                metrics.IMPORT_JOBS.labels(status).set(jobs)
    except UNREACHABLE:
        return


async def purge(pool: Pool, rows_age: timedelta) -> None:
    """Forget what is kept for a time only; each step is a transaction of its own, and short."""
    try:
        async with pool.acquire() as conn:
            await idempotency.purge(conn)
            while await outcome_store.drop_rows(conn, rows_age):
                continue
    except UNREACHABLE:
        return


async def retain(pool: Pool, settings: Settings) -> None:
    """Make the months ahead, and forget calls, figures and audit entries that were kept long enough."""
    try:
        async with pool.acquire() as conn:
            await retention.create_partitions(conn)
            await retention.drop_expired_partitions(conn, timedelta(days=settings.call_days))
            await retention.delete_hourly_stats(conn, timedelta(days=settings.call_figures_days))
            await audit.delete_old(conn, timedelta(days=settings.audit_days))
    except UNREACHABLE:
        return
    except Exception:
        log.exception("retention failed, retrying")


async def sweep(pool: Pool) -> None:
    """Forget what dry runs that have ended needed; likewise."""
    try:
        async with pool.acquire() as conn:
            while await outcome_store.drop_seen(conn):
                continue
    except UNREACHABLE:
        return


def main(settings: Settings, dsn: str) -> None:
    """The process: runs until SIGTERM, then hands its work back."""
    os.nice(NICE)
    run_until_signalled(run(settings, dsn))
    log.info("engine stopped")
