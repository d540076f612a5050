"""Answering machine detection: starts Asterisk's AMD on an answered call.

ARI has no AMD of its own. The channel is handed to the dialplan, to the extension `s` of the context
`<application>-amd` (docs/telephony.md prints it); that runs AMD() and hands the channel back, a second StasisStart
whose arguments are the verdict and its cause. In between the channel takes no commands.

An Asterisk without that extension, or without the module, would hang up the call. So both are checked before the
channel is handed over: the module by its name, the extension by its label, which Asterisk refuses when it does not
exist. If one is missing, calls continue without detection, each with the verdict `unavailable`, and the reason is
logged once.

This module only starts the detection. `core.step` judges the verdict: it hangs up on a machine, and treats any other
verdict, and none before the abandon threshold, as a person.
"""

import structlog

from tongdai.clock import Clock
from tongdai.switch import commands
from tongdai.switch.interface import Ari

log = structlog.get_logger()

MODULE = "app_amd.so"
MODULE_CHECK_INTERVAL_S = 60.0
"""How long the answer whether the module is loaded is cached."""


class MachineDetector:
    def __init__(self, ari: Ari, clock: Clock, app: str) -> None:
        self._ari, self._clock, self._context = ari, clock, f"{app}-amd"
        self._module_running = False
        self._asked_at: float | None = None
        self._missing: str | None = None
        """The reason that was last logged."""

    async def start(self, channel_id: str) -> str | None:
        """Hand the channel over. Returns None, or the reason why detection is unavailable. Raises SwitchError if the
        result is unknown."""
        if not await self._has_module():
            return self._unavailable(f"module {MODULE} is not loaded")
        if await commands.run_extension(self._ari, channel_id, self._context, "detect"):
            self._missing = None
            return None
        if await commands.channel(self._ari, channel_id) is None:
            return None  # hung up: its ChannelDestroyed follows
        return self._unavailable(f"no extension s with label detect in context {self._context}")

    async def _has_module(self) -> bool:
        now = self._clock.monotonic()
        if self._asked_at is None or now - self._asked_at >= MODULE_CHECK_INTERVAL_S:
            self._module_running = await commands.module_running(self._ari, MODULE)
            self._asked_at = now
        return self._module_running

    def _unavailable(self, reason: str) -> str:
        if reason != self._missing:
            log.warning("machine detection unavailable", reason=reason, see="docs/telephony.md")
        self._missing = reason
        return reason
