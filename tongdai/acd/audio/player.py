"""Plays what callers hear while they talk with nobody: hold music, announcements, greetings of menus, messages.

    start ──▶ music ── an announcement is due ──▶ announcement ── over ──▶ music (where it was)
                └──────────────── stop: a bridge, a message, another queue's start ────────┘

Owns what plays on a caller's channel from the join to the bridge (`HoldAudio`). The music of a queue is its uploaded
file, which the switch fetches by URL and repeats; without one, or when the switch cannot play it, a class of the
switch's own music. Announcements: queues/prompts/core.py says when, acd/audio/core.py with which sounds.

Nothing here delays a caller: what is read and requested is done in a queue of its own for each channel, beside the one
in which the caller's events are processed. A caller is offered while something plays or is being requested. `stop`
alone is awaited: from then on nothing is requested any more, and what was requested before is stopped after the reply
to it.

What is lost (a request that failed, an event that never came) is found by `round`: an end that is overdue is asked for,
and a caller who is to hear something and hears nothing gets the music again.

All playbacks of a caller have IDS ids, in turn. After a restart what the process before was playing is not known: each
of these ids is stopped before anything else is said, and the first new playback gets another id than those that were
stopped, so that their late ends are not taken for its own. The core names what it has said by call, hops and turn:
these names stay within the process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

from tongdai.acd.audio.core import Choice, Voiced, announcements, choice, parts_of, voiced
from tongdai.acd.audio.model import AT_ONCE, IDS, Kind, Playing
from tongdai.acd.audio.switch_prompts import SwitchPrompts
from tongdai.acd.caller.model import Stage
from tongdai.acd.controlled import ControlledCaller, Seat
from tongdai.acd.store import AcdStore, Pace
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.ids import QueueId, TenantId
from tongdai.queues.model import QueueRules
from tongdai.queues.prompts.core import due_at, ended, expected_wait_s
from tongdai.queues.prompts.model import sounds as sounds_of
from tongdai.queues.settings.core import music_class_of
from tongdai.queues.sounds.model import QueueSounds, StoredFile
from tongdai.switch import commands
from tongdai.switch.commands import Sound, SoundUrl
from tongdai.switch.events import PlaybackFinished
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

READ_S = 1.0
"""The time limit for reading a queue's sounds when the database hangs: the music of the switch is heard then."""
PACE_S = 10.0
"""How long the pace of a queue counts."""
MUSIC_S, MOST_REPEATS = 600.0, 100
"""The file of the music is repeated within one playback for so long, and at most so often."""
BROKEN_S = 1.0
"""A file that ends as failed within this time could not be played."""
ANNOUNCEMENT_S, GRACE_S = 20.0, 2.0
"""When an announcement should be over; how long after that, and after the music, the switch is asked."""
Link = Callable[[TenantId, StoredFile], str]
"""The URL by which the switch fetches a file."""


