"""Statements that are no one tenant's, each with its reason, and those that the program composes at run time."""

from collections.abc import Callable, Iterable, Mapping

ALL_TENANTS: Mapping[str, str] = {
    "tongdai.agents.previews.store.ACCEPTED": "the dialer claims each accepted contact in its tenant's transaction",
    "tongdai.campaigns.store.RUNNING": "the dialer dials the campaigns of all tenants in turn",
    "tongdai.db.idempotency.WITH_OLD": "records are purged tenant by tenant",
}
"""Work over all tenants: a plain select of candidates, which locks and changes nothing."""

SESSION: Mapping[str, str] = {
    "tongdai.db.migrate.migrate": "migrations take turns",
    "tongdai.dialer.leader.LOCK": "leadership lasts as long as a session",
}
"""Statements that need a session of their own: they are sent on the connection of `session_database_url`."""

GENERATED: Mapping[str, Callable[[], Iterable[str]]] = {}
"""By module, every statement that it composes at run time."""
