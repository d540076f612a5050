"""Statements that are no one tenant's, each with its reason, and those that the program composes at run time."""

from collections.abc import Callable, Iterable, Mapping

ALL_TENANTS: Mapping[str, str] = {}
"""Work over all tenants: a plain select of candidates, which locks and changes nothing."""

SESSION: Mapping[str, str] = {
    "tongdai.db.migrate.migrate": "migrations take turns; on the session's connection",
}
"""Statements that need a session of their own, and get the connection of `session_database_url`."""

GENERATED: Mapping[str, Callable[[], Iterable[str]]] = {}
"""By module, every statement that it composes at run time."""
