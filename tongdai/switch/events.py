"""The events of Asterisk that Tongdai subscribes to: `TYPES`, no other. `at` is Asterisk's clock, in UTC.

Events may come late, twice, out of order or not at all; what one says of a channel is never taken back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Connected:
    """Events are delivered from here on; earlier ones were not: list the channels."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Calls continue and their events are lost; nothing may be dialled until the next Connected."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another process has taken the application over. This one gets no more events and must never dial again."""


INBOUND = "inbound"
"""First of StasisStart's `args` when the dialplan hands over a call from a carrier; the called number follows, as the
carrier sent it."""
AGENT = "agent"
"""First of StasisStart's `args` of an agent's phone that answered."""
PARTY = "party"
"""Likewise of a leg that was called for one call: of a number, or a phone."""
DETECTED = "amd"
"""First of StasisStart's `args` when the dialplan hands a channel back; AMDSTATUS and AMDCAUSE follow."""


@dataclass(frozen=True, slots=True)
class StasisStart:
    """The channel is ours to command: it was answered (`args` of the originate), came in, or came back from the
    dialplan. So is one that snoops on another."""

    channel_id: str
    args: tuple[str, ...]
    at: datetime
    name: str = ""
    """The technology's name, as `PJSIP/trunk-0000001a`."""
    state: str = ""
    """`Ring`: it came in, and is not answered."""
    caller: str = ""
    """The number of the far end, as the carrier sent it; empty where it is withheld."""
    replaces: str | None = None
    """The channel in whose place Asterisk puts this one, after a transfer of its own."""

    @property
    def endpoint(self) -> str:
        """The trunk that it came from, or the phone."""
        return endpoint_in(self.name)


@dataclass(frozen=True, slots=True)
class ChannelStateChange:
    channel_id: str
    state: str
    """`Down`, `Ringing`, `Up`, …"""
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelDestroyed:
    """The end of the channel."""

    channel_id: str
    cause: int
    """Q.850; 0 where the far end gave none. 16 does not mean that it was answered."""
    tech_cause: int | None
    """The SIP status of a call that failed; None for one that did not, and before Asterisk 22."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest:
    """Somebody hung up: whoever is called, or we. The channel ends, and what it plays fails."""

    channel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dial:
    """Progress of a call that is being placed. The status alone does not tell an outcome: 404 and 603 say NOANSWER."""

    channel_id: str
    status: str
    """Empty at first, then `RINGING`, `ANSWER`, `BUSY`, `NOANSWER`, `CONGESTION`, …"""
    at: datetime


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    playback_id: str
    channel_id: str | None
    """None when it was played to a bridge."""
    done: bool
    """False: it could not be played, as a sound that does not exist, or the call ended before its end."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived:
    """A key that was pressed, once it is released."""

    channel_id: str
    digit: str
    """0-9, A-D, `*` or `#`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelHold:
    """The phone put its far end on hold."""

    channel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelUnhold:
    channel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceStateChanged:
    """A phone became free, busy or unreachable, by any call, whoever placed it."""

    phone: str
    """The name of its endpoint."""
    state: str
    """`NOT_INUSE`, `RINGING`, `INUSE`, `ONHOLD`, …; `UNAVAILABLE`: it is not registered; `INVALID`: there is none."""
    at: datetime


ChannelEvent = (
    StasisStart
    | ChannelStateChange
    | ChannelHangupRequest
    | ChannelDestroyed
    | Dial
    | PlaybackFinished
    | ChannelDtmfReceived
    | ChannelHold
    | ChannelUnhold
)
Event = Connected | Disconnected | Replaced | ChannelEvent | DeviceStateChanged
Frame = Mapping[str, Any]


def endpoint_in(name: str) -> str:
    """`carrier` of the channel name `PJSIP/carrier-0000001a`; empty for one of another technology."""
    technology, _, rest = name.partition("/")
    return rest.rpartition("-")[0] if technology == "PJSIP" else ""


def parse(frame: object) -> Event | None:
    """The event of a decoded JSON frame; None for one that is not known, incomplete or not an event at all."""
    if not isinstance(frame, dict):
        return None
    event = cast("dict[str, Any]", frame)
    kind = event.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        return None
    try:
        return read(event)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _text(holder: Any, name: str) -> str:
    value = holder[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _text_or_empty(holder: Frame, name: str) -> str:
    return _text(holder, name) if name in holder else ""


def _number(holder: Frame, name: str) -> int:
    value = holder[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value


def _number_or_none(holder: Frame, name: str) -> int | None:
    return None if holder.get(name) is None else _number(holder, name)


def _at(event: Frame) -> datetime:
    at = datetime.fromisoformat(_text(event, "timestamp"))
    if at.tzinfo is None:
        raise ValueError("a timestamp without its offset")
    return at.astimezone(UTC)


def _channel_id(event: Frame) -> str:
    return _text(event["channel"], "id")


def _stasis_start(event: Frame) -> Event:
    args = event["args"]
    if not isinstance(args, list):
        raise TypeError("args")
    texts = tuple(str(arg) for arg in cast("list[object]", args))
    channel: Frame = event["channel"]
    replaced = event.get("replace_channel")
    return StasisStart(
        _channel_id(event),
        texts,
        _at(event),
        _text_or_empty(channel, "name"),
        _text_or_empty(channel, "state"),
        _text_or_empty(channel.get("caller", {}), "number"),
        None if replaced is None else _text(replaced, "id"),
    )


def _playback_finished(event: Frame) -> Event:
    playback = event["playback"]
    kind, _, target = _text(playback, "target_uri").partition(":")
    return PlaybackFinished(
        _text(playback, "id"), target if kind == "channel" else None, _text(playback, "state") == "done", _at(event)
    )


def _device_state_changed(event: Frame) -> Event:
    device = event["device_state"]
    technology, _, phone = _text(device, "name").partition("/")
    if technology != "PJSIP":
        raise ValueError("a device of another technology")
    return DeviceStateChanged(phone, _text(device, "state"), _at(event))


_READERS: Mapping[str, Callable[[Frame], Event]] = {
    "ApplicationReplaced": lambda _: Replaced(),
    "StasisStart": _stasis_start,
    "ChannelStateChange": lambda e: ChannelStateChange(_channel_id(e), _text(e["channel"], "state"), _at(e)),
    "ChannelHangupRequest": lambda e: ChannelHangupRequest(_channel_id(e), _at(e)),
    "ChannelDestroyed": lambda e: ChannelDestroyed(
        _channel_id(e), _number(e, "cause"), _number_or_none(e, "tech_cause"), _at(e)
    ),
    "Dial": lambda e: Dial(_text(e["peer"], "id"), _text(e, "dialstatus"), _at(e)),
    "PlaybackFinished": _playback_finished,
    "ChannelDtmfReceived": lambda e: ChannelDtmfReceived(_channel_id(e), _text(e, "digit"), _at(e)),
    "ChannelHold": lambda e: ChannelHold(_channel_id(e), _at(e)),
    "ChannelUnhold": lambda e: ChannelUnhold(_channel_id(e), _at(e)),
    "DeviceStateChanged": _device_state_changed,
}
TYPES = tuple(_READERS)
"""The types that `parse` knows; Asterisk is asked for no other."""
