"""Announces a recording to customers before it begins.

    play into the talk ── whole, and the customer is still in it ──▶ REFUSABLE_S for the key ──▶ announced
              ├── the customer presses REFUSAL_KEY, here or there ──▶ declined
              └── cut short: hung up, on hold, stopped, no such sound, no end in time ──▶ not announced

Both hear it, so that nobody talks over it. Whatever is not known to have been heard whole was not announced.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from tongdai.clock import Clock
from tongdai.recordings.model import REFUSAL_KEY, Failure, Recording
from tongdai.switch import commands
from tongdai.switch.events import ChannelDestroyed, ChannelDtmfReceived, Event, PlaybackFinished
from tongdai.switch.interface import Ari, SwitchRefused

LONGEST_S = 60.0
"""The longest that an announcement is waited for."""
POLL_S = 0.25
REFUSABLE_S = 3.0
"""How long the key is waited for after the announcement."""
LEAST_MS = 300
"""A sound that was shorter announces nothing."""


@dataclass(frozen=True, slots=True)
class Announced:
    failure: Failure | None
    """Why the call is not recorded; None: the customer has heard it, and did not decline."""
    ms: int
    """How long the announcement was played."""


@dataclass(slots=True)
class _Announcement:
    playback_id: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    whole: bool | None = None
    """Whether it was played to its end; None: it is being played."""
    declined: bool = False


class Announcer:
    def __init__(self, ari: Ari, clock: Clock, app: str) -> None:
        self._ari, self._clock, self._app = ari, clock, app
        self._current: dict[str, _Announcement] = {}
        """By the customer's channel."""

    def observe(self, event: Event) -> None:
        match event:
            case PlaybackFinished(playback_id=playback_id, done=done):
                for announcement in self._current.values():
                    if announcement.playback_id == playback_id:
                        announcement.whole = done
                        announcement.changed.set()
            case ChannelDtmfReceived(channel_id=channel_id, digit=key) if channel_id in self._current:
                if key == REFUSAL_KEY:
                    self._current[channel_id].declined = True
                    self._current[channel_id].changed.set()
            case ChannelDestroyed(channel_id=channel_id) if channel_id in self._current:
                self._current[channel_id].whole = False
                self._current[channel_id].changed.set()
            case _:
                pass

    async def announce(self, recording: Recording, sound: str) -> Announced:
        """Announce the recording to a customer who is connected. SwitchError when it is not known what they heard."""
        announcement = self._current[recording.channel] = _Announcement(f"announcement-{uuid4()}")
        try:
            return await self._announced(recording.channel, announcement, sound)
        finally:
            del self._current[recording.channel]

    async def _announced(self, channel: str, announcement: _Announcement, sound: str) -> Announced:
        try:
            await commands.subscribe_to_bridge(self._ari, self._app, channel)
        except SwitchRefused:  # no bridge: the customer talks with nobody
            return Announced(Failure.NOT_ANNOUNCED, 0)
        began = self._clock.monotonic()
        if not await commands.play_to_bridge(self._ari, channel, announcement.playback_id, sound):
            return Announced(Failure.NOT_ANNOUNCED, 0)
        await self._end_of(announcement)
        ms = round((self._clock.monotonic() - began) * 1000)
        if announcement.declined:
            await commands.stop_playing(self._ari, announcement.playback_id)
            return Announced(Failure.DECLINED, ms)
        if not announcement.whole or ms < LEAST_MS:
            return Announced(Failure.NOT_ANNOUNCED, ms)
        bridge = await commands.bridge(self._ari, channel)
        if bridge is None or channel not in bridge.channel_ids:
            return Announced(Failure.NOT_ANNOUNCED, ms)
        await _until(announcement, lambda: announcement.declined, REFUSABLE_S)
        return Announced(Failure.DECLINED if announcement.declined else None, ms)

    async def _end_of(self, announcement: _Announcement) -> None:
        """Wait for the end of a sound, or the key. The switch is asked, too: Asterisk reports the end of a sound in a
        bridge to nobody once the application's subscription to the bridge is gone."""
        deadline = self._clock.monotonic() + LONGEST_S
        while self._clock.monotonic() < deadline:
            await _until(announcement, lambda: announcement.declined or announcement.whole is not None, POLL_S)
            if announcement.declined or announcement.whole is not None:
                return
            if not await commands.playing(self._ari, announcement.playback_id):
                announcement.whole = True
                return


async def _until(announcement: _Announcement, reached: Callable[[], bool], within_s: float) -> None:
    """Wait until something is so, for so long at most."""
    try:
        async with asyncio.timeout(within_s):
            while not reached():
                announcement.changed.clear()
                await announcement.changed.wait()
    except TimeoutError:
        pass
