"""The requests that Tongdai makes of the switch. All raise SwitchUnreachable; SwitchRefused unless a docstring says
otherwise.

Numbers, trunks and names become part of what Asterisk dials and executes. This is the one place where anything that is
not plainly one of them is refused, with ValueError.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from tongdai.switch.events import TYPES
from tongdai.switch.interface import Ari, Reply, SwitchRefused
from tongdai.text import CALLER_ID, SWITCH_NAME

_DIGITS = re.compile(r"[1-9][0-9]{5,14}")
_NAME = re.compile(SWITCH_NAME)
_CALLER = re.compile(CALLER_ID)
_ENDPOINT = re.compile(rf"PJSIP/(?:{_DIGITS.pattern}@)?{_NAME.pattern}")
_ARGUMENT = re.compile(r"[A-Za-z0-9_.:/+-]*")
_SOUND = re.compile(r"/?[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))  # what is shown of a text of the switch


def endpoint_of(digits: str, trunk: str) -> str:
    """`PJSIP/84901234567@trunk` of an E.164 number without its plus."""
    return f"PJSIP/{_checked(_DIGITS, digits, 'a number to dial')}@{_checked(_NAME, trunk, 'a trunk')}"


def agent_endpoint_of(name: str) -> str:
    """`PJSIP/agent1` of an agent's phone."""
    return f"PJSIP/{_checked(_NAME, name, 'an endpoint')}"


def caller_id_of(number: str) -> str:
    """The number shown to the callee: 3 to 15 digits, with or without a plus."""
    return _checked(_CALLER, number, "a caller id")


def sound_of(path: str) -> str:
    """`sound:greeting`; an absolute path has no suffix. No `..`, no list."""
    return f"sound:{_checked(_SOUND, path, 'a sound')}"


def _checked(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"not {what}")  # without the text: it may be somebody's number
    return text


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
) -> Originated:
    """Call `endpoint`, for as long as `timeout_s`; `app` has the channel once it answers.

    After SwitchUnreachable the call may be ringing or may still begin: never originate again for the same purpose; list
    the channels. `channel_id` must be new: Asterisk 22 does not recover from a duplicate until it is killed.
    """
    body = {
        "channelId": channel_id,
        "endpoint": _checked(_ENDPOINT, endpoint, "an endpoint"),
        "app": _checked(_NAME, app, "an application"),
        "appArgs": ",".join(_checked(_ARGUMENT, arg, "an argument") for arg in app_args),
        "timeout": timeout_s,
    }
    if caller_id is not None:
        body["callerId"] = caller_id_of(caller_id)
    reply = await ari.request("POST", "channels", body=body)
    if reply.status == 409:
        return Duplicate()
    return Placed() if _good(reply) else Refused(reply.status, _message(reply))


async def hang_up(ari: Ari, channel_id: str, reason_code: int = 16) -> bool:
    """False when there is no such channel (any more). `reason_code` is Q.850."""
    return await _unless_gone(ari, "DELETE", _path("channels", channel_id), {"reason_code": str(reason_code)})


async def play(ari: Ari, channel_id: str, playback_id: str, sound: str) -> bool:
    """Play a sound; PlaybackFinished tells its end, with `done` false where it does not exist.

    False when there is no such channel, or it is not answered.
    """
    path = _path("channels", channel_id, "play", playback_id)
    return await _unless_gone(ari, "POST", path, body={"media": [sound_of(sound)]})


async def play_to_bridge(ari: Ari, bridge_id: str, playback_id: str, sound: str) -> bool:
    """Likewise to whoever is in a bridge, which may be nobody. False when there is no such bridge."""
    path = _path("bridges", bridge_id, "play", playback_id)
    return await _unless_gone(ari, "POST", path, body={"media": [sound_of(sound)]})


async def stop_playing(ari: Ari, playback_id: str) -> bool:
    """False when that playback is over, or never began."""
    return await _unless_gone(ari, "DELETE", _path("playbacks", playback_id))


async def playing(ari: Ari, playback_id: str) -> bool:
    """False when that playback is over, or never began."""
    reply = await ari.request("GET", _path("playbacks", playback_id))
    if reply.status == 404:
        return False
    _expect(reply)
    return True


async def run_extension(ari: Ari, channel_id: str, context: str, label: str) -> bool:
    """Hand an answered channel to the dialplan, at a label of the context's extension `s`; StasisStart tells that it is
    back. False: there is no such label, or no such answered channel, and nothing happened."""
    query = {
        "context": _checked(_NAME, context, "a context"),
        "extension": "s",
        "label": _checked(_NAME, label, "a label"),
    }
    return await _unless_gone(ari, "POST", _path("channels", channel_id, "continue"), query)


async def module_running(ari: Ari, module: str) -> bool:
    reply = await ari.request("GET", _path("asterisk", "modules", module))
    if reply.status == 404:
        return False
    body: object = _expect(reply).body
    return isinstance(body, dict) and cast("dict[str, Any]", body).get("status") == "Running"


async def version(ari: Ari) -> str:
    """The version that the switch says it has, at most 64 printable characters."""
    body: object = _expect(await ari.request("GET", _path("asterisk", "info"), {"only": "system"})).body
    system = cast("dict[str, Any]", body).get("system") if isinstance(body, dict) else None
    text = cast("dict[str, Any]", system).get("version") if isinstance(system, dict) else None
    if not isinstance(text, str) or not text:
        raise SwitchRefused(200, "unreadable version")
    return _printable(text[:64])


