"""Sends one message to one webhook, once."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter

import httpcore2

from tongdai import __version__
from tongdai.clock import Clock
from tongdai.webhooks.address import Rules
from tongdai.webhooks.deliveries.core import fault_of, retry_after_s
from tongdai.webhooks.deliveries.model import Fault, Message, Tried
from tongdai.webhooks.deliveries.network import ForbiddenAddress, GuardedNetwork, NoAddress
from tongdai.webhooks.model import Webhook, signature

AT_ONCE = 8
"""Requests to one webhook at once."""
KEEP_S = 4.0
"""Shorter than servers keep idle connections, so that a request rarely meets one that is just being closed."""
MOST_READ = 64 * 1024
"""Bytes of a response body, which nobody looks at; the connection of a longer one is closed."""


class Sender:
    """The connections to one webhook, of one engine."""

    def __init__(self, rules: Rules, pepper: bytes, timeout_s: float, trusted: ssl.SSLContext, clock: Clock) -> None:
        self._pepper, self._timeout_s, self._clock = pepper, timeout_s, clock
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trusted,
            max_connections=AT_ONCE,
            keepalive_expiry=KEEP_S,
            network_backend=GuardedNetwork(rules),
        )

    async def close(self) -> None:
        await self._pool.aclose()

    async def send(self, webhook: Webhook, message: Message, body: bytes) -> Tried:
        """Never raises for what the receiver or the network does."""
        now, begun = self._clock.now(), perf_counter()
        headers = self._headers(webhook, message, body, now)
        status, fault, retry = await self._response(webhook.target.url, headers, body)
        took_ms = round((perf_counter() - begun) * 1000)
        return Tried(status, fault, took_ms, retry_after_s(retry, datetime.now(UTC)))

    def _headers(self, webhook: Webhook, message: Message, body: bytes, now: datetime) -> Mapping[str, str]:
        secrets = webhook.keys.signing(self._pepper, webhook.tenant_id, now)
        at_s = int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": f"tongdai/{__version__}",
            "webhook-id": message.header_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(secrets, message.header_id, at_s, body),
        }
        return headers | ({} if webhook.authorization is None else {"authorization": webhook.authorization})

    async def _response(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int | None, Fault | None, str | None]:
        """Status, fault and `Retry-After`. The status decides, however the rest of the response ends."""
        status: int | None = None
        retry: str | None = None
        fault: Fault | None = None
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
            ):
                status, retry = response.status, _retry_after(response)
                await _read(response)
        except (TimeoutError, httpcore2.TimeoutException):
            fault = Fault.TIMEOUT
        except ForbiddenAddress:
            fault = Fault.FORBIDDEN
        except NoAddress:
            fault = Fault.NO_ADDRESS
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            fault = Fault.TLS if _is_tls(error) else Fault.UNREACHABLE
        return status, fault if status is None else fault_of(status), retry


def _retry_after(response: httpcore2.Response) -> str | None:
    found = (value for name, value in response.headers if name.lower() == b"retry-after")
    return next((value.decode("latin-1") for value in found), None)


async def _read(response: httpcore2.Response) -> None:
    read = 0
    async for part in response.aiter_stream():
        read += len(part)
        if read > MOST_READ:
            return


def _is_tls(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLError):
            return True
        found = found.__cause__ or found.__context__
    return False
