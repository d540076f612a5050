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
from tongdai.switch.commands.recordings import MODULE as RECORDINGS
from tongdai.switch.events import DETECTED
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.bridges import DONE, NOT_OURS, UNKNOWN
from tongdai.switch.simulated.callees import Callee, Plan, Response
from tongdai.switch.simulated.channels import Connection, SimulatedChannel
from tongdai.switch.simulated.ledger import SimulatedCall
from tongdai.switch.simulated.phones import SimulatedPhones
from tongdai.switch.simulated.recordings import SimulatedRecordings

DETECTION_S = (1.0, 1.8)
"""From handing a channel to the dialplan until it is back."""


class SimulatedAsterisk(SimulatedPhones):
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
        super().__init__(rng, clock, callee, phones, trunks, keep, sounds)
        self.modules = [*NEEDED_MODULES, RECORDINGS]
        """The modules that run; a test may take one away."""
        self.amd, self.unsure = amd, unsure
        self.recordings = SimulatedRecordings()
        self._refuses_until = 0.0
        self.starts = 1
        """How often it was started."""

    @property
    def refuses_connections(self) -> bool:
        """Whether connections are refused: the switch is unreachable."""
        return asyncio.get_running_loop().time() < self._refuses_until

    @property
    def _refuses_calls(self) -> bool:
        return self.refuses_connections

    def attach(self, app: str, connection: Connection) -> None:
        """Send the application's events to this connection from now on; the former one gets ApplicationReplaced."""
        before = self._connections.get(app)
        self._connections[app] = connection
        if before is not None and before is not connection:
            before.take(self._frame("ApplicationReplaced", app))

    def detach(self, app: str, connection: Connection) -> None:
        if self._connections.get(app) is connection:
            del self._connections[app]
            self._unwatch(app)

    def has_channel(self, channel_id: str) -> bool:
        return channel_id in self._channels

    def cut(self, for_s: float = 0.0) -> None:
        """Drop all connections, and refuse new ones for so long. Calls continue; their events are lost."""
        self._refuses_until = asyncio.get_running_loop().time() + for_s
        connections = list(self._connections.values())
        self._connections.clear()
        self._watched.clear()
        for connection in connections:
            connection.cut()

    def restart(self, for_s: float = 0.5) -> None:
        """Crash: connections, requests that have not arrived and calls are gone, without an event."""
        self.cut(for_s)
        self.starts += 1
        self.recordings.all_ended()
        for channel in self._channels.values():
            self._cancel_timers(channel)
            for timer in channel.playbacks.values():
                timer.cancel()
            if channel.snoops_on is None:
                self.ledger.ended(channel.call, self._clock.now(), 0)
            for timer in channel.keys:
                timer.cancel()
        self._channels.clear()
        self.accounts.clear()
        for phone in list(self._private):
            self._private_ended(phone)
        self._forget_bridges()

    def handle(self, method: str, uri: str, query: Mapping[str, str], body: object) -> Reply:
        """Do what is requested; its reply."""
        values = dict(query) | (cast("dict[str, Any]", body) if isinstance(body, dict) else {})
        kind, *rest = (unquote(part) for part in uri.split("/"))
        answer = {
            "channels": self._channel_request,
            "bridges": self._bridge_request,
            "playbacks": self._playback_request,
            "applications": self._application_request,
            "endpoints": self._endpoint_request,
            "asterisk": self._asterisk_request,
            "recordings": self._recording_request,
        }.get(kind)
        return UNKNOWN if answer is None else answer(method, rest, values)

    def _application_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case "POST", app, "subscription" if app in self._connections:
                return self._subscribe(app, *str(values["eventSource"]).split(":", 1))
            case "DELETE", app, "subscription" if app in self._connections:
                kind, name = str(values["eventSource"]).split(":", 1)
                if kind == "deviceState":
                    self._unwatch(app, name.removeprefix("PJSIP/"))
                return Reply(200, {"name": app})
            case "PUT", app, "eventFilter" if app in self._connections:
                return Reply(200, {"name": app})
            case _:
                return UNKNOWN

    def _subscribe(self, app: str, kind: str, name: str) -> Reply:
        if kind == "bridge" and name in self._bridges:
            self._subscribed[name] = app
        elif kind == "channel" and name in self._channels:
            self._channels[name].subscribed = True
        elif kind == "deviceState":
            self._watch(app, name.removeprefix("PJSIP/"))
        else:
            return Reply(422, {"message": "Event source does not exist"})
        return Reply(200, {"name": app})

    def _asterisk_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case _, "config", "dynamic", "res_pjsip", kind, name:
                return self._account_request(method, kind, name, values)
            case "GET", "info":
                system, status = {"version": __version__}, {"startup_time": f"start {self.starts}"}
                return Reply(200, {"system": system, "status": status})
            case "GET", "modules":
                return Reply(200, [{"name": name, "status": "Running"} for name in self.modules])
            case "GET", "modules", name if name in self.modules or (self.amd and name == "app_amd.so"):
                return Reply(200, {"name": name, "status": "Running"})
            case _:
                return UNKNOWN

    # Channels

    def _channel_request(self, method: str, rest: list[str], values: Mapping[str, Any]) -> Reply:
        match method, *rest:
            case ("POST",):
                return self._originate(values)
            case ("GET",):
                return Reply(200, [self._view(channel) for channel in self._channels.values()])
            case "GET", channel_id if channel_id in self._channels:
                return Reply(200, self._view(self._channels[channel_id]))
            case _, channel_id, *rest if channel_id in self._channels:
                return self._one_channel_request(method, self._channels[channel_id], rest, values)
            case _:
                return Reply(404, {"message": "Channel not found"})

    def _one_channel_request(
        self, method: str, channel: SimulatedChannel, rest: list[str], values: Mapping[str, Any]
    ) -> Reply:
        match method, *rest:
            case ("DELETE",):
                self._hang_up(channel, int(values.get("reason_code", 16)))
                return DONE
            case "POST", "play", playback_id:
                return self._play(channel, playback_id, *values["media"], from_ms=int(values.get("offsetms", 0)))
            case "POST", "snoop", snoop_id:
                return self._snoop(channel, snoop_id, values)
            case ("POST", "record"):
                return self._record(channel, str(values["name"]))
            case "POST", "continue":
                return self._run_extension(channel, str(values["context"]), str(values["label"]))
            case _:
                return self._inbound_request(method, channel, rest, values)

    def _snoop(self, channel: SimulatedChannel, snoop_id: str, values: Mapping[str, Any]) -> Reply:
        """A channel beside it, which ends with it. It is in no ledger: nobody is called."""
        if not channel.in_app:
            return NOT_OURS
        if snoop_id in self._channels:
            return Reply(500, {"message": "Snoop channel could not be created"})
        self._created += 1
        call = SimulatedCall(
            channel_id=snoop_id,
            to="",
            agent=True,
            app_args=(),
            caller_id="",
            plan=Plan(Response.ANSWERED),
            originated_at=self._clock.now(),
        )
        name = f"Snoop/{channel.channel_id}-{self._created:08x}"
        snoop = SimulatedChannel(call, str(values["app"]), name, "Up", subscribed=False, snoops_on=channel.channel_id)
        self._channels[snoop_id] = snoop
        self._enter_app(snoop, [part for part in str(values.get("appArgs", "")).split(",") if part])
        return Reply(200, self._view(snoop))

    def _record(self, channel: SimulatedChannel, name: str) -> Reply:
        return self.recordings.begin(channel.channel_id, name) if channel.in_app else NOT_OURS

    def _recording_request(self, method: str, rest: list[str], _values: Mapping[str, Any]) -> Reply:
        return self.recordings.handle(method, rest)

    def recorded_seconds(self, name: str) -> float | None:
        """The length of a recording that is over; None: there is none."""
        return self.recordings.stored.get(name)

    def _release(self, channel: SimulatedChannel) -> None:
        self.recordings.channel_ended(channel.channel_id)
        super()._release(channel)

    # Answering machine detection

    def _run_extension(self, channel: SimulatedChannel, context: str, label: str) -> Reply:
        """The dialplan has one extension: the one of docs/telephony.md that detects machines."""
        if (context, label) != (f"{channel.app}-amd", "detect") or not self.amd:
            return Reply(404, {"message": "Requested label can not be found"})
        if not channel.in_app:
            return NOT_OURS
        channel.in_app = False
        self._leave_bridge(channel)
        self._later(channel, self._rng.uniform(*DETECTION_S), self._detected)
        return DONE

    def _detected(self, channel: SimulatedChannel) -> None:
        if self._rng.random() < self.unsure:
            verdict = ("NOTSURE", "TOOLONG-1800")
        else:
            verdict = ("MACHINE", "LONGGREETING-1200-1200") if channel.call.plan.machine else ("HUMAN", "HUMAN-600-600")
        channel.call.verdict = verdict[0]
        self._enter_app(channel, (DETECTED, *verdict))
