"""Requests whose headers the guard judges."""

from collections.abc import Coroutine
from typing import Any

import httpx2

PATH = "/v1/campaigns"


def status(client: httpx2.AsyncClient, *headers: tuple[str, str], path: str = PATH) -> Coroutine[Any, Any, int]:
    """The status of the response to a GET with these headers; one of a name may be sent twice."""

    async def ask() -> int:
        return (await client.get(path, headers=list(headers))).status_code

    return ask()
