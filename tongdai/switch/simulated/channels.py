"""The channels of the simulated Asterisk: dialled, ringing, answered and ended by timers of the running event loop.

    Down → Ringing → Up → (in the application ⇄ in the dialplan) → gone

A channel's plan is drawn from its callee when it is originated. It sends the frames that Asterisk 22 sends to an
application that allows `tongdai.switch.events.TYPES` alone, in the order measured on a real one (tests/live).
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from tongdai.clock import Clock
from tongdai.switch.events import PARTY
from tongdai.switch.interface import Reply
from tongdai.switch.simulated.callees import Callee, Callees, Response, any_phone
from tongdai.switch.simulated.ledger import Ledger, SimulatedCall

Frame = dict[str, Any]

_ENDPOINT = re.compile(r"PJSIP/(?:(?P<digits>[0-9]+)@(?P<trunk>[\w-]+)|(?P<phone>[\w-]+))", re.ASCII)
_REFUSED = {
    Response.BUSY: ("BUSY", 17, 486),
    Response.UNALLOCATED: ("NOANSWER", 1, 404),
    Response.REJECTED: ("NOANSWER", 21, 603),
    Response.CONGESTION: ("CONGESTION", 34, 503),
    Response.DEAD: ("NOANSWER", 18, 408),
}
"""Status of the last Dial event, Q.850 cause, SIP status."""

STATUS_OF_CAUSE = {
    1: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 27: 502, 28: 484, 34: 503, 38: 500, 58: 488,
    127: 500,
}  # fmt: skip
"""SIP status with which an inbound call is refused, by Q.850 cause; for others it is 603, which no event tells."""


class Connection(Protocol):
    """An application's connection to the switch."""

    def take(self, frame: Frame) -> None: ...

    def cut(self) -> None:
        """The connection is lost, from this instant."""
        ...


@dataclass(slots=True, eq=False)
class SimulatedChannel:
    call: SimulatedCall
    app: str
    name: str
    state: str = "Down"
    subscribed: bool = True
    """The application gets ChannelDestroyed: it originated the channel, or asked for that."""
    in_app: bool = False
    music_since: float | None = None
    """Since when it hears music on hold, by the loop's time."""
    held: bool = False
    muted: set[str] = field(default_factory=set[str])
    variables: dict[str, str] = field(default_factory=dict[str, str])
    snoops_on: str | None = None
    """The channel that it is a listener of."""
    talking: bool = False
    """A caller who is in a bridge with somebody."""
    bridge_id: str | None = None
    playbacks: dict[str, asyncio.TimerHandle] = field(default_factory=dict[str, asyncio.TimerHandle])
    timers: list[asyncio.TimerHandle] = field(default_factory=list[asyncio.TimerHandle])
    keys: list[asyncio.TimerHandle] = field(default_factory=list[asyncio.TimerHandle])
    """The keys that will be pressed."""

    @property
    def channel_id(self) -> str:
        return self.call.channel_id

    @property
    def phone(self) -> str | None:
        """The agent's phone that it is a channel of."""
        return self.call.to if self.call.agent and self.snoops_on is None else None


