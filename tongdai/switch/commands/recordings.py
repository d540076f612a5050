"""Recordings on the switch: of a channel, while it lasts, and the files that they leave there.

Their names are ours alone. A recording ends with its channel; its file is complete once the recording is not live any
more. A stored one is listed from its beginning on.
"""

from typing import Any, cast

from tongdai.switch.commands.names import RECORDING, checked
from tongdai.switch.commands.requests import expect, path, unless_gone
from tongdai.switch.interface import Ari, SwitchRefused

MODULE = "res_ari_recordings.so"
"""Without it a recording can be begun, and nothing is known of it afterwards."""


async def record(ari: Ari, channel_id: str, name: str) -> bool:
    """Record what a channel says, as WAV, until it ends. Idempotent: a name that is in use is that of this channel.
    False when the channel is gone, or not ours."""
    query = {"name": checked(RECORDING, name, "a name of a recording"), "format": "wav"}
    reply = await ari.request("POST", path("channels", channel_id, "record"), query)
    if reply.status == 409:  # the name is in use, or the channel is not ours
        return await recording_lives(ari, name)
    if reply.status == 404:
        return False
    expect(reply)
    return True


async def recording_lives(ari: Ari, name: str) -> bool:
    """Whether a recording is being made."""
    reply = await ari.request("GET", path("recordings", "live", name))
    if reply.status == 404:
        return False
    expect(reply)
    return True


async def stop_recording(ari: Ari, name: str) -> bool:
    """End a recording and keep its file. False when it is over."""
    return await unless_gone(ari, "POST", path("recordings", "live", name, "stop"))


async def recording_stored(ari: Ari, name: str) -> bool:
    """Whether there is a file of that name, of a live recording too."""
    reply = await ari.request("GET", path("recordings", "stored", name))
    if reply.status == 404:
        return False
    expect(reply)
    return True


async def stored_recordings(ari: Ari) -> list[str]:
    """The names of all files, whatever their application, of live recordings too."""
    reply = expect(await ari.request("GET", path("recordings", "stored")))
    if not isinstance(reply.body, list):
        raise SwitchRefused(reply.status, "unreadable listing of recordings")
    items = [cast("dict[str, Any]", item) for item in cast("list[object]", reply.body) if isinstance(item, dict)]
    return [name for item in items if isinstance(name := item.get("name"), str)]


async def delete_recording(ari: Ari, name: str) -> bool:
    """Delete the file of a recording that is over. False when there is none."""
    return await unless_gone(ari, "DELETE", path("recordings", "stored", checked(RECORDING, name, "a name")))
