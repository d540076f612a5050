"""Both clients of the SDK, on a running server."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
import pytest

from tests.support.client_faults import AsyncFaulty, Faulty, Plan
from tests.support.servers import Server
from tongdai.testing import factories
from tongdai_client import AsyncClient, Client, Retry

SOON = Retry(tries=5, first_pause_s=0)
"""Retries without pauses."""


async def done(result: Any) -> Any:
    """The result of a call of either client."""
    return await result if isinstance(result, Awaitable) else result


async def all_of(records: Any) -> list[Any]:
    """The records that either client iterates over."""
    return [record async for record in records] if isinstance(records, AsyncIterable) else list(records)


async def next_of(iterator: Any) -> Any:
    """The next record of an iterator of either client; None at its end."""
    return await anext(iterator, None) if isinstance(iterator, AsyncIterator) else next(iterator, None)


@dataclass(frozen=True)
class Caller:
    """A client with a tenant of its own, and the faults planned for its requests."""

    client: Any
    """A Client or an AsyncClient: `await done(…)` and `await all_of(…)` take the results of both."""
    plan: Plan
    key: factories.Key

    async def campaign(self, name: str = "A campaign") -> int:
        return (await done(self.client.create_campaign(name))).campaign_id


@pytest.fixture(params=["blocking", "waiting"])
def kind(request: pytest.FixtureRequest) -> Literal["blocking", "waiting"]:
    return request.param


def client_of(kind: str, url: str, key: str, plan: Plan, **options: Any) -> Client | AsyncClient:
    options = {"retry": SOON} | options
    if kind == "blocking":
        return Client(url, key, transport=Faulty(httpx2.HTTPTransport(), plan), **options)
    return AsyncClient(url, key, transport=AsyncFaulty(httpx2.AsyncHTTPTransport(), plan), **options)


async def close(client: Client | AsyncClient) -> None:
    closing = client.close() if isinstance(client, Client) else client.aclose()
    if inspect.isawaitable(closing):
        await closing


@pytest.fixture
async def caller(server: Server, kind: str) -> AsyncGenerator[Caller]:
    key, plan = await server.key(), Plan()
    client = client_of(kind, server.url, key.value, plan)
    yield Caller(client, plan, key)
    await close(client)
