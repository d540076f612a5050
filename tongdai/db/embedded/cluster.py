"""The database cluster in a data directory: initialisation, password and socket."""

import hashlib
import io
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tongdai.data_dir import ensure
from tongdai.db.embedded.programs import CWD, MAJOR, User, spawn, until
from tongdai.errors import OperatorError

START_S = 600  # crash recovery of max_wal_size may take minutes on a slow disk
SOCKET_BYTES = 103  # what a socket's path may have on every system; Linux has 107


def ensure_folder(data_dir: Path) -> Path:
    """Create the data directory if needed, and resolve it. Other users may traverse it but not list it."""
    data_dir = data_dir.resolve()
    try:
        ensure(data_dir)
    except OSError as error:
        raise OperatorError(f"cannot make data directory {data_dir}: {error.strerror}") from None
    return data_dir


def is_made(cluster: Path) -> bool:
    """Whether there is a cluster; OperatorError when there is one that this version cannot run."""
    if not cluster.exists():
        return False
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise OperatorError(f"{cluster} is no database this user can run: {error.strerror}") from None
    if version != str(MAJOR):
        raise OperatorError(
            f"{cluster} was made by PostgreSQL {version}, this is {MAJOR}. It is untouched: back it up with the "
            "Tongdai that made it (tongdai backup), then restore that into a new data directory (tongdai restore)"
        )
    return True


async def initialise(cluster: Path, programs: Path, user: User | None, password: str, log: io.FileIO) -> None:
    """Initialise the cluster under another name, then rename it: a crash leaves no incomplete cluster."""
    new = cluster.with_name("postgres.new")
    process = _initdb(new, programs, user, password, log)
    try:
        await until(lambda: process.poll() is not None, START_S)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise OperatorError(f"cannot make {cluster}: {tail(cluster.parent)}")
    new.rename(cluster)
    _fsync(cluster.parent)


def _initdb(new: Path, programs: Path, user: User | None, password: str, log: io.FileIO) -> subprocess.Popen[bytes]:
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    # The builtin C.UTF-8: sorts as fast as C, and upper() and regular expressions handle Vietnamese letters.
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    login = ("--username=tongdai", "--auth=scram-sha-256", "--pwfile=/dev/stdin")
    argv = [programs / "initdb", "-D", CWD, "--no-instructions", *locale, *login]
    with tempfile.TemporaryFile() as pwfile:  # another user could not open a pipe of ours as /dev/stdin
        pwfile.write(password.encode())
        pwfile.seek(0)
        if user is not None:
            os.chown(new, user.uid, user.gid)
            os.fchown(pwfile.fileno(), user.uid, user.gid)
        return spawn(argv, new, user, log, pwfile, signal.SIGKILL)


def password_of(data_dir: Path) -> str:
    """The password, generated before the first cluster is initialised."""
    file = data_dir / "postgres.password"
    if not file.exists():
        if (data_dir / "postgres").exists():
            raise OperatorError(f"{file} is missing: restore it from a backup")
        new = file.with_name("postgres.password.new")
        with open_private(new) as content:
            content.truncate(0)
            content.write(secrets.token_urlsafe(32).encode())
            os.fsync(content.fileno())
        new.rename(file)
        _fsync(data_dir)
    return _secret(data_dir)


def dsn_of(data_dir: Path) -> str:
    """The DSN over the unix socket, for asyncpg and libpq; FileNotFoundError before there is a password."""
    password = _secret(data_dir)
    # The sessions' own errors go to their client and not to the log: the message itself may repeat a value
    # (invalid input syntax for type bigint: "0901234567"). Errors of the server's own processes are still logged.
    options = quote("-c log_min_messages=log")
    folder = quote(str(socket_folder((data_dir / "postgres").resolve())), safe="")
    return f"postgresql://tongdai:{password}@/tongdai?host={folder}&port=5432&options={options}"


def socket_folder(cluster: Path) -> Path:
    """The cluster or, if its path is too long for a socket, a short link to it in a folder that only this user can
    enter.

    Each client creates its own link, so none relies on a name in /tmp that another user may have taken.
    """
    if len(os.fsencode(cluster / ".s.PGSQL.5432")) <= SOCKET_BYTES and "," not in str(cluster):
        return cluster
    places = ("/run", os.environ.get("XDG_RUNTIME_DIR"), "/tmp")  # noqa: S108 - checked below
    short = (Path(p) for p in places if p and len(os.fsencode(p)) < SOCKET_BYTES // 2 and os.access(p, os.W_OK))
    folder = next(short) / f"tongdai-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o077:
        raise OperatorError(f"{folder} is not a private folder of this user; use a shorter data directory")
    link = folder / hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    with suppress(FileExistsError):
        link.symlink_to(cluster)
    return link


def drop_stale_pid(cluster: Path) -> None:
    """Delete a stale postmaster.pid, and the lock of the socket: PostgreSQL would not start if another program of its
    user has that pid now, or if its own predecessor was killed and nobody has waited for it."""
    if sys.platform != "linux":
        return
    for file in (cluster / "postmaster.pid", *cluster.glob(".s.PGSQL.*.lock")):
        if file.exists() and not _works_in(cluster, file.read_text().partition("\n")[0]):
            file.unlink()


def _works_in(cluster: Path, pid: str) -> bool:
    """Whether a process is a postmaster of the cluster, in which it works."""
    with suppress(OSError):
        return Path("/proc", pid.strip(), "cwd").readlink() == cluster
    return False


def tail(data_dir: Path) -> str:
    """The end of the log, for an error message."""
    lines = (data_dir / "postgres.log").read_text(errors="replace").splitlines()
    return " / ".join(lines[-3:]) + f" (see {data_dir / 'postgres.log'})"


def write_private(path: Path, content: bytes) -> None:
    """Create a private file; after a power failure it is whole."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def open_private(path: Path) -> io.FileIO:
    """Open a private file to read and append, created at first; children do not inherit it."""
    try:
        return io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+")
    except OSError as error:
        raise OperatorError(f"cannot open {path}: {error.strerror}") from None


def _secret(data_dir: Path) -> str:
    return (data_dir / "postgres.password").read_text().strip()


def _fsync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
