"""What an import is measured against: COPY by psql, of rows that are ready to be stored.

Into tables as the migrations make them, with their keys, indexes and foreign keys, in a database of its own on the same
server. Nothing is read, checked, normalised or accounted for.
"""

import os
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.people import CONTACT_COLUMNS, CUSTOMER_COLUMNS
from tongdai.db.embedded.programs import find_programs, user_for
from tongdai.db.migrate import migrate
from tongdai.db.pool import connect

_NAME = "bench_copy"


@asynccontextmanager
async def database(dsn: str) -> AsyncGenerator[str]:
    """The DSN of another database on that server, migrated; dropped with the block."""
    root = await connect(dsn, name="bench")
    await root.execute(f"create database {_NAME}")
    own = urlsplit(dsn)._replace(path=f"/{_NAME}").geturl()
    try:
        conn = await connect(own, name="bench")
        await migrate(conn)
        await conn.close()
        yield own
    finally:
        await root.execute(f"drop database if exists {_NAME} with (force)")
        await root.close()


def copied(dsn: str, data_dir: Path, customers: Path, contacts: Path) -> float:
    """Seconds of psql for both files, in one transaction."""
    psql = find_programs(None, user_for(data_dir / "postgres")) / "psql"
    commands = [
        f"\\copy customer ({CUSTOMER_COLUMNS}) from '{customers}'",
        f"\\copy contact ({CONTACT_COLUMNS}) from '{contacts}'",
    ]
    argv = [psql, "-Xq1", "-v", "ON_ERROR_STOP=1", "-d", dsn, *(part for c in commands for part in ("-c", c))]
    began = time.perf_counter()
    subprocess.run(argv, check=True, env={"LC_ALL": "C.UTF-8", "PATH": os.defpath}, stdin=subprocess.DEVNULL)
    return time.perf_counter() - began
