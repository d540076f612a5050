"""Bridges, sounds and music of the simulated Asterisk."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tongdai.clock import Clock
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.callees import Callee
from tongdai.switch.simulated.channels import Frame, SimulatedChannel, SimulatedChannels
from tongdai.switch.simulated.ledger import Played, SimulatedCaller

SOUND_S = 5.0
"""Length of each sound, where `sounds` does not tell."""
MISSING = "sound:missing/"
"""Sounds that begin so do not exist, where `sounds` does not tell."""

UNKNOWN = Reply(404, {"message": "Resource not found"})
NOT_OURS = Reply(409, {"message": "Channel not in Stasis application"})
DONE = Reply(204, None)


class SimulatedBridges(SimulatedChannels):
    def __init__(
        self,
        rng: Random,
        clock: Clock,
        callee: Callee | None,
        phones: Mapping[str, Callee] | None,
        trunks: Sequence[str] | None,
        keep: int | None,
        sounds: Mapping[str, float] | None,
    ) -> None:
        super().__init__(rng, clock, callee, phones, trunks, keep)
        self.sounds = None if sounds is None else dict(sounds)
        """Seconds of each `sound:…` that it has; None: any exists but those of MISSING. A test may take one away."""
        self._to_bridges: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        """The bridge and the end of each playback to a bridge."""
        self._subscribed: dict[str, str] = {}
        """The application that gets the events of a bridge."""
        self._bridges: dict[str, list[str]] = {}
        self._bridge_names: dict[str, str] = {}

    def _forget_bridges(self) -> None:
        for _, timer in self._to_bridges.values():
            timer.cancel()
        self._bridges.clear()
        self._to_bridges.clear()
        self._subscribed.clear()

    def _release(self, channel: SimulatedChannel) -> None:
        for playback_id in list(channel.playbacks):
            self._play_ended(channel, playback_id, "failed")
        self._music(channel, on=False)
        self._leave_bridge(channel)

    # Sounds

    def _play(self, channel: SimulatedChannel, playback_id: str, *sounds: str, from_ms: int = 0) -> Reply:
        """One that does not exist is skipped, and only the last one says so. Music on hold ends."""
        if not channel.in_app:
            return NOT_OURS
        self._music(channel, on=False)
        lengths = [self._length_of(sound) for sound in sounds]
        if lengths[0] is not None:
            lengths[0] = max(0.0, lengths[0] - from_ms / 1000)
        if isinstance(channel.call, SimulatedCaller):
            channel.call.sounds.append(Played(playback_id, sounds, self._clock.now()))
            self._hears(channel, sounds)
        if lengths[-1] is not None:
            channel.call.played_at = channel.call.played_at or self._clock.now()
        state = "failed" if lengths[-1] is None else "done"
        length_s = sum(length or 0 for length in lengths)
        loop = asyncio.get_running_loop()
        channel.playbacks[playback_id] = loop.call_later(length_s, self._play_ended, channel, playback_id, state)
        return Reply(201, {"id": playback_id, "state": "queued"})

    def _length_of(self, sound: str) -> float | None:
        """None: it does not exist."""
        if self.sounds is not None:
            return self.sounds.get(sound)
        return None if sound.startswith(MISSING) else SOUND_S

    def _play_to_bridge(self, bridge_id: str, playback_id: str, sound: str) -> Reply:
        length_s = self._length_of(sound)
        state = "failed" if length_s is None else "done"
        loop = asyncio.get_running_loop()
        timer = loop.call_later(length_s or 0, self._play_to_bridge_ended, playback_id, state)
        self._to_bridges[playback_id] = (bridge_id, timer)
        return Reply(201, {"id": playback_id, "state": "queued"})

    def _play_to_bridge_ended(self, playback_id: str, state: str) -> None:
        bridge_id, timer = self._to_bridges.pop(playback_id)
        timer.cancel()
        app = self._subscribed.get(bridge_id)
        if app is not None:
            playback = {"id": playback_id, "target_uri": f"bridge:{bridge_id}", "state": state}
            self._send(app, self._frame("PlaybackFinished", app, playback=playback))

    def _play_ended(self, channel: SimulatedChannel, playback_id: str, state: str) -> None:
        timer = channel.playbacks.pop(playback_id, None)
        if timer is None:
            return  # started twice under one id: the first one has sent its end
        timer.cancel()
        if isinstance(channel.call, SimulatedCaller):
            playing = next(one for one in reversed(channel.call.sounds) if one.playback_id == playback_id)
            playing.until = self._clock.now()
        playback = {"id": playback_id, "target_uri": f"channel:{channel.channel_id}", "state": state}
        self._send(channel.app, self._frame("PlaybackFinished", channel.app, playback=playback))

    def _playback_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "GET", playback_id if playback_id in self._to_bridges or any(
                playback_id in channel.playbacks for channel in self._channels.values()
            ):
                return Reply(200, {"id": playback_id, "state": "playing"})
            case "DELETE", playback_id if playback_id in self._to_bridges:
                self._play_to_bridge_ended(playback_id, "done")
                return DONE
            case "DELETE", playback_id:
                for channel in self._channels.values():
                    if playback_id in channel.playbacks:
                        self._play_ended(channel, playback_id, "done")
                        return DONE
                return Reply(404, {"message": "Playback not found"})
            case _:
                return Reply(404, {"message": "Playback not found"})

    # Bridges

    def _bridge_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("GET",):
                return Reply(200, [self._bridge_view(bridge_id) for bridge_id in self._bridges])
            case "POST", bridge_id:
                return self._create_bridge(bridge_id, str(values.get("name", "")))
            case _, bridge_id, *more if bridge_id in self._bridges:
                return self._one_bridge_request(method, bridge_id, more, values)
            case _:
                return Reply(404, {"message": "Bridge not found"})

    def _one_bridge_request(self, method: str, bridge_id: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("GET",):
                return Reply(200, self._bridge_view(bridge_id))
            case ("DELETE",):
                return self._destroy_bridge(bridge_id)
            case "POST", "play", playback_id:
                return self._play_to_bridge(bridge_id, playback_id, *values["media"])
            case "POST", "addChannel":
                return self._bridge(bridge_id, str(values["channel"]).split(","))
            case "POST", "removeChannel":
                return self._unbridge(bridge_id, str(values["channel"]).split(","))
            case _:
                return UNKNOWN

    def _destroy_bridge(self, bridge_id: str) -> Reply:
        for channel_id in list(self._bridges[bridge_id]):
            self._leave_bridge(self._channels[channel_id])
        for playback_id in [one for one, (to, _) in self._to_bridges.items() if to == bridge_id]:
            self._play_to_bridge_ended(playback_id, "failed")
        del self._bridges[bridge_id]
        self._subscribed.pop(bridge_id, None)
        return DONE

    def _create_bridge(self, bridge_id: str, name: str) -> Reply:
        if bridge_id in self._bridges:
            return Reply(409, {"message": f"Bridge with id '{bridge_id}' already exists"})
        self._bridges[bridge_id], self._bridge_names[bridge_id] = [], name
        return Reply(200, self._bridge_view(bridge_id))

    def _bridge(self, bridge_id: str, channel_ids: list[str]) -> Reply:
        found = [self._channels.get(channel_id) for channel_id in channel_ids]
        channels = [channel for channel in found if channel is not None]
        if len(channels) < len(found):
            return Reply(400, {"message": "Channel not found"})
        if not all(channel.in_app for channel in channels):
            return Reply(422, {"message": "Channel not in Stasis application"})
        for channel in channels:
            self._leave_bridge(channel)
            channel.bridge_id = bridge_id
            self._bridges[bridge_id].append(channel.channel_id)
        self._met(bridge_id)
        return DONE

    def _unbridge(self, bridge_id: str, channel_ids: list[str]) -> Reply:
        found = [self._channels.get(channel_id) for channel_id in channel_ids]
        if not all(found):
            return Reply(400, {"message": "Channel not found"})
        channels = [channel for channel in found if channel is not None]
        if any(channel.bridge_id != bridge_id for channel in channels):
            return Reply(422, {"message": "Channel not in this bridge"})
        for channel in channels:
            self._leave_bridge(channel)
        return DONE

    def _leave_bridge(self, channel: SimulatedChannel) -> None:
        if channel.bridge_id is not None:
            bridge_id, channel.bridge_id = channel.bridge_id, None
            self._bridges[bridge_id].remove(channel.channel_id)
            if not channel.call.agent:
                self.ledger.alone(channel.call, self._clock.now())
                self._left_alone(channel)
            self._met(bridge_id)

    def _met(self, bridge_id: str) -> None:
        """Record the members of a bridge, which have changed."""
        members = [self._channels[channel_id] for channel_id in self._bridges[bridge_id]]
        now = self._clock.now()
        for member in members:
            others = [other.call for other in members if other is not member]
            if others:
                member.call.bridged_at = member.call.bridged_at or now
            if member.call.agent:
                continue
            if others:
                self.ledger.bridged(member.call, others, member.state, now)
                if member.music_since is not None:
                    self.ledger.violation(member.call, "bridged while music on hold plays")
                if member.playbacks and isinstance(member.call, SimulatedCaller):
                    self.ledger.violation(member.call, "bridged while a sound plays")
                self._talking(member)
            else:
                self.ledger.alone(member.call, now)
                self._left_alone(member)

    @abstractmethod
    def _hears(self, channel: SimulatedChannel, sounds: Sequence[str]) -> None:
        """Sounds begin to be played to a caller."""

    @abstractmethod
    def _talking(self, channel: SimulatedChannel) -> None:
        """A customer is with somebody."""

    @abstractmethod
    def _left_alone(self, channel: SimulatedChannel) -> None:
        """A customer is with nobody any more."""

    # Music

    def _music(self, channel: SimulatedChannel, *, on: bool) -> None:
        if channel.music_since is not None and isinstance(channel.call, SimulatedCaller):
            channel.call.music_s += self._loop_s() - channel.music_since
        channel.music_since = self._loop_s() if on else None

    @staticmethod
    def _loop_s() -> float:
        return asyncio.get_running_loop().time()

    def _bridge_view(self, bridge_id: str) -> Frame:
        return {
            "id": bridge_id,
            "name": self._bridge_names[bridge_id],
            "bridge_type": "mixing",
            "channels": list(self._bridges[bridge_id]),
        }
