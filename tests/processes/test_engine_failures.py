"""A duty of the engine that fails ends neither the engine nor its other duties."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.imports.jobs import a_place, found, messy, post
from tests.support.servers import eventually
from tongdai.db.pool import Pool
from tongdai.imports.model import JobStatus
from tongdai.processes import engine
from tongdai.settings.declarations import Settings


async def test_imports_continue_while_purging_fails(own_pool: Pool, own_dsn: str, tmp_path: Path) -> None:
    async with own_pool.acquire() as conn:
        await conn.execute("alter table idempotency_record rename to away")
        with capture_logs() as lines:
            running = asyncio.create_task(engine.run(Settings(data_dir=str(tmp_path)), own_dsn))
            await eventually(lambda: "purge" in [line.get("task") for line in lines], 20, "the purge to fail")
            place, (rows, _) = await a_place(conn), messy(1, 20)
            job_id = await post(conn, place, rows, 20)

            async def done() -> bool:
                return (await found(conn, place, job_id)).status is JobStatus.DONE

            await eventually(done, 20, "the import")
            assert not running.done()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
    assert [line["error"] for line in lines if line.get("task") == "purge"] == ["UndefinedTableError"]
