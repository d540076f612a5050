"""A process that is restarted whenever it ends by itself, or hangs.

    started ── ends ──▶ wait ──▶ started
       └── silent for HUNG_AFTER_S: killed, with its descendants ──▶ wait ──▶ started
           (until its first heartbeat: for STARTING_S, twice as long at each further try)

Hanging is detected by the heartbeats (runtime/heartbeats.py): a process whose event loop sends none is killed, stopped
ones (SIGSTOP) included.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import structlog

from tongdai.runtime import heartbeats
from tongdai.runtime.os_process import descendants

log = structlog.get_logger()

BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Delays before a process that ended is restarted."""
STEADY_S = 5.0
"""A process that ran for so long had started well: its next restart is after the shortest delay."""


class SupervisedProcess:
    """The process of a role, restarted whenever it ends by itself."""

    def __init__(self, role: str, environment: dict[str, str], descriptors: Sequence[int] = ()) -> None:
        """`descriptors` are inherited by the process."""
        self._role = role
        self._environment = environment
        self._descriptors = descriptors
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
            receiver, inherited = heartbeats.pair(starting_s)
            self._receiver = receiver
            # A process group of its own: Ctrl-C in a terminal reaches only `serve`, which then stops the roles.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tongdai.processes.roles", self._role),
                env=self._environment | {heartbeats.DESCRIPTOR: str(inherited.fileno())},
                process_group=0,
                pass_fds=(*self._descriptors, inherited.fileno()),
            )
            inherited.close()
            code = await self._ended(self._process, receiver)
            # Only a process that was killed had too little time; the others ended by themselves.
            starting_s = heartbeats.next_starting_s(starting_s, started=receiver.started or not receiver.hangs)
            failures = 0 if loop.time() - started_at > STEADY_S else min(failures + 1, len(BACK_OFF_S) - 1)
            log.error("role ended", role=self._role, code=code, again_in_s=BACK_OFF_S[failures])
            await asyncio.sleep(BACK_OFF_S[failures])

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
