"""Paths of requests, and their replies as results or exceptions."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

from tongdai.switch.interface import Ari, Reply, SwitchRefused

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))  # what is shown of a text of the switch


def path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def good(reply: Reply) -> bool:
    return 200 <= reply.status < 300


def expect(reply: Reply) -> Reply:
    if not good(reply):
        raise SwitchRefused(reply.status, message(reply))
    return reply


async def unless_gone(
    ari: Ari, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
) -> bool:
    """False: there is no such thing any more, or the channel is not in the application."""
    reply = await ari.request(method, uri, query, body)
    if reply.status in {404, 409}:  # 409: it was not answered yet, or has just left
        return False
    expect(reply)
    return True


def message(reply: Reply) -> str:
    body = cast("dict[str, Any]", reply.body) if isinstance(reply.body, dict) else {}
    text = str(body.get("message") or body.get("error") or "")
    return printable(text[:200])


def printable(text: str) -> str:
    return "".join(character if character in _PRINTABLE else "?" for character in text)
