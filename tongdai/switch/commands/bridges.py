"""Bridges: who hears whom."""

from dataclasses import dataclass
from typing import Any, cast

from tongdai.switch.commands.requests import expect, path, unless_gone
from tongdai.switch.interface import Ari, SwitchRefused

OF_CALL = "tongdai"
"""The name of all bridges of calls, by which those that nobody destroyed are found."""


async def create_bridge(ari: Ari, bridge_id: str, name: str = OF_CALL) -> None:
    """A mixing bridge. Idempotent."""
    reply = await ari.request("POST", path("bridges", bridge_id), {"type": "mixing", "name": name})
    if reply.status != 409:
        expect(reply)


async def add_to_bridge(ari: Ari, bridge_id: str, *channel_ids: str) -> bool:
    """False when a channel or the bridge is gone. A channel leaves the bridge that it was in by itself; its music on
    hold must be stopped before: it would play over what the others say."""
    query = {"channel": ",".join(channel_ids)}
    reply = await ari.request("POST", path("bridges", bridge_id, "addChannel"), query)
    if reply.status in {400, 404, 409, 422}:  # 400 no such channel, 404 bridge, 409 recording, 422 not in Stasis
        return False
    expect(reply)
    return True


async def remove_from_bridge(ari: Ari, bridge_id: str, *channel_ids: str) -> bool:
    """The channels stay, in no bridge. False when one is gone or not in it, or the bridge is gone."""
    query = {"channel": ",".join(channel_ids)}
    reply = await ari.request("POST", path("bridges", bridge_id, "removeChannel"), query)
    if reply.status in {400, 404, 409, 422}:
        return False
    expect(reply)
    return True


async def destroy_bridge(ari: Ari, bridge_id: str) -> bool:
    """Destroy a bridge; its channels stay. False when there is no such bridge."""
    return await unless_gone(ari, "DELETE", path("bridges", bridge_id))


async def subscribe_to_bridge(ari: Ari, app: str, bridge_id: str) -> None:
    """Have the events of a bridge sent in which none of the application's channels is."""
    source = {"eventSource": f"bridge:{bridge_id}"}
    expect(await ari.request("POST", path("applications", app, "subscription"), source))


@dataclass(frozen=True, slots=True)
class Bridge:
    bridge_id: str
    channel_ids: tuple[str, ...]
    name: str = ""


async def bridges(ari: Ari) -> list[Bridge]:
    """All bridges of the switch, whatever their application."""
    reply = expect(await ari.request("GET", "bridges"))
    if not isinstance(reply.body, list):
        raise SwitchRefused(reply.status, "unreadable listing of bridges")
    read = [_bridge(item) for item in cast("list[object]", reply.body)]
    if None in read:
        raise SwitchRefused(reply.status, "unreadable listing of bridges")
    return [bridge for bridge in read if bridge is not None]


async def bridge(ari: Ari, bridge_id: str) -> Bridge | None:
    """None: there is no such bridge."""
    reply = await ari.request("GET", path("bridges", bridge_id))
    if reply.status == 404:
        return None
    read = _bridge(expect(reply).body)
    if read is None:
        raise SwitchRefused(reply.status, "unreadable bridge")
    return read


def _bridge(item: object) -> Bridge | None:
    values = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    bridge_id, channels = values.get("id"), values.get("channels")
    if not isinstance(bridge_id, str) or not bridge_id or not isinstance(channels, list):
        return None
    ids = cast("list[object]", channels)
    if not all(isinstance(one, str) for one in ids):
        return None
    return Bridge(bridge_id, tuple(str(one) for one in ids), str(values.get("name") or ""))