class SimulatedChannels(ABC):
    """Base of `SimulatedAsterisk`, which adds bridges, sounds and the requests of ARI."""

    def __init__(
        self,
        rng: Random,
        clock: Clock,
        callee: Callee | None,
        phones: Mapping[str, Callee] | None,
        trunks: Sequence[str] | None,
        keep: int | None,
    ) -> None:
        self.ledger = Ledger(keep)
        self.callee: Callee = callee or Callees()
        """The callees of every dialled number; may be replaced at any time."""
        self.phones: dict[str, Callee] = dict(phones or {})
        """The callees of agents' phones, by name; may be replaced at any time."""
        self._any_phone = any_phone if phones is None else None
        self._trunks = None if trunks is None else frozenset(trunks)
        self._rng, self._clock = rng, clock
        self._connections: dict[str, Connection] = {}
        """By application."""
        self._channels: dict[str, SimulatedChannel] = {}
        self._created: int = 0

    # Originate

    def _originate(self, values: Mapping[str, Any]) -> Reply:
        dialled = _ENDPOINT.fullmatch(str(values.get("endpoint")))
        channel_id = str(values["channelId"])
        if channel_id in self._channels:
            return Reply(409, {"message": f"Channel with ID {channel_id} already exists"})
        callee = None if dialled is None else self._callee_of(dialled)
        if dialled is None or callee is None:
            return Reply(500, {"error": "Allocation failed"})
        channel = self._new_channel(channel_id, dialled, callee, values)
        self._dial(channel, float(values.get("timeout", 30)))
        return Reply(200, self._view(channel))

    def _callee_of(self, dialled: re.Match[str]) -> Callee | None:
        if dialled["phone"] is not None:
            return self._callee_of_phone(dialled["phone"])
        return self.callee if self._trunks is None or dialled["trunk"] in self._trunks else None

    def _callee_of_phone(self, name: str) -> Callee | None:
        """None: it cannot be called."""
        return self.phones.get(name, self._any_phone)

    @abstractmethod
    def _phone_changed(self, name: str) -> None:
        """Tell the state of a phone to whoever wants to know."""

    def _new_channel(
        self, channel_id: str, dialled: re.Match[str], callee: Callee, values: Mapping[str, Any]
    ) -> SimulatedChannel:
        to, now = dialled["digits"] or dialled["phone"], self._clock.now()
        args = tuple(part for part in str(values.get("appArgs", "")).split(",") if part)
        call = SimulatedCall(
            channel_id=channel_id,
            to=to,
            agent=dialled["phone"] is not None or args[:1] == (PARTY,),
            app_args=args,
            caller_id=str(values.get("callerId", "")),
            plan=callee(to, now, self._rng),
            originated_at=now,
        )
        self._created += 1
        channel = SimulatedChannel(call, str(values["app"]), f"PJSIP/{dialled['trunk'] or to}-{self._created:08x}")
        self._channels[channel_id] = channel
        self.ledger.originated(call)
        return channel

    def _dial(self, channel: SimulatedChannel, timeout_s: float) -> None:
        plan = channel.call.plan
        self._send_dial(channel, "")
        if plan.response in {Response.ANSWERED, Response.NO_ANSWER, Response.REJECTED}:
            self._later(channel, min(self._rng.uniform(0.01, 0.5), plan.after_s or 0.5), self._ring)
        if plan.response is Response.ANSWERED:
            self._later(channel, plan.after_s, self._answer)
        elif plan.response is not Response.NO_ANSWER:
            self._later(channel, plan.after_s, self._refuse)
        self._later(channel, timeout_s, self._time_out)

    def _ring(self, channel: SimulatedChannel) -> None:
        channel.state = "Ringing"
        events = [lambda: self._send_dial(channel, "RINGING"), lambda: self._send_event(channel, "ChannelStateChange")]
        self._rng.shuffle(events)  # a real switch sends either first
        for send in events:
            send()
        self._changed(channel)

    def _changed(self, channel: SimulatedChannel) -> None:
        if channel.phone is not None:
            self._phone_changed(channel.phone)

    def _answer(self, channel: SimulatedChannel) -> None:
        self._cancel_timers(channel)
        channel.state = "Up"
        heard = channel.app in self._connections
        self.ledger.answered(channel.call, self._clock.now(), heard=heard)
        self._send_event(channel, "ChannelStateChange")
        self._send_dial(channel, "ANSWER")
        self._changed(channel)
        if not heard:  # "Stasis app not active"
            self._end(channel, 16)
            return
        self._enter_app(channel, channel.call.app_args)
        if channel.call.plan.talk_s is not None:
            self._later(channel, channel.call.plan.talk_s, self._hung_up_by_callee)

    def _refuse(self, channel: SimulatedChannel) -> None:
        status, cause, sip = _REFUSED[channel.call.plan.response]
        self._send_dial(channel, status)
        self._end(channel, cause, tech_cause=sip)

    def _time_out(self, channel: SimulatedChannel) -> None:
        self._end(channel, 19, tech_cause=480)

    def _enter_app(self, channel: SimulatedChannel, args: Sequence[str]) -> None:
        channel.in_app = True
        self._send_event(channel, "StasisStart", args=list(args))

    # Ends

    def _hung_up_by_callee(self, channel: SimulatedChannel) -> None:
        self._end(channel, self._rng.choice((0, 16)))  # some carriers give a cause, others none

    def _hang_up(self, channel: SimulatedChannel, cause: int) -> None:
        channel.call.hung_up_by_us = True
        if channel.state == "Ring" and cause in STATUS_OF_CAUSE:
            self._end(channel, cause, tech_cause=STATUS_OF_CAUSE[cause])
            return
        if channel.state not in {"Up", "Ring"}:
            self._send_dial(channel, "NOANSWER")
        self._end(channel, cause)

    def _end(self, channel: SimulatedChannel, cause: int, **more: int) -> None:
        self._cancel_timers(channel)
        if channel.state == "Up":
            self._send_event(channel, "ChannelHangupRequest")
        self._release(channel)
        for snoop in [one for one in self._channels.values() if one.snoops_on == channel.channel_id]:
            self._end(snoop, 16)
        self._cancel_timers(channel)  # what it left may have begun some
        for timer in channel.keys:
            timer.cancel()
        del self._channels[channel.channel_id]
        if channel.snoops_on is None:
            self.ledger.ended(channel.call, self._clock.now(), cause)
        self._changed(channel)
        if channel.subscribed:
            self._send_event(channel, "ChannelDestroyed", cause=cause, cause_txt="", **more)

    @abstractmethod
    def _release(self, channel: SimulatedChannel) -> None:
        """Stop what the channel plays and take it out of its bridge, before it ends."""

    # Timers and events

    def _later(self, channel: SimulatedChannel, after_s: float, fn: Callable[[SimulatedChannel], None]) -> None:
        channel.timers.append(asyncio.get_running_loop().call_later(after_s, fn, channel))

    def _cancel_timers(self, channel: SimulatedChannel) -> None:
        for timer in channel.timers:
            timer.cancel()
        channel.timers.clear()

    def _send_event(self, channel: SimulatedChannel, kind: str, **values: Any) -> None:
        self._send(channel.app, self._frame(kind, channel.app, channel=self._view(channel), **values))

    def _send_dial(self, channel: SimulatedChannel, status: str) -> None:
        self._send(channel.app, self._frame("Dial", channel.app, peer=self._view(channel), dialstatus=status))

    def _send(self, app: str, frame: Frame) -> None:
        connection = self._connections.get(app)
        if connection is not None:
            connection.take(frame)

    def _frame(self, kind: str, app: str, **values: Any) -> Frame:
        now = self._clock.now()
        timestamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000"
        return {"type": kind, "application": app, "timestamp": timestamp, **values}

    def _view(self, channel: SimulatedChannel) -> Frame:
        return {
            "id": channel.channel_id,
            "name": channel.name,
            "state": channel.state,
            "caller": {"name": "", "number": channel.call.caller_number},
            "connected": {"name": "", "number": ""},
            "dialplan": {
                "context": "",
                "exten": channel.call.extension,
                "priority": 1,
                "app_name": "Stasis",
                "app_data": ",".join((channel.app, *channel.call.app_args)),
            },
        }
