"""Endpoints of the switch: reachability of a phone, and its calls, whoever placed them."""

from dataclasses import dataclass
from typing import Any, cast

from tongdai.switch.commands.names import NAME, checked
from tongdai.switch.commands.requests import expect, path
from tongdai.switch.interface import Ari, SwitchRefused


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: str
    state: str
    """`online`: a contact is registered; `offline`; `unknown`."""
    channel_ids: tuple[str, ...]
    """Its channels, whoever made them."""


async def endpoint(ari: Ari, name: str) -> Endpoint | None:
    """None: there is no such endpoint."""
    reply = await ari.request("GET", path("endpoints", "PJSIP", checked(NAME, name, "an endpoint")))
    if reply.status == 404:
        return None
    read = _endpoint(expect(reply).body)
    if read is None:
        raise SwitchRefused(reply.status, "unreadable endpoint")
    return read


async def endpoints(ari: Ari) -> list[Endpoint]:
    """All endpoints of the switch: phones and trunks."""
    reply = expect(await ari.request("GET", path("endpoints", "PJSIP")))
    if not isinstance(reply.body, list):
        raise SwitchRefused(reply.status, "unreadable listing of endpoints")
    read = [_endpoint(item) for item in cast("list[object]", reply.body)]
    if None in read:
        raise SwitchRefused(reply.status, "unreadable listing of endpoints")
    return [one for one in read if one is not None]


async def subscribe_to_phone(ari: Ari, app: str, name: str) -> None:
    """Have DeviceStateChanged of a phone sent until the connection ends, also of one that does not exist. Idempotent.

    An endpoint could be subscribed to as well: that sends each event of its channels once more.
    """
    expect(await ari.request("POST", path("applications", app, "subscription"), _device(name)))


async def unsubscribe_from_phone(ari: Ari, app: str, name: str) -> None:
    """Idempotent."""
    reply = await ari.request("DELETE", path("applications", app, "subscription"), _device(name))
    if reply.status not in {404, 409, 422}:  # it was not subscribed to
        expect(reply)


def _device(name: str) -> dict[str, str]:
    return {"eventSource": f"deviceState:PJSIP/{checked(NAME, name, 'an endpoint')}"}


def _endpoint(item: object) -> Endpoint | None:
    values = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    name, state, channels = values.get("resource"), values.get("state"), values.get("channel_ids")
    if not isinstance(name, str) or not isinstance(state, str) or not isinstance(channels, list):
        return None
    return Endpoint(name, state, tuple(str(one) for one in cast("list[object]", channels)))
