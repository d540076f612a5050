"""A process that is restarted whenever it ends by itself."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress

import structlog

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

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def supervise(self) -> None:
        """Until cancelled."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            started_at = loop.time()
            # A process group of its own: Ctrl-C in a terminal reaches only `serve`, which then stops the roles.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tongdai.processes.roles", self._role),
                env=self._environment,
                process_group=0,
                pass_fds=self._descriptors,
            )
            code = await self._process.wait()
            failures = 0 if loop.time() - started_at > STEADY_S else min(failures + 1, len(BACK_OFF_S) - 1)
            log.error("role ended", role=self._role, code=code, again_in_s=BACK_OFF_S[failures])
            await asyncio.sleep(BACK_OFF_S[failures])

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
