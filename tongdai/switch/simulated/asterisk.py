"""A simulated Asterisk: channels, bridges, sounds and the requests of ARI, in this process and on loop time.

Its client is `tongdai.switch.simulated.client.SimulatedAri`. It answers as Asterisk 22 was seen to (tests/live), knows
the requests of `tongdai.switch.commands` and nothing more, and asserts nothing of the caller: what the dialer did wrong
shows in its ledger.
"""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, cast
from urllib.parse import unquote

from tongdai import __version__
from tongdai.clock import Clock
from tongdai.switch.commands import NEEDED_MODULES
from tongdai.switch.events import DETECTED
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.callees import Callee
from tongdai.switch.simulated.channels import Connection, Frame, SimulatedChannel, SimulatedChannels

SOUND_S = 5.0
"""Length of each sound, where `sounds` does not tell."""
MISSING = "sound:missing/"
"""Sounds that begin so do not exist, where `sounds` does not tell."""
DETECTION_S = (1.0, 1.8)
"""From handing a channel to the dialplan until it is back."""

_UNKNOWN = Reply(404, {"message": "Resource not found"})
_NOT_OURS = Reply(409, {"message": "Channel not in Stasis application"})
_DONE = Reply(204, None)


class SimulatedAsterisk(SimulatedChannels):
    """Commands take effect at once; what follows from them happens by timers of the running loop."""

    def __init__(
        self,
        rng: Random,
        clock: Clock,
        callee: Callee | None = None,
        *,
        phones: Mapping[str, Callee] | None = None,
        trunks: Sequence[str] | None = None,
        sounds: Mapping[str, float] | None = None,
        keep: int | None = None,
        amd: bool = True,
        unsure: float = 0.05,
    ) -> None:
        """`phones`: agents' phones by name; `trunks`: the names of carriers; `sounds`: seconds of each `sound:…`; None:
        any exists but those of MISSING. `keep`: see Ledger. `amd`: it has the module, and a dialplan, that detect
        machines; `unsure`: the share of detections without a verdict. A test may change both at any time."""
        super().__init__(rng, clock, callee, phones, trunks, keep)
        self.sounds = None if sounds is None else dict(sounds)
        """Seconds of each `sound:…` that it has; None: any exists but those of MISSING. A test may take one away."""
        self._to_bridges: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        """The bridge and the end of each playback to a bridge."""
        self._subscribed: dict[str, str] = {}
        """The application that gets the events of a bridge."""
        self.modules = list(NEEDED_MODULES)
        """The modules that run; a test may take one away."""
        self.amd, self.unsure = amd, unsure
        self._bridges: dict[str, list[str]] = {}
        self._refuses_until = 0.0
        self.starts = 1
        """How often it was started."""

    @property
    def refuses_connections(self) -> bool:
        """Whether connections are refused: the switch is unreachable."""
        return asyncio.get_running_loop().time() < self._refuses_until

    def attach(self, app: str, connection: Connection) -> None:
        """Send the application's events to this connection from now on; the former one gets ApplicationReplaced."""
        before = self._connections.get(app)
        self._connections[app] = connection
        if before is not None and before is not connection:
            before.take(self._frame("ApplicationReplaced", app))

    def detach(self, app: str, connection: Connection) -> None:
        if self._connections.get(app) is connection:
            del self._connections[app]

    def cut(self, for_s: float = 0.0) -> None:
        """Drop all connections, and refuse new ones for so long. Calls continue; their events are lost."""
        self._refuses_until = asyncio.get_running_loop().time() + for_s
        connections = list(self._connections.values())
        self._connections.clear()
        for connection in connections:
            connection.cut()

    def restart(self, for_s: float = 0.5) -> None:
        """Crash: connections, requests that have not arrived and calls are gone, without an event."""
        self.cut(for_s)
        self.starts += 1
        for channel in self._channels.values():
            self._cancel_timers(channel)
            for timer in channel.playbacks.values():
                timer.cancel()
            self.ledger.ended(channel.call, self._clock.now(), 0)
        for _, timer in self._to_bridges.values():
            timer.cancel()
        self._channels.clear()
        self._bridges.clear()
        self._to_bridges.clear()
        self._subscribed.clear()

    def handle(self, method: str, uri: str, query: Mapping[str, str], body: object) -> Reply:
        """Do what is requested; its reply."""
        values = dict(query) | (cast("dict[str, Any]", body) if isinstance(body, dict) else {})
        kind, *rest = (unquote(part) for part in uri.split("/"))
        answer = {
            "channels": self._channel_request,
            "bridges": self._bridge_request,
            "playbacks": self._playback_request,
            "applications": self._application_request,
            "asterisk": self._asterisk_request,
        }.get(kind)
        return _UNKNOWN if answer is None else answer(method, rest, values)

    def _application_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "POST", app, "subscription" if app in self._connections:
                bridge_id = str(values["eventSource"]).removeprefix("bridge:")
                if bridge_id not in self._bridges:
                    return Reply(422, {"message": "Event source does not exist"})
                self._subscribed[bridge_id] = app
                return Reply(200, {"name": app})
            case "PUT", app, "eventFilter" if app in self._connections:
                return Reply(200, {"name": app})
            case _:
                return _UNKNOWN

    def _asterisk_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "GET", "info":
                system, status = {"version": __version__}, {"startup_time": f"start {self.starts}"}
                return Reply(200, {"system": system, "status": status})
            case "GET", "modules":
                return Reply(200, [{"name": name, "status": "Running"} for name in self.modules])
            case "GET", "modules", "app_amd.so" if self.amd:
                return Reply(200, {"name": "app_amd.so", "status": "Running"})
            case _:
                return _UNKNOWN

    # Channels

    def _channel_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("POST",):
                return self._originate(values)
            case ("GET",):
                return Reply(200, [self._view(channel) for channel in self._channels.values()])
            case _, channel_id, *rest if channel_id in self._channels:
                return self._one_channel_request(method, self._channels[channel_id], rest, values)
            case _:
                return Reply(404, {"message": "Channel not found"})

    def _one_channel_request(
        self, method: str, channel: SimulatedChannel, rest: list[str], values: Mapping[str, Any]
    ) -> Reply:
        match method, *rest:
            case ("GET",):
                return Reply(200, self._view(channel))
            case ("DELETE",):
                self._hang_up(channel, int(values.get("reason_code", 16)))
                return _DONE
            case "POST", "play", playback_id:
                return self._play(channel, playback_id, *values["media"])
            case "POST", "continue":
                return self._run_extension(channel, str(values["context"]), str(values["label"]))
            case _:
                return _UNKNOWN

    def _release(self, channel: SimulatedChannel) -> None:
        for playback_id in list(channel.playbacks):
            self._play_ended(channel, playback_id, "failed")
        self._leave_bridge(channel)

    # Sounds

    def _play(self, channel: SimulatedChannel, playback_id: str, sound: str) -> Reply:
        if not channel.in_app:
            return _NOT_OURS
        length_s = self._length_of(sound)
        if length_s is not None:
            channel.call.played_at = channel.call.played_at or self._clock.now()
        state = "failed" if length_s is None else "done"
        loop = asyncio.get_running_loop()
        channel.playbacks[playback_id] = loop.call_later(length_s or 0, self._play_ended, channel, playback_id, state)
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
        playback = {"id": playback_id, "target_uri": f"channel:{channel.channel_id}", "state": state}
        self._send(channel.app, self._frame("PlaybackFinished", channel.app, playback=playback))

    def _playback_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "GET", playback_id if any(playback_id in channel.playbacks for channel in self._channels.values()):
                return Reply(200, {"id": playback_id, "state": "playing"})
            case "DELETE", playback_id if playback_id in self._to_bridges:
                self._play_to_bridge_ended(playback_id, "done")
                return _DONE
            case _:
                return Reply(404, {"message": "Playback not found"})

    # Answering machine detection

    def _run_extension(self, channel: SimulatedChannel, context: str, label: str) -> Reply:
        """The dialplan has one extension: the one of docs/telephony.md that detects machines."""
        if (context, label) != (f"{channel.app}-amd", "detect") or not self.amd:
            return Reply(404, {"message": "Requested label can not be found"})
        if not channel.in_app:
            return _NOT_OURS
        channel.in_app = False
        self._leave_bridge(channel)
        self._later(channel, self._rng.uniform(*DETECTION_S), self._detected)
        return _DONE

    def _detected(self, channel: SimulatedChannel) -> None:
        if self._rng.random() < self.unsure:
            verdict = ("NOTSURE", "TOOLONG-1800")
        else:
            verdict = ("MACHINE", "LONGGREETING-1200-1200") if channel.call.plan.machine else ("HUMAN", "HUMAN-600-600")
        channel.call.verdict = verdict[0]
        self._enter_app(channel, (DETECTED, *verdict))

    # Bridges

    def _bridge_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "POST", bridge_id:
                return self._create_bridge(bridge_id)
            case _, bridge_id, *_ if bridge_id not in self._bridges:
                return Reply(404, {"message": "Bridge not found"})
            case "DELETE", bridge_id:
                for channel_id in list(self._bridges[bridge_id]):
                    self._leave_bridge(self._channels[channel_id])
                for playback_id in [one for one, (to, _) in self._to_bridges.items() if to == bridge_id]:
                    self._play_to_bridge_ended(playback_id, "failed")
                del self._bridges[bridge_id]
                self._subscribed.pop(bridge_id, None)
                return _DONE
            case "POST", bridge_id, "play", playback_id:
                return self._play_to_bridge(bridge_id, playback_id, *values["media"])
            case "POST", bridge_id, "addChannel":
                return self._bridge(bridge_id, str(values["channel"]).split(","))
            case _:
                return _UNKNOWN

    def _create_bridge(self, bridge_id: str) -> Reply:
        if bridge_id in self._bridges:
            return Reply(409, {"message": f"Bridge with id '{bridge_id}' already exists"})
        self._bridges[bridge_id] = []
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
        if len(self._bridges[bridge_id]) > 1:
            for channel_id in self._bridges[bridge_id]:
                call = self._channels[channel_id].call
                call.bridged_at = call.bridged_at or self._clock.now()
        return _DONE

    def _leave_bridge(self, channel: SimulatedChannel) -> None:
        if channel.bridge_id is not None:
            bridge_id, channel.bridge_id = channel.bridge_id, None
            self._bridges[bridge_id].remove(channel.channel_id)

    def _bridge_view(self, bridge_id: str) -> Frame:
        return {"id": bridge_id, "bridge_type": "mixing", "channels": list(self._bridges[bridge_id])}
