"""A switch that is not there: channels, bridges and sounds as Asterisk 22 has them, in this process and in loop time.

A client of it is `fake_asterisk.FakeAsterisk` or, over a real websocket, one of `ari_server.AriServer`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, cast
from urllib.parse import unquote

from tongdai.clock import Clock
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.callees import Callee
from tongdai.switch.simulated.exchange import Channel, Exchange, Frame, Line

SOUND_S = 5.0
"""A sound that no table names."""

_UNKNOWN = Reply(404, {"message": "Resource not found"})
_NOT_OURS = Reply(409, {"message": "Channel not in Stasis application"})
_DONE = Reply(204, None)


class Switchboard(Exchange):
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
    ) -> None:
        """`phones` are those of agents by their names, `trunks` the carriers there are, `sounds` the seconds of each
        `sound:…`; without them all exist. `keep`: see Ledger."""
        super().__init__(rng, clock, callee, phones, trunks, keep)
        self._sounds = sounds
        self._bridges: dict[str, list[str]] = {}
        self._away_until = 0.0

    @property
    def away(self) -> bool:
        """Connections are refused."""
        return asyncio.get_running_loop().time() < self._away_until

    def attach(self, app: str, line: Line) -> None:
        """From here on the line has the events of the application; another that had them is told so, and cut off."""
        before = self._lines.get(app)
        self._lines[app] = line
        if before is not None and before is not line:
            before.take(self._frame("ApplicationReplaced", app))

    def detach(self, app: str, line: Line) -> None:
        if self._lines.get(app) is line:
            del self._lines[app]

    def cut(self, for_s: float = 0.0) -> None:
        """All connections go, and none is taken for so long. Calls go on; what happens is told to nobody."""
        self._away_until = asyncio.get_running_loop().time() + for_s
        lines = list(self._lines.values())
        self._lines.clear()
        for line in lines:
            line.cut()

    def restart(self, for_s: float = 0.5) -> None:
        """As a crash: connections and calls are gone, without a word."""
        self.cut(for_s)
        for channel in self._channels.values():
            self._silence(channel)
            for timer in channel.playbacks.values():
                timer.cancel()
            self.ledger.ended(channel.call, self._clock.now(), 0)
        self._channels.clear()
        self._bridges.clear()

    def handle(self, method: str, uri: str, query: Mapping[str, str], body: object) -> Reply:
        """The reply to a request; it has happened then."""
        values = dict(query) | (cast("dict[str, Any]", body) if isinstance(body, dict) else {})
        kind, *rest = (unquote(part) for part in uri.split("/"))
        answer = {
            "channels": self._channel_request,
            "bridges": self._bridge_request,
            "playbacks": self._playback_request,
        }.get(kind, self._other_request)
        return answer(method, rest, values)

    def _other_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("PUT", app, "eventFilter") | ("POST", app, "subscription") if app in self._lines:
                return Reply(200, {"name": app})
            case "GET", "ping":
                return Reply(200, {"ping": "pong"})
            case _:
                return _UNKNOWN

    def _channel_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("POST",):
                return self._originate(values)
            case ("GET",):
                return Reply(200, [self._view(channel) for channel in self._channels.values()])
            case _, channel_id, *rest if channel_id in self._channels:
                return self._of_channel(method, self._channels[channel_id], rest, values)
            case _:
                return Reply(404, {"message": "Channel not found"})

    def _of_channel(self, method: str, channel: Channel, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("GET",):
                return Reply(200, self._view(channel))
            case ("DELETE",):
                self._hang_up(channel, int(values.get("reason_code", 16)))
                return _DONE
            case "POST", "play", playback_id:
                return self._play(channel, playback_id, values["media"])
            case "POST", "continue":
                return self._detect_machine(channel)
            case _:
                return _UNKNOWN

    def _let_go(self, channel: Channel) -> None:
        for playback_id in list(channel.playbacks):
            self._play_ended(channel, playback_id, "failed")
        self._leave_bridge(channel)

    # What an answered channel does

    def _play(self, channel: Channel, playback_id: str, media: str | list[str]) -> Reply:
        if not channel.in_app:
            return _NOT_OURS
        sounds = media if isinstance(media, list) else media.split(",")
        lengths = [SOUND_S if self._sounds is None else self._sounds.get(sound) for sound in sounds]
        played_s, state = sum(length or 0.0 for length in lengths), "failed" if None in lengths else "done"
        channel.call.played_at = channel.call.played_at or self._clock.now()
        loop = asyncio.get_running_loop()
        channel.playbacks[playback_id] = loop.call_later(played_s, self._play_ended, channel, playback_id, state)
        return Reply(201, {"id": playback_id, "state": "queued"})

    def _play_ended(self, channel: Channel, playback_id: str, state: str) -> None:
        timer = channel.playbacks.pop(playback_id, None)
        if timer is None:
            return  # begun twice under one name: the first of them has told its end
        timer.cancel()
        playback = {"id": playback_id, "target_uri": f"channel:{channel.channel_id}", "state": state}
        self._send(channel.app, self._frame("PlaybackFinished", channel.app, playback=playback))

    def _playback_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "GET", playback_id if any(playback_id in channel.playbacks for channel in self._channels.values()):
                return Reply(200, {"id": playback_id, "state": "playing"})
            case _:
                return Reply(404, {"message": "Playback not found"})

    def _detect_machine(self, channel: Channel) -> Reply:
        """The dialplan's `amd` context, whatever context is asked for."""
        if not channel.in_app:
            return _NOT_OURS
        channel.in_app = False
        self._leave_bridge(channel)
        self._tell(channel, "StasisEnd")
        verdict = ("MACHINE", "MAXWORDS-3-2") if channel.call.plan.machine else ("HUMAN", "HUMAN-800-800")
        self._later(channel, self._rng.uniform(1.5, 2.0), lambda back: self._enter(back, ("amd", *verdict)))
        return _DONE

    # Bridges

    def _bridge_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("GET",):
                return Reply(200, [self._bridge_view(bridge_id) for bridge_id in self._bridges])
            case "POST", bridge_id:
                return self._create_bridge(bridge_id)
            case _, bridge_id, *_ if bridge_id not in self._bridges:
                return Reply(404, {"message": "Bridge not found"})
            case "DELETE", bridge_id:
                for channel_id in list(self._bridges[bridge_id]):
                    self._leave_bridge(self._channels[channel_id])
                del self._bridges[bridge_id]
                return _DONE
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
            self._tell(channel, "ChannelEnteredBridge", bridge=self._bridge_view(bridge_id))
        if len(self._bridges[bridge_id]) > 1:
            for channel_id in self._bridges[bridge_id]:
                call = self._channels[channel_id].call
                call.bridged_at = call.bridged_at or self._clock.now()
        return _DONE

    def _leave_bridge(self, channel: Channel) -> None:
        if channel.bridge_id is not None:
            bridge_id, channel.bridge_id = channel.bridge_id, None
            self._bridges[bridge_id].remove(channel.channel_id)
            self._tell(channel, "ChannelLeftBridge", bridge=self._bridge_view(bridge_id))

    def _bridge_view(self, bridge_id: str) -> Frame:
        return {"id": bridge_id, "bridge_type": "mixing", "channels": list(self._bridges[bridge_id])}
