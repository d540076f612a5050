"""Statements that are no one tenant's, each with its reason, and those that the program composes at run time."""

from collections.abc import Callable, Iterable, Mapping

ALL_TENANTS: Mapping[str, str] = {
    "tongdai.agents.previews.store.ACCEPTED": "the dialer claims each accepted contact in its tenant's transaction",
    "tongdai.campaigns.store.RUNNING": "the dialer dials the campaigns of all tenants in turn",
    "tongdai.imports.outcomes.store.DRY_RUN_TO_FORGET": "dry runs are cleaned up job by job",
    "tongdai.imports.outcomes.store.JOB_TO_DROP": "outcomes are dropped job by job",
    "tongdai.imports.store.OPEN": "a gauge counts the open jobs of all tenants",
    "tongdai.imports.store.TENANTS_WITH_WORK": "imports serve the tenants in turn, a transaction each",
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