NEEDED_MODULES = (
    *("chan_pjsip.so", "res_pjsip_session.so", "app_stasis.so"),
    *("res_ari_applications.so", "res_ari_bridges.so", "res_ari_channels.so", "res_ari_playbacks.so"),
)
"""Without one of these no call can be placed or heard."""


async def require_modules(ari: Ari) -> None:
    """SwitchRefused names those of NEEDED_MODULES that do not run."""
    reply = await ari.request("GET", _path("asterisk", "modules"))
    if reply.status == 404:
        raise SwitchRefused(404, "module res_ari_asterisk.so is not running")
    listed: object = _expect(reply).body
    if not isinstance(listed, list):
        raise SwitchRefused(reply.status, "unreadable listing of modules")
    modules = [cast("dict[str, Any]", item) for item in cast("list[object]", listed) if isinstance(item, dict)]
    running = {module.get("name") for module in modules if module.get("status") == "Running"}
    if missing := [name for name in NEEDED_MODULES if name not in running]:
        raise SwitchRefused(404, f"not running: {', '.join(missing)}")


async def started_at(ari: Ari) -> str | None:
    """When the switch's process started, in its own words; None: it does not tell. Another value is another process."""
    reply = await ari.request("GET", _path("asterisk", "info"), {"only": "status"})
    body: object = reply.body
    if reply.status != 200 or not isinstance(body, dict):
        return None
    status = cast("dict[str, Any]", body).get("status")
    found = cast("dict[str, Any]", status).get("startup_time") if isinstance(status, dict) else None
    return found if isinstance(found, str) else None


async def create_bridge(ari: Ari, bridge_id: str) -> None:
    """A mixing bridge. Idempotent."""
    reply = await ari.request("POST", _path("bridges", bridge_id), {"type": "mixing"})
    if reply.status != 409:
        _expect(reply)


async def add_to_bridge(ari: Ari, bridge_id: str, *channel_ids: str) -> bool:
    """False when a channel or the bridge is gone. A channel leaves the bridge that it was in by itself."""
    query = {"channel": ",".join(channel_ids)}
    reply = await ari.request("POST", _path("bridges", bridge_id, "addChannel"), query)
    if reply.status in {400, 404, 409, 422}:  # 400 no such channel, 404 bridge, 409 recording, 422 not in Stasis
        return False
    _expect(reply)
    return True


async def destroy_bridge(ari: Ari, bridge_id: str) -> bool:
    """Destroy a bridge; its channels stay. False when there is no such bridge."""
    return await _unless_gone(ari, "DELETE", _path("bridges", bridge_id))


async def subscribe_to_bridge(ari: Ari, app: str, bridge_id: str) -> None:
    """Have the events of a bridge sent in which none of the application's channels is."""
    source = {"eventSource": f"bridge:{bridge_id}"}
    _expect(await ari.request("POST", _path("applications", app, "subscription"), source))


async def set_event_filter(ari: Ari, app: str) -> None:
    """Subscribe to `events.TYPES` only, about a third of all. Asterisk forgets it when the connection ends."""
    allowed = [{"type": name} for name in (*TYPES, "RESTResponse")]  # replies on the websocket count as events here
    _expect(await ari.request("PUT", _path("applications", app, "eventFilter"), body={"allowed": allowed}))


@dataclass(frozen=True, slots=True)
class Channel:
    channel_id: str
    name: str
    """The technology's name, as `PJSIP/trunk-0000001a`."""
    state: str
    """`Down`, `Ring` (inbound), `Ringing`, `Up`, …"""


async def channels(ari: Ari) -> list[Channel]:
    """All channels of the switch, whatever their application."""
    reply = _expect(await ari.request("GET", "channels"))
    if not isinstance(reply.body, list):
        raise SwitchRefused(reply.status, "unreadable listing")
    read = [_channel(item) for item in cast("list[object]", reply.body)]
    if None in read:  # to leave one out would end an active call
        raise SwitchRefused(reply.status, "unreadable listing")
    return [channel for channel in read if channel is not None]


async def channel(ari: Ari, channel_id: str) -> Channel | None:
    reply = await ari.request("GET", _path("channels", channel_id))
    if reply.status == 404:
        return None
    read = _channel(_expect(reply).body)
    if read is None:
        raise SwitchRefused(reply.status, "unreadable channel")
    return read


def _channel(item: object) -> Channel | None:
    if not isinstance(item, dict):
        return None
    values = cast("dict[str, Any]", item)
    texts = [values.get(name, "") for name in ("id", "name", "state")]
    if not texts[0] or not all(isinstance(text, str) for text in texts):
        return None
    return Channel(*texts)


async def _unless_gone(
    ari: Ari, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None
) -> bool:
    reply = await ari.request(method, path, query, body)
    if reply.status in {404, 409}:  # 409: it was not answered yet, or has just left
        return False
    _expect(reply)
    return True


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _good(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def _expect(reply: Reply) -> Reply:
    if not _good(reply):
        raise SwitchRefused(reply.status, _message(reply))
    return reply


def _message(reply: Reply) -> str:
    body = cast("dict[str, Any]", reply.body) if isinstance(reply.body, dict) else {}
    text = str(body.get("message") or body.get("error") or "")
    return _printable(text[:200])


def _printable(text: str) -> str:
    return "".join(character if character in _PRINTABLE else "?" for character in text)