class Player:
    def __init__(
        self,
        store: AcdStore,
        ari: Ari,
        clock: Clock,
        link: Link | None,
        prompts: SwitchPrompts,
        position: Callable[[ControlledCaller], int | None],
    ) -> None:
        """`link`: None: the switch cannot fetch files. `position`: the place of a caller in the queue."""
        self._store, self._ari, self._clock = store, ari, clock
        self._jobs = PerChannelQueue()
        self._link, self._prompts, self._position = link, prompts, position
        self._paces: dict[tuple[TenantId, QueueId], tuple[Pace, float]] = {}
        """The pace of queues with announcements, and when it was read, by the monotonic clock."""

    # Requests of the caller

    def start(self, caller: ControlledCaller) -> None:
        """Let the caller hear the music of the queue, from now until `stop`, and announcements when they are due."""
        if caller.rules is not None:  # None: the queue was deleted
            caller.audio.wanted = True
            self._post(caller, partial(self._begin, caller, caller.rules))

    async def _begin(self, caller: ControlledCaller, rules: QueueRules) -> None:
        audio = caller.audio
        await self.stop_unknown(caller)
        sounds = await self._read(caller, rules)
        same_music = (audio.sounds.music, audio.music_name) == (sounds.music, rules.hold_music)
        audio.sounds, audio.music_name = sounds, rules.hold_music
        if not same_music:
            if audio.playing is not None and audio.playing.kind is Kind.MUSIC:
                await self._stop_playing(caller)
            audio.music_s, audio.unplayable, audio.class_on = 0.0, False, False
        await self._play_music(caller)

    async def stop(self, caller: ControlledCaller) -> None:
        """Let the caller hear nothing more, before a bridge or a message."""
        caller.audio.wanted = False
        async with caller.sounding:
            await self.stop_unknown(caller)
            await self._stop_playing(caller)
            await commands.stop_music(self._ari, caller.call.channel)
            caller.audio.class_on = False

    async def say(self, caller: ControlledCaller, name: str, language: str, parts: Sequence[str]) -> None:
        """Say a sentence of recorded parts, of the tenant or of the switch, to a caller who does not wait. One with
        gaps is better here than none, as keys count anyway."""
        rules = caller.rules
        stored = QueueSounds() if rules is None else await self._read(caller, rules)
        uploaded: Mapping[str, StoredFile] = {} if self._link is None else stored.prompts
        names = sounds_of(language, parts)
        found = voiced(parts, language, uploaded, self._prompts.present(names) or ())
        await self.speak(caller, name, *(self._sound(caller, one) for one in (names if found is None else found)))

    async def speak(self, caller: ControlledCaller, name: str, *sounds: Sound) -> None:
        """Play sounds to a caller who does not wait; `name` is that of the playback in the core."""
        await self.stop_unknown(caller)
        audio, playback_id = caller.audio, self._next_id(caller)
        if playback_id in audio.named:  # IDS sounds ago, and not over
            await commands.stop_playing(self._ari, playback_id)
        audio.named[playback_id] = name
        await commands.play(self._ari, caller.call.channel, playback_id, *sounds)

    async def stop_speaking(self, caller: ControlledCaller, name: str) -> None:
        for playback_id in [one for one, named in caller.audio.named.items() if named == name]:
            await commands.stop_playing(self._ari, playback_id)

    async def speaks(self, caller: ControlledCaller, name: str) -> bool:
        """Whether the caller hears the playback of that name. Of what another process left, the name is not known."""
        named = [one for one, named in caller.audio.named.items() if named == name]
        ids = _ids_of(caller) if caller.audio.unknown else named
        return any([await commands.playing(self._ari, playback_id) for playback_id in ids])

    def finished(self, caller: ControlledCaller, event: PlaybackFinished) -> PlaybackFinished:
        """A playback on the caller's channel has ended. Returns the event with the name of the playback in the core."""
        audio, playback_id = caller.audio, event.playback_id
        playing = audio.playing
        if playing is not None and playback_id == playing.playback_id:
            self._post(caller, partial(self._ended, caller, playing, done=event.done))
        # What another process left to a caller who hears a message is that message.
        unknown = caller.progress.playback_id if audio.unknown and playback_id in _ids_of(caller) else playback_id
        return replace(event, playback_id=audio.named.pop(playback_id, unknown))

    async def close(self) -> None:
        await self._jobs.close()

    def _post(self, caller: ControlledCaller, job: Callable[[], Awaitable[None]]) -> None:
        async def tried() -> None:
            with suppress(SwitchError, *UNAVAILABLE):  # `round` finds what is missing
                await job()

        self._jobs.post(caller.call.channel, tried)

    # Each second

    async def round(self, callers: Iterable[ControlledCaller]) -> None:
        """Begin the announcements that are due, and find what was lost."""
        waiting = [caller for caller in callers if caller.audio.wanted and not self._jobs.busy(caller.call.channel)]
        now = self._clock.monotonic()
        for caller in waiting:
            playing = caller.audio.playing
            if playing is not None and now >= playing.over_at:
                self._post(caller, partial(self._ask_whether_over, caller, playing))
            elif playing is None and not caller.audio.class_on:
                self._post(caller, partial(self._play_music, caller))
        due = [caller for caller in waiting if self._is_due(caller)]
        await self._read_paces({(caller.call.tenant_id, caller.progress.queue_id) for caller in due})
        for caller in due:
            self._post(caller, partial(self._announce, caller))

    def _is_due(self, caller: ControlledCaller) -> bool:
        """Whether an announcement may be due: nothing that can be said may change that."""
        rules, audio = caller.rules, caller.audio
        if rules is None or not rules.announce_position or not self._waits(caller) or audio.heard.playing:
            return False
        position = self._position(caller)
        return position is not None and self._clock.now() >= due_at(audio.heard, rules, position)

    @staticmethod
    def _waits(caller: ControlledCaller) -> bool:
        """Whether the caller is in the queue, and not offered."""
        return caller.audio.wanted and caller.seat is Seat.WAITING and caller.progress.stage is Stage.WAITING

    async def _read_paces(self, queues: Iterable[tuple[TenantId, QueueId]]) -> None:
        now = self._clock.monotonic()
        self._paces = {key: found for key, found in self._paces.items() if now - found[1] < PACE_S}
        with suppress(*UNAVAILABLE):  # places are announced without the wait
            for tenant_id, queue_id in sorted(set(queues) - self._paces.keys()):
                async with asyncio.timeout(READ_S):
                    self._paces[tenant_id, queue_id] = await self._store.pace(tenant_id, queue_id), now

    async def _ask_whether_over(self, caller: ControlledCaller, playing: Playing) -> None:
        if await commands.playing(self._ari, playing.playback_id):
            playing.over_at = self._clock.monotonic() + GRACE_S
        else:
            await self._ended(caller, playing, done=True)

    # Music

    async def _read(self, caller: ControlledCaller, rules: QueueRules) -> QueueSounds:
        try:
            async with asyncio.timeout(READ_S):
                return await self._store.sounds(caller.call.tenant_id, rules)
        except UNAVAILABLE:
            return caller.audio.sounds

    async def _play_music(self, caller: ControlledCaller) -> None:
        audio, channel_id = caller.audio, caller.call.channel
        if not audio.wanted or audio.playing is not None or audio.class_on:
            return
        file = audio.sounds.music
        if file is not None and file.seconds > 0 and self._link is not None and not audio.unplayable:
            url = self._link(caller.call.tenant_id, file)
            times = min(MOST_REPEATS, 1 + int(MUSIC_S / file.seconds))
            from_s = audio.music_s % file.seconds
            length_s = times * file.seconds - from_s
            await self._play(caller, Kind.MUSIC, [SoundUrl(url)] * times, length_s, from_s)
            return
        name = audio.music_name
        async with caller.sounding:
            if not audio.wanted:
                return
            try:
                await commands.start_music(self._ari, channel_id, None if name is None else music_class_of(name))
            except ValueError:  # no class has such a name: better the default one than silence
                await commands.start_music(self._ari, channel_id)
            audio.class_on = True

    # Announcements

    async def _announce(self, caller: ControlledCaller) -> None:
        audio, rules = caller.audio, caller.rules
        position = self._position(caller)
        if rules is None or position is None or not self._waits(caller):
            return
        tenant_id, now = caller.call.tenant_id, self._clock.now()
        pace = self._paces.get((tenant_id, rules.queue_id), (Pace(None, 0), 0.0))[0]
        wait_s = None if pace.handling_s is None else expected_wait_s(position, pace.handling_s, pace.agents)
        candidates = announcements(audio.heard, rules, now, position=position, wait_s=wait_s)
        language = rules.language or "en"
        present = self._prompts.present(sounds_of(language, sorted(parts_of(candidates))))
        uploaded: Mapping[str, StoredFile] = {} if self._link is None else audio.sounds.prompts
        # The tenant's own parts are known at once; those of the switch may have to be asked for.
        found = choice(candidates, lambda parts: voiced(parts, language, uploaded, present or ()))
        if found is None and present is not None:
            audio.heard = ended(audio.heard, now)
            log.warning("announcement not played: parts are missing", tenant=tenant_id, queue=rules.queue_id)
        if found is None or (present is None and found.announcement is not candidates[0]):
            return
        await self._play_announcement(caller, found)

    async def _play_announcement(self, caller: ControlledCaller, found: Choice) -> None:
        audio, said = caller.audio, found.announcement.then.position
        await self._stop_playing(caller)
        if not self._waits(caller):
            return
        if said != audio.heard.position and said is not None:
            self._jobs.start(self._record(caller, said))
        audio.heard = found.announcement.then
        sounds = [self._sound(caller, one) for one in found.sounds]
        await self._play(caller, Kind.ANNOUNCEMENT, sounds, ANNOUNCEMENT_S)

    async def _record(self, caller: ControlledCaller, position: int) -> None:
        """Keep what was announced, for whoever takes over."""
        with suppress(*UNAVAILABLE):
            await self._store.announced(caller.call, position)

    def _sound(self, caller: ControlledCaller, one: Voiced) -> Sound:
        if isinstance(one, str):
            return one
        assert self._link is not None, "uploaded parts are for switches that can fetch them"
        return SoundUrl(self._link(caller.call.tenant_id, one))

    # Playbacks

    async def _play(
        self, caller: ControlledCaller, kind: Kind, sounds: list[Sound], length_s: float, from_s: float = 0.0
    ) -> None:
        async with caller.sounding:
            if caller.audio.wanted:
                await self._request_playback(caller, kind, sounds, length_s, from_s)

    async def _request_playback(
        self, caller: ControlledCaller, kind: Kind, sounds: list[Sound], length_s: float, from_s: float
    ) -> None:
        audio, now = caller.audio, self._clock.monotonic()
        playback_id = self._next_id(caller)
        audio.named.pop(playback_id, None)
        audio.class_on = False  # a sound ends the music
        audio.playing = playing = Playing(playback_id, kind, now - from_s, now + length_s + GRACE_S)
        try:
            await commands.play(self._ari, caller.call.channel, playback_id, *sounds, from_ms=round(from_s * 1000))
        except SwitchError:  # it may play, or not
            playing.over_at = now
            raise

    async def _ended(self, caller: ControlledCaller, playing: Playing, *, done: bool) -> None:
        audio = caller.audio
        if audio.playing is not playing:
            return  # it was stopped meanwhile
        audio.playing = None
        if playing.kind is Kind.ANNOUNCEMENT:
            audio.heard = ended(audio.heard, self._clock.now())
            if not done and audio.sounds.prompts:  # again at once, with the parts of the switch
                audio.sounds, audio.heard = replace(audio.sounds, prompts={}), replace(audio.heard, quiet_since=None)
                log.warning("prompts not played: the switch cannot fetch them", call=str(caller.call.call_id))
        elif not done and self._clock.monotonic() - playing.since < BROKEN_S:
            audio.unplayable = True
            log.warning("hold music not played: the switch cannot fetch it", call=str(caller.call.call_id))
        else:
            audio.music_s = 0.0
        await self._play_music(caller)

    async def _stop_playing(self, caller: ControlledCaller) -> None:
        """Stop a playback, and remember where in the music it was."""
        audio, playing = caller.audio, caller.audio.playing
        if playing is None:
            return
        await commands.stop_playing(self._ari, playing.playback_id)
        if audio.playing is not playing:
            return
        if playing.kind is Kind.MUSIC:
            audio.music_s = self._clock.monotonic() - playing.since
        else:
            audio.heard = ended(audio.heard, self._clock.now())
        audio.playing = None

    async def stop_unknown(self, caller: ControlledCaller) -> None:
        """Stop what the process before may have left."""
        audio = caller.audio
        if audio.unknown:
            for number, playback_id in enumerate(_ids_of(caller)):
                if await commands.stop_playing(self._ari, playback_id):
                    audio.played = number + AT_ONCE
            audio.unknown = False

    @staticmethod
    def _next_id(caller: ControlledCaller) -> str:
        caller.audio.played += 1
        return _ids_of(caller)[(caller.audio.played - 1) % IDS]


def _ids_of(caller: ControlledCaller) -> list[str]:
    return [f"{caller.call.call_id}-sound-{number}" for number in range(IDS)]
