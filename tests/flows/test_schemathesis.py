"""The document against the server: what a tool makes of the one is sent to the other, and the responses must fit.

The server runs in processes of its own, as its users have it: a request may hold what no client library sends.
"""

import copy
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.pytest.lazy import get_all_tests

from tests.support.api import PEPPER
from tests.support.databases import session_of
from tests.support.schemathesis_results import succeeded
from tests.support.servers import Server
from tongdai import __version__
from tongdai.db.pool import Pool, connect
from tongdai.dialing import store as dialing
from tongdai.files import media_type
from tongdai.http.openapi import document as openapi
from tongdai.http.streams.event_source import MAX_EVENTS
from tongdai.processes.api import ENDPOINTS
from tongdai.settings.declarations import Settings
from tongdai.testing import factories


@schemathesis.serializer("application/x-ndjson", media_type.XLSX, "audio/wav", "audio/mpeg")
def as_they_are(_, value: object) -> bytes:
    """Serialise media types for which Schemathesis has no serialiser."""
    return value if isinstance(value, bytes) else str(value).encode()


EXAMPLES = settings().max_examples // 8
"""Requests for each operation: a dozen, and hundreds in a soak."""

# All checks, adapted to the contract:
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {
            # A malformed id in a path is not found, like one that never was; any other wrong part is a 400 or 415.
            "negative_data_rejection": {"expected-statuses": ["400", "404", "415"]},
            # An id that is well formed need not exist (404), a state can forbid what a schema allows (400), and no
            # schema says which numbers a country assigns or that an instant must be to come (400).
            "positive_data_acceptance": {"expected-statuses": ["200", "400", "404"]},
        }
    }
)


def document() -> dict[str, Any]:
    """The document as served, without the tenant's header and without the schema of event streams.

    Every request here sends its own tenant's header. The schema of a stream describes its whole text, which
    Schemathesis would apply to each event.
    """
    made = copy.deepcopy(openapi.document(ENDPOINTS, __version__, Settings()))  # parts of it are the declarations
    for operation in (operation for path in made["paths"].values() for operation in path.values()):
        operation["parameters"] = [one for one in operation["parameters"] if "TenantId" not in one.get("$ref", "")]
        for response in operation["responses"].values():
            response.get("content", {}).get("text/event-stream", {}).pop("schema", None)
    return made


schema = schemathesis.openapi.from_dict(document(), config=CONFIG)


@pytest.fixture(scope="module")
async def server(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Server]:
    server = Server(tmp_path_factory.mktemp("fuzz") / "data", "--only", "api", database_url=dsn, failed_key_limit=10**6)
    try:
        await server.start()
        yield server
    finally:
        server.end()
        conn = await connect(session_of(dsn), name="tests")
        if (hold := await dialing.current(conn)) is not None:  # whoever uses this database next dials on it
            await dialing.release(conn, hold.hold_id, None)
        await conn.close()


@pytest.fixture(scope="module")
async def headers(pool: Pool) -> dict[str, str]:
    """A platform key, since a generated request could revoke a key of the tenant.

    In both headers: a generated value in one would contradict the other, which is a 401.
    """
    async with pool.acquire() as conn:
        key = await factories.platform_key(conn, PEPPER.encode())
        tenant_id = await factories.tenant(conn)
        return key.headers | {"Authorization": key.value, "X-Tenant-ID": str(tenant_id)}


def _that_ends(query: dict[str, Any]) -> dict[str, Any]:
    """The query of a stream that ends: with one event, where it may have any number of them."""
    events = str(query.get("events", 1))
    many = events.isascii() and events.isdigit() and 0 < int(events) <= MAX_EVENTS
    return query | {"events": 1} if many else query


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
)
def fits(case, server, headers):
    if "text/event-stream" in case.operation.definition.raw["responses"]["200"]["content"]:
        case.query = _that_ends(dict(case.query or {}))
    case.call_and_validate(base_url=server.url, headers=headers)


@pytest.mark.parametrize("operation", [succeeded(found).label for found in schema.get_all_operations()])
def test_responses_conform_to_the_document(operation, server, headers):
    """Without `schema.parametrize`, which generates all requests during collection, in each process of pytest-xdist."""
    (found,) = get_all_tests(schema=schema.include(name=operation), test_func=fits, settings=None, given_kwargs=None)
    _, test = succeeded(found)
    test(server=server, headers=headers)
