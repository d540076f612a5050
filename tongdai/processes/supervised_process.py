"""A process that is restarted whenever it ends by itself, or hangs.

    started ── ends ──▶ wait ──▶ started
       └── silent for HUNG_AFTER_S: killed, with its descendants ──▶ wait ──▶ started
           (until its first heartbeat: for STARTING_S, twice as long at each further try)

The first one may have been started beforehand, while it is not known yet with what it is to run: it imports its code,
and waits (`WaitingProcess`). A start of everything is shorter by that.

Hanging is detected by the heartbeats (runtime/heartbeats.py): a process whose event loop sends none is killed, stopped
ones (SIGSTOP) included.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
import structlog

from tongdai.runtime import heartbeats
from tongdai.runtime.os_process import descendants

log = structlog.get_logger()

BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Delays before a process that ended is restarted."""
STEADY_S = 5.0
"""A process that ran for so long had started well: its next restart is after the shortest delay."""


GATE = "TONGDAI_ROLE_GATE"
"""Environment variable of a process that waits: the descriptor of a pipe, from which the rest of its environment
comes, as JSON; nothing when it is to end."""


@dataclass(frozen=True, slots=True)
class WaitingProcess:
    """A process that has imported its code, or does so, and waits for its environment."""

    process: asyncio.subprocess.Process
    receiver: heartbeats.Receiver
    gate: BinaryIO

    def go(self, environment: Mapping[str, str]) -> None:
        """Let it run. One that has ended meanwhile is restarted as any other."""
        with suppress(OSError), self.gate:
            self.gate.write(msgspec.json.encode(environment))

    async def stop(self) -> None:
        """End it, if it still waits."""
        if not self.gate.closed:
            self.gate.close()
            self.receiver.close()
            await self.process.wait()


async def start_waiting(role: str, environment: Mapping[str, str]) -> WaitingProcess:
    """Start the process of a role, which waits; `environment` is what it needs for its imports."""
    receiver, inherited = heartbeats.pair()
    reading, writing = os.pipe()
    with inherited:
        try:
            process = await _spawn(role, {**environment, GATE: str(reading)}, inherited, (reading,))
        finally:
            os.close(reading)
    return WaitingProcess(process, receiver, os.fdopen(writing, "wb"))


async def _spawn(
    role: str, environment: Mapping[str, str], inherited: socket.socket, descriptors: Sequence[int]
) -> asyncio.subprocess.Process:
    # A process group of its own: Ctrl-C in a terminal reaches only `serve`, which then stops the roles.
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tongdai.processes.roles", role),
        env={**environment, heartbeats.DESCRIPTOR: str(inherited.fileno())},
        process_group=0,
        pass_fds=(*descriptors, inherited.fileno()),
    )


class SupervisedProcess:
    """The process of a role, restarted whenever it ends by itself."""

    def __init__(
        self,
        role: str,
        environment: dict[str, str],
        descriptors: Sequence[int] = (),
        waiting: WaitingProcess | None = None,
    ) -> None:
        """`descriptors` are inherited by the process. `waiting`: the first process, which was started already."""
        self._role = role
        self._environment = environment
        self._descriptors = descriptors
        self._waiting = waiting
        self._process: asyncio.subprocess.Process | None = None
        self._receiver: heartbeats.Receiver | None = None

    @property
    def works(self) -> bool:
        """Whether the process, and each of its own children, sends heartbeats."""
        receiver = self._receiver
        if receiver is not None:
            receiver.look(asyncio.get_running_loop().time())
        return receiver is not None and not receiver.late and not receiver.heartbeat.late

    @property
    def failing_tasks(self) -> list[str]:
        """The background tasks of the process whose last attempt failed."""
        return [] if self._receiver is None else [f"{self._role}: {task}" for task in self._receiver.heartbeat.failing]

    async def supervise(self) -> None:
        """Until cancelled."""
        loop, failures = asyncio.get_running_loop(), 0
        starting_s = heartbeats.STARTING_S
        while True:
            started_at = loop.time()
            process, receiver = await self._start(starting_s)
            code = await self._ended(process, receiver)
            # Only a process that was killed had too little time; the others ended by themselves.
            starting_s = heartbeats.next_starting_s(starting_s, started=receiver.started or not receiver.hangs)
            failures = 0 if loop.time() - started_at > STEADY_S else min(failures + 1, len(BACK_OFF_S) - 1)
            log.error("role ended", role=self._role, code=code, again_in_s=BACK_OFF_S[failures])
            await asyncio.sleep(BACK_OFF_S[failures])

    async def _start(self, starting_s: float) -> tuple[asyncio.subprocess.Process, heartbeats.Receiver]:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.go(self._environment)
            self._process, self._receiver = waiting.process, waiting.receiver
            return waiting.process, waiting.receiver
        receiver, inherited = heartbeats.pair(starting_s)
        self._receiver = receiver
        with inherited:
            self._process = await _spawn(self._role, self._environment, inherited, self._descriptors)
        return self._process, receiver

    async def _ended(self, process: asyncio.subprocess.Process, receiver: heartbeats.Receiver) -> int:
        """Wait until the process has ended by itself, or was killed because it hangs; its exit code."""
        watching = asyncio.create_task(self._watch(process, receiver))
        try:
            return await process.wait()
        finally:
            watching.cancel()
            receiver.close()
            self._receiver = None

    async def _watch(self, process: asyncio.subprocess.Process, receiver: heartbeats.Receiver) -> None:
        loop = asyncio.get_running_loop()
        while not receiver.hangs:
            await asyncio.sleep(heartbeats.LOOK_S)
            receiver.look(loop.time())
        log.error("role hangs: killed", role=self._role, pid=process.pid, silent_s=round(receiver.silent_s, 1))
        # Its children too: they may hang with it, and would keep what they have inherited, such as its port.
        for pid in (*descendants(process.pid), process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, and SIGKILL if the process does not end within `grace_s`."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), grace_s)
            except TimeoutError:
                log.warning("role did not stop within the grace period: killed", role=self._role, grace_s=grace_s)
                process.kill()
                await process.wait()
