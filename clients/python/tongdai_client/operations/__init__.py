"""The operations of the API, a module for each noun.

Every POST takes an `idempotency_key`: repeated with the same key and arguments within 24 hours, by this program or
another, it returns the first response and has no second effect. Without one it gets a random key for all of its tries.
"""

from tongdai_client.operations import (
    agents,
    calls,
    campaigns,
    contacts,
    diagnostics,
    dialing,
    do_not_call,
    imports,
    live,
    numbers,
    opening_hours,
    queues,
    reports,
    tenants,
)
from tongdai_client.webhooks import operations as webhooks

__all__ = [
    "agents",
    "calls",
    "campaigns",
    "contacts",
    "diagnostics",
    "dialing",
    "do_not_call",
    "imports",
    "live",
    "numbers",
    "opening_hours",
    "queues",
    "reports",
    "tenants",
    "webhooks",
]
