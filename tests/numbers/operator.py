"""Requests with a platform key, on a database of one's own."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tongdai.db.pool import Connection
from tongdai.testing import factories


@dataclass(frozen=True)
class Operator:
    client: httpx2.AsyncClient
    conn: Connection
    key: factories.Key

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """`key`: another key than the operator's."""
        headers = options.pop("key", self.key).headers | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        response = await self.call(method, path, **options)
        assert response.status_code == 200, response.text
        return response.json()
