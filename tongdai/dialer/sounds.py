"""Checks whether the switch has the sounds of campaigns, by playing each to a bridge that nobody is in.

    named by running campaigns (`prepare`) ─┐
    asked by the API (start, PATCH)        ─┴→ play → known here, and recorded for the API and diagnostics

A sound that the switch does not have fails within milliseconds; one that has not failed after HEARD_S is stopped, and
counts as present. (ARI's list of sounds would not do: it takes each folder for a language, and knows no name with a
folder.) The campaigns of a sound that is missing are not dialled (`lacks`); it is checked again every
RECHECK_MISSING_S, so that they continue once it is there. One that could not be played to somebody (`doubt`) is checked
again at once, and nobody is called for it before that.

What cannot be found out is not taken for missing: no connection, a request that fails, a switch that does not answer.
"""

import asyncio
import random
from collections.abc import Collection, Iterable
from contextlib import suppress
from uuid import UUID

import structlog

from tongdai.clock import Clock
from tongdai.dialer.store import DialerStore
from tongdai.switch import commands
from tongdai.switch.events import PlaybackFinished
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

HEARD_S = 0.3
"""A sound that has not failed for so long is playing."""
PROBE_S = 3.0
"""The longest that a check may take."""
RECHECK_S, RECHECK_MISSING_S = 60.0, 5.0
"""How often the sounds of running campaigns are checked again."""
AT_ONCE = 20


class Sounds:
    def __init__(
        self, store: DialerStore, ari: Ari, clock: Clock, rng: random.Random, app: str, *, enabled: bool
    ) -> None:
        self._store, self._ari, self._clock, self._rng = store, ari, clock, rng
        self._app, self.enabled = app, enabled
        self._known: dict[str, tuple[bool | None, float]] = {}
        """Whether the switch has each sound of a running campaign, and when that was checked, by the monotonic
        clock."""
        self._doubted: set[str] = set()
        """Sounds of running campaigns that somebody did not hear since they were checked."""
        self._playing: dict[str, asyncio.Future[bool]] = {}
        self._one_at_a_time = asyncio.Lock()

    def lacks(self, name: str | None) -> bool:
        """Whether the switch is known not to have a sound, or is yet to be asked whether it still has it."""
        return name in self._doubted or self._is_missing(name)

    def _is_missing(self, name: str | None) -> bool:
        return name is not None and self._known.get(name, (None, 0.0))[0] is False

    async def prepare(self, names: Iterable[str]) -> None:
        """Check the sounds of the running campaigns that are new."""
        wanted = set(names)
        self._known = {name: known for name, known in self._known.items() if name in wanted}
        self._doubted &= wanted
        new = sorted(wanted - self._known.keys())
        if new and self.enabled:
            await self._check(new[:AT_ONCE], running=True)

    async def round(self) -> None:
        """Check what was asked for, and again what is known for a while."""
        stale = [name for name, (present, at) in self._known.items() if self._is_stale(present, at)]
        asked = await self._store.sounds_asked()
        if stale:
            await self._check(stale[:AT_ONCE], running=True)
        if rest := [name for name in asked if name not in stale]:
            await self._check(rest, running=False)

    async def present(self, names: Collection[str]) -> dict[str, bool | None]:
        """Whether the switch has each of these sounds; None: that could not be found out. All of them when it is not to
        be asked."""
        if not self.enabled:
            return dict.fromkeys(names, True)
        async with self._one_at_a_time:
            results = await asyncio.gather(*(self._probe(name) for name in names))
        return dict(zip(names, results, strict=True))

    def doubt(self, name: str) -> None:
        """Check a sound again that the switch could not play to somebody."""
        if name in self._known:
            self._known[name] = (self._known[name][0], -RECHECK_S)
            self._doubted.add(name)

    def finished(self, event: PlaybackFinished) -> None:
        """Process the end of a sound that was played to nobody."""
        playing = self._playing.get(event.playback_id)
        if playing is not None and not playing.done():
            playing.set_result(event.done)

    def _is_stale(self, present: bool | None, checked_s: float) -> bool:
        recheck_s = RECHECK_MISSING_S if present is False else RECHECK_S
        return self._clock.monotonic() - checked_s >= recheck_s

    async def _check(self, names: Collection[str], *, running: bool) -> None:
        async with self._one_at_a_time:
            at = await self._store.now()
            results = await asyncio.gather(*(self._probe(name) for name in names))
            found = dict(zip(names, results, strict=True))
            for name, present in found.items():
                if running or name in self._known:
                    self._learn(name, present)
            await self._store.record_sounds(found, at)

    def _learn(self, name: str, present: bool | None) -> None:
        was_missing = self._is_missing(name)
        self._known[name] = (present, self._clock.monotonic())
        self._doubted.discard(name)
        if present is False and not was_missing:
            log.error("sound missing: its campaigns are not dialled", sound=name, see="docs/telephony.md")
        elif present and was_missing:
            log.info("sound found", sound=name)

    async def _probe(self, name: str) -> bool | None:
        """Whether the switch can play a sound; None: that could not be found out."""
        if not self._ari.up:
            return None
        probe_id = f"{self._app}-sound-{UUID(int=self._rng.getrandbits(128), version=4)}"
        self._playing[probe_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PROBE_S):
                return await self._play(probe_id, name)
        except (SwitchError, TimeoutError, ValueError) as error:
            log.warning("sound not checked", sound=name, error=str(error) or type(error).__name__)
            return None
        finally:
            del self._playing[probe_id]
            await self._clean_up(probe_id)

    async def _play(self, probe_id: str, name: str) -> bool | None:
        await commands.create_bridge(self._ari, probe_id, "tongdai-probe")
        await commands.subscribe_to_bridge(self._ari, self._app, probe_id)
        if not await commands.play_to_bridge(self._ari, probe_id, probe_id, name):
            return None
        try:
            async with asyncio.timeout(HEARD_S):
                return await self._playing[probe_id]
        except TimeoutError:
            return True if self._ari.up else None

    async def _clean_up(self, probe_id: str) -> None:
        with suppress(SwitchError, TimeoutError):
            async with asyncio.timeout(PROBE_S):
                await commands.stop_playing(self._ari, probe_id)
                await commands.destroy_bridge(self._ari, probe_id)
