"""Channels: placed, answered, hung up, listed; their variables, and what the application hears of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from tongdai.call_outcome import Refusal
from tongdai.switch.commands.names import ARGUMENT, ENDPOINT, NAME, VARIABLE, caller_id_of, checked
from tongdai.switch.commands.requests import expect, good, message, path, unless_gone
from tongdai.switch.events import endpoint_in
from tongdai.switch.interface import Ari, SwitchRefused


@dataclass(frozen=True, slots=True)
class Placed:
    """The switch dials; the channel's events tell the rest."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was dialled. `message` is the switch's: printable, at most 200 characters."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A channel of this id exists already: it may be ringing."""


Originated = Placed | Refused | Duplicate


async def originate(
    ari: Ari,
    channel_id: str,
    endpoint: str,
    app: str,
    app_args: Sequence[str] = (),
    caller_id: str | None = None,
    timeout_s: int = 30,
    variables: Mapping[str, str] | None = None,
) -> Originated:
    """Call `endpoint`, for as long as `timeout_s`; `app` has the channel once it answers.

    After SwitchUnreachable the call may be ringing or may still begin: never originate again for the same purpose; list
    the channels. `channel_id` must be new: Asterisk 22 does not recover from a duplicate until it is killed.
    """
    body: dict[str, object] = {
        "channelId": channel_id,
        "endpoint": checked(ENDPOINT, endpoint, "an endpoint"),
        "app": checked(NAME, app, "an application"),
        "appArgs": ",".join(checked(ARGUMENT, arg, "an argument") for arg in app_args),
        "timeout": timeout_s,
    }
    if caller_id is not None:
        body["callerId"] = caller_id_of(caller_id)
    if variables:
        body["variables"] = {
            checked(VARIABLE, name, "a variable"): checked(ARGUMENT, value, "a value")
            for name, value in variables.items()
        }
    reply = await ari.request("POST", "channels", body=body)
    if reply.status == 409:
        return Duplicate()
    return Placed() if good(reply) else Refused(reply.status, message(reply))


async def hang_up(ari: Ari, channel_id: str, reason_code: int = 16) -> bool:
    """False when there is no such channel (any more). `reason_code` is Q.850."""
    return await unless_gone(ari, "DELETE", path("channels", channel_id), {"reason_code": str(reason_code)})


async def refuse(ari: Ari, channel_id: str, why: Refusal) -> bool:
    """Refuse an inbound channel that is not answered. False when it is gone."""
    return await hang_up(ari, channel_id, why)


async def answer(ari: Ari, channel_id: str) -> bool:
    """Answer an inbound channel for the first time. False when it is gone: the caller cancelled."""
    return await unless_gone(ari, "POST", path("channels", channel_id, "answer"))


async def ensure_answered(ari: Ari, channel_id: str) -> bool:
    """Answer an inbound channel unless it is up: an earlier request may have been lost. False when it is gone.

    While a sound plays, Asterisk would take the request at its end, and no other of this connection before.
    """
    found = await channel(ari, channel_id)
    if found is None:
        return False
    return found.state == "Up" or await answer(ari, channel_id)


Spied = Literal["in", "out", "both", "none"]
"""`in`: what the channel says; `out`: what it hears."""


async def snoop(
    ari: Ari, channel_id: str, snoop_id: str, app: str, app_args: Sequence[str] = (), *, spy: Spied, whisper: Spied
) -> bool:
    """A second channel, which hears what the first says or hears (`spy`), and speaks to it (`whisper`, `out`) or as it
    (`in`). `app` gets its StasisStart, and its end only when it subscribes to it. It ends with the first; hanging it up
    leaves the first alone.

    False when the channel to listen to is gone, or not ours.
    """
    query = {
        "spy": spy,
        "whisper": whisper,
        "app": checked(NAME, app, "an application"),
        "appArgs": ",".join(checked(ARGUMENT, arg, "an argument") for arg in app_args),
    }
    return await unless_gone(ari, "POST", path("channels", channel_id, "snoop", snoop_id), query)


