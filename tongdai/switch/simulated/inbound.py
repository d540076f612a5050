"""Calls that come in to the simulated Asterisk: they ring until the application answers or refuses them.

    Ring → Up → (alone ⇄ in a bridge with others) → gone

A caller waits as long as their patience, alone or while it rings, and hangs up; in a bridge with somebody they talk for
as long as their course says. Without an application they are refused with 503, as by the guide's dialplan.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from tongdai.switch.events import INBOUND
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.bridges import DONE, NOT_OURS, UNKNOWN, SimulatedBridges
from tongdai.switch.simulated.callees import Plan, Response
from tongdai.switch.simulated.callers import Arrivals, KeyPress, Patience
from tongdai.switch.simulated.channels import SimulatedChannel
from tongdai.switch.simulated.ledger import SimulatedCaller

APP = "tongdai"
"""The application that the dialplan hands inbound calls to."""


class SimulatedInbound(SimulatedBridges):
    arrivals: Arrivals | None = None
    """Set by `arrive`."""
    _next_arrival: asyncio.TimerHandle | None = None

    def call_in(
        self,
        called: str,
        caller: str,
        *,
        trunk: str = "carrier",
        waits_s: float | None = None,
        talk_s: float | None = None,
        keys: tuple[tuple[float, str], ...] = (),
        replies: tuple[KeyPress, ...] = (),
        app: str = APP,
    ) -> SimulatedCaller:
        """Ring in; see Patience. Returns the ledger's record, which tells what happens to them."""
        now = self._clock.now()
        self._created += 1
        call = SimulatedCaller(
            channel_id=f"{now.timestamp():.0f}.{self._created}",  # Asterisk's own id, not of our choice
            to=called,
            agent=False,
            app_args=(INBOUND, called),
            caller_id=caller,
            plan=Plan(Response.ANSWERED),
            originated_at=now,
            course=Patience(waits_s=waits_s, talk_s=talk_s, keys=keys, replies=replies),
            trunk=trunk,
        )
        channel = SimulatedChannel(call, app, f"PJSIP/{trunk}-{self._created:08x}", "Ring", subscribed=False)
        self._channels[call.channel_id] = channel
        self.ledger.arrived(call)
        if app in self._connections:
            self._enter_app(channel, call.app_args)
            self._left_alone(channel)
        else:  # "Stasis app not active", and the dialplan goes on to Hangup(34)
            self._end(channel, 34)
        return call

    def arrive(self, arrivals: Arrivals) -> None:
        """Callers ring in at this rate from now on, also after a crash; in place of those before."""
        self.arrivals = arrivals
        self._schedule_arrival()

    def press(self, caller: SimulatedCaller, keys: str) -> None:
        """The caller presses keys now."""
        for key in keys:
            self._pressed(self._channels[caller.channel_id], key)

    def leave(self, caller: SimulatedCaller) -> None:
        """The caller hangs up now, if they have not."""
        if caller.ended_at is None:
            self._hung_up_by_caller(self._channels[caller.channel_id])

    def _schedule_arrival(self) -> None:
        if self._next_arrival is not None:
            self._next_arrival.cancel()
        after_s = None if self.arrivals is None else self.arrivals.next_after_s(self._rng)
        loop = asyncio.get_running_loop()
        self._next_arrival = None if after_s is None else loop.call_later(after_s, self._arrival)

    def _arrival(self) -> None:
        assert self.arrivals is not None
        ringing = None if self._refuses_calls else self.arrivals.ring(self._rng)
        if ringing is not None:
            called, caller, course = ringing
            self.call_in(
                *(called, caller),
                trunk=self.arrivals.trunk,
                waits_s=course.waits_s,
                talk_s=course.talk_s,
                keys=course.keys,
                replies=course.replies,
            )
        self._schedule_arrival()

    @property
    @abstractmethod
    def _refuses_calls(self) -> bool:
        """It is down."""

    # Requests

    def _inbound_request(
        self, method: str, channel: SimulatedChannel, rest: list[str], values: Mapping[str, Any]
    ) -> Reply:
        """Do what may be asked of any channel in the application."""
        if not channel.in_app:
            return NOT_OURS
        if rest == ["variable"]:
            return self._variable_request(method, channel, values)
        match method, *rest:
            case ("POST", "answer"):
                self._pick_up(channel)
            case ("POST" | "DELETE", "moh"):
                self._music(channel, on=method == "POST")
            case ("POST" | "DELETE", "hold"):
                channel.held = method == "POST"
            case ("POST" | "DELETE", "mute"):
                self._mute(channel, str(values.get("direction", "both")), on=method == "POST")
            case ("POST", "dtmf"):
                channel.call.heard_keys += str(values["dtmf"])
            case ("POST" | "DELETE", "ring"):
                pass
            case _:
                return UNKNOWN
        return DONE

    @staticmethod
    def _mute(channel: SimulatedChannel, direction: str, *, on: bool) -> None:
        directions = {"in", "out"} if direction == "both" else {direction}
        channel.muted = channel.muted | directions if on else channel.muted - directions

    @staticmethod
    def _variable_request(method: str, channel: SimulatedChannel, values: Mapping[str, Any]) -> Reply:
        name = str(values["variable"])
        if method == "POST":
            channel.variables[name] = str(values["value"])
            return DONE
        if name not in channel.variables:
            return Reply(404, {"message": "Provided variable was not found"})
        return Reply(200, {"value": channel.variables[name]})

    def _pick_up(self, channel: SimulatedChannel) -> None:
        if channel.state != "Ring":
            if channel.playbacks:
                self.ledger.violation(channel.call, "answered again while a sound plays, which blocks the connection")
            return
        channel.state = "Up"
        self.ledger.answered(channel.call, self._clock.now(), heard=channel.app in self._connections)
        self._send_event(channel, "ChannelStateChange")
        assert isinstance(channel.call, SimulatedCaller)
        for after_s, key in channel.call.course.keys:
            loop = asyncio.get_running_loop()
            channel.keys.append(loop.call_later(after_s, self._pressed, channel, key))

    def _pressed(self, channel: SimulatedChannel, key: str) -> None:
        assert isinstance(channel.call, SimulatedCaller)
        channel.call.keys += key
        self._send_event(channel, "ChannelDtmfReceived", digit=key, duration_ms=100)

    def _hears(self, channel: SimulatedChannel, sounds: Sequence[str]) -> None:
        assert isinstance(channel.call, SimulatedCaller)
        for reply in channel.call.course.replies:
            if any(reply.heard.match(sound) for sound in sounds):
                channel.keys.append(
                    asyncio.get_running_loop().call_later(reply.after_s, self._replied, channel, reply.key)
                )
                return

    def _replied(self, channel: SimulatedChannel, key: str) -> None:
        if not channel.talking:
            self._pressed(channel, key)

    # Patience

    def _talking(self, channel: SimulatedChannel) -> None:
        if isinstance(channel.call, SimulatedCaller) and not channel.talking:
            channel.talking = True
            self._wait_for(channel, channel.call.course.talk_s)

    def _left_alone(self, channel: SimulatedChannel) -> None:
        if isinstance(channel.call, SimulatedCaller):
            channel.talking = False
            self._wait_for(channel, channel.call.course.waits_s)

    def _wait_for(self, channel: SimulatedChannel, seconds: float | None) -> None:
        """Hang up after so long, unless something happens before."""
        self._cancel_timers(channel)
        if seconds is not None and channel.channel_id in self._channels:
            self._later(channel, seconds, self._hung_up_by_caller)

    def _hung_up_by_caller(self, channel: SimulatedChannel) -> None:
        assert isinstance(channel.call, SimulatedCaller)
        channel.call.ended_by = "caller"
        if channel.state == "Ring":  # CANCEL
            self._end(channel, 127, tech_cause=487)
        else:
            self._hung_up_by_callee(channel)
