"""A data directory whose database is there: a copy, as initialising one takes longer than most tests of a server."""

import asyncio
import atexit
import shutil
import subprocess
import tempfile
from pathlib import Path

from tongdai.db.embedded import server as embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import connect

_folder: Path | None = None


async def copy_to(data_dir: Path) -> None:
    """Make a data directory with a migrated database, and nothing else of a server. Nothing runs on it.

    What initialises one itself is tested in tests/db/embedded, tests/flows/test_server.py and with `tongdai demo`.
    """
    template = await _template()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    # The cluster belongs to another user where the tests run as root: -a keeps it theirs.
    await asyncio.to_thread(subprocess.run, ["cp", "-a", template, data_dir], check=True)


async def _template() -> Path:
    global _folder  # noqa: PLW0603 - made once in a process, which deletes it when it ends
    if _folder is None:
        folder = Path(tempfile.mkdtemp(prefix="td-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        server = await embedded.start(folder / "data", None)
        conn = await connect(server.dsn, name="tests")
        await migrate(conn)
        await conn.close()
        await server.stop()
        _folder = folder
    return _folder / "data"