async def set_variable(ari: Ari, channel_id: str, name: str, value: str) -> bool:
    """Set a channel variable. Functions of the dialplan, which could run commands, are no variables. False when the
    channel is gone, or not ours."""
    query = {"variable": checked(VARIABLE, name, "a variable"), "value": checked(ARGUMENT, value, "a value")}
    return await unless_gone(ari, "POST", path("channels", channel_id, "variable"), query)


async def variable(ari: Ari, channel_id: str, name: str) -> str | None:
    """None: it is not set, or there is no such channel."""
    query = {"variable": checked(VARIABLE, name, "a variable")}
    reply = await ari.request("GET", path("channels", channel_id, "variable"), query)
    if reply.status in {404, 409}:
        return None
    body: object = expect(reply).body
    value = cast("dict[str, Any]", body).get("value") if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


async def subscribe_to_channel(ari: Ari, app: str, channel_id: str) -> bool:
    """Have ChannelDestroyed and the other events of a channel sent that the application did not originate, also when it
    has left. To do at its StasisStart. False when it is gone already, without an event."""
    query = {"eventSource": f"channel:{channel_id}"}
    reply = await ari.request("POST", path("applications", app, "subscription"), query)
    if reply.status == 422:
        return False
    expect(reply)
    return True


async def run_extension(ari: Ari, channel_id: str, context: str, label: str) -> bool:
    """Hand an answered channel to the dialplan, at a label of the context's extension `s`; StasisStart tells that it is
    back. False: there is no such label, or no such answered channel, and nothing happened."""
    query = {
        "context": checked(NAME, context, "a context"),
        "extension": "s",
        "label": checked(NAME, label, "a label"),
    }
    return await unless_gone(ari, "POST", path("channels", channel_id, "continue"), query)


@dataclass(frozen=True, slots=True)
class Channel:
    channel_id: str
    name: str
    """The technology's name, as `PJSIP/trunk-0000001a`."""
    state: str
    """`Down`, `Ring` (inbound, not answered), `Ringing`, `Up`, …"""
    caller: str = ""
    """The number of the far end."""
    called: str = ""
    """The number that an inbound channel dialled; the extension of another one."""
    app: str = ""
    """The application that the dialplan has handed the channel to."""
    args: tuple[str, ...] = ()
    """The arguments of its StasisStart."""

    @property
    def endpoint(self) -> str:
        """The trunk or phone."""
        return endpoint_in(self.name)


async def channels(ari: Ari) -> list[Channel]:
    """All channels of the switch, whatever their application."""
    reply = expect(await ari.request("GET", "channels"))
    if not isinstance(reply.body, list):
        raise SwitchRefused(reply.status, "unreadable listing")
    read = [_channel(item) for item in cast("list[object]", reply.body)]
    if None in read:  # to leave one out would end an active call
        raise SwitchRefused(reply.status, "unreadable listing")
    return [channel for channel in read if channel is not None]


async def channel(ari: Ari, channel_id: str) -> Channel | None:
    reply = await ari.request("GET", path("channels", channel_id))
    if reply.status == 404:
        return None
    read = _channel(expect(reply).body)
    if read is None:
        raise SwitchRefused(reply.status, "unreadable channel")
    return read


def _channel(item: object) -> Channel | None:
    if not isinstance(item, dict):
        return None
    values = cast("dict[str, Any]", item)
    channel_id, name, state = (values.get(name, "") for name in ("id", "name", "state"))
    if not isinstance(channel_id, str) or not channel_id or not isinstance(name, str) or not isinstance(state, str):
        return None
    in_app = _text_in(values, "dialplan", "app_name") == "Stasis"
    app, *args = _text_in(values, "dialplan", "app_data").split(",") if in_app else [""]
    caller, called = _text_in(values, "caller", "number"), _text_in(values, "dialplan", "exten")
    return Channel(channel_id, name, state, caller, called, app, tuple(args))


def _text_in(values: Mapping[str, Any], name: str, field: str) -> str:
    part: object = values.get(name)
    found = cast("dict[str, Any]", part).get(field) if isinstance(part, dict) else None
    return found if isinstance(found, str) else ""
