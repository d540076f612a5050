"""PostgreSQL's client programs: finding those of the server's major version, and running them.

A dump is made and restored by programs of the server's own major version: an older pg_dump refuses a newer server, and
what a newer one writes an older server may not read. The password goes to them in their environment, where other users
of the machine cannot see it.
"""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tongdai.db.embedded.programs import bundled
from tongdai.errors import OperatorError
from tongdai.runtime.os_process import die_with_parent

_NEEDED = ("pg_dump", "pg_restore", "psql")
_DISCARDED = 1 << 18
_REASON = re.compile(r"(?:ERROR|FATAL|error): +(.+)")


def find_clients(major: int, postgres_bin: Path | None) -> Path:
    """A folder with pg_dump, pg_restore and psql of that major version; OperatorError when there is none."""
    for folder in _folders(major, postgres_bin):
        if all((folder / program).exists() for program in _NEEDED) and _version(folder) == major:
            return folder
    raise OperatorError(
        f"the server is PostgreSQL {major}, and no pg_dump, pg_restore and psql of that version were found: "
        f"install them (postgresql-client-{major}), or name their folder in postgres_bin (TONGDAI_POSTGRES_BIN)"
    )


def _folders(major: int, postgres_bin: Path | None) -> Iterator[Path]:
    if postgres_bin is not None:
        yield postgres_bin
    yield from bundled()
    yield Path(f"/usr/lib/postgresql/{major}/bin")  # Debian
    yield Path(f"/usr/pgsql-{major}/bin")  # Red Hat
    yield from map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))


def _version(folder: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 - the installed program, or the operator's
            [folder / "pg_dump", "--version"], check=False, capture_output=True, text=True, timeout=30
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


class Program:
    """A running program with its standard input and output as pipes. It ends with this process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name, self.process = name, process
        self._said: list[str] = []
        """The last lines on standard error."""
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self._said = [*self._said[-20:], line.decode(errors="replace").strip()]

    async def send(self, chunk: bytes) -> None:
        """Write to its standard input; Ended when it has ended."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(chunk)
            await self.process.stdin.drain()
        except ConnectionError:
            raise Ended(self) from None

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def output(self, size: int) -> AsyncGenerator[bytes]:
        """Yield what it writes to its standard output, until it closes it."""
        assert self.process.stdout is not None
        while chunk := await self.process.stdout.read(size):
            yield chunk

    async def succeeded(self) -> None:
        """Wait for its end; OperatorError with its reason when it failed."""
        code = await self.process.wait()
        await self._listening
        if code != 0:
            errors = [found[1] for line in self._said if (found := _REASON.search(line))]
            why = errors[0] if errors else " / ".join(self._said[-2:]) or f"exit code {code}"
            raise OperatorError(f"{self.name} failed: {why}")

    async def kill(self) -> None:
        """End it, if it has not ended."""
        with suppress(ProcessLookupError):
            self.process.kill()
        # asyncio's `wait` waits for the ends of the pipes too: one that was full would never be read to its end.
        async for _ in self.output(_DISCARDED):
            pass
        await self.process.wait()
        await self._listening


class Ended(Exception):
    """The program ended before it was sent everything."""

    def __init__(self, program: Program) -> None:
        super().__init__(program.name)
        self.program = program


async def start(programs: Path, name: str, *args: str, environment: Mapping[str, str] | None = None) -> Program:
    """Start one of PostgreSQL's programs. Call it on the main thread."""
    parent = os.getpid()
    process = await asyncio.create_subprocess_exec(
        programs / name,
        *args,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C", "PGAPPNAME": "tongdai backup"} | dict(environment or {}),
        preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),
    )
    return Program(name, process)
