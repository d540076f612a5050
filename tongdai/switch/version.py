"""The version of a switch, asked for once in each connection: an upgrade ends the connection."""

import asyncio
from contextlib import suppress

from tongdai.switch import commands
from tongdai.switch.interface import Ari, SwitchError

ASK_S = 0.5
"""The longest wait for the answer; without one, the next call of `current` asks again."""


class SwitchVersion:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari
        self._known: str | None = None
        self._asked = False

    async def current(self) -> str | None:
        """The version that the switch last said it has; None: none yet."""
        if not self._ari.up:
            self._asked = False
        elif not self._asked:
            with suppress(SwitchError, TimeoutError):
                async with asyncio.timeout(ASK_S):
                    self._known = await commands.version(self._ari)
                self._asked = True
        return self._known
