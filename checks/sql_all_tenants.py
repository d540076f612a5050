"""Statements that are no one tenant's, each with its reason, and those that the program composes at run time."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import product
from typing import Any
from uuid import UUID

from tongdai.backup import store as backup
from tongdai.calls import history, retention
from tongdai.calls.model import CallState, Directions
from tongdai.webhooks.deliveries import retention as deliveries

MONTH = date(2026, 1, 1)

ALL_TENANTS: Mapping[str, str] = {
    "tongdai.campaigns.store.RUNNING": "the dialer dials the campaigns of all tenants in turn",
    "tongdai.imports.outcomes.store.DRY_RUN_TO_FORGET": "dry runs are cleaned up job by job",
    "tongdai.imports.outcomes.store.JOB_TO_DROP": "outcomes are dropped job by job",
    "tongdai.imports.store.OPEN": "a gauge counts the open jobs of all tenants",
    "tongdai.imports.store.TENANTS_WITH_WORK": "imports serve the tenants in turn, a transaction each",
    "tongdai.db.idempotency.WITH_OLD": "records are purged tenant by tenant",
    "tongdai.callbacks.store.TENANTS_WITH_PENDING": "the leader of a switch calls customers back, tenant by tenant",
    "tongdai.calls.inbound.store.DIALLED": "the leader of a switch adopts its calls to customers",
    "tongdai.calls.acts.store.ASKED": "the leader of a switch does what was asked of its calls, a transaction each",
    "tongdai.calls.acts.store.INTERRUPTED": "the leader of a switch completes what was begun, a transaction each",
    "tongdai.calls.acts.store.WITH_OLD": "acts are purged tenant by tenant",
    "tongdai.calls.acts.controls.CONTROLLED": "the leader of a switch ends holds, call by call",
    "tongdai.calls.parties.store.OF_SWITCH": "the leader of a switch hangs up what is left of ended calls, leg by leg",
    "tongdai.calls.store.ACTIVE": "the leader of a switch adopts its active calls",
    "tongdai.calls.store.OVERDUE": "the leader of a switch looks for calls without a heartbeat",
    "tongdai.calls.store.ENDED": "a switch lists channels, not their tenants",
    "tongdai.calls.inbound.store.ACTIVE": "the leader of a switch adopts its calls to queues",
    "tongdai.agents.accounts.browser.EXPIRED": "the leader of a switch releases what no browser holds, one by one",
    "tongdai.agents.accounts.store.CHANGED": "the leader of a switch makes phones' accounts, one by one",
    "tongdai.agents.accounts.store.UNWANTED": "the leader of a switch removes phones' accounts, one by one",
    "tongdai.agents.accounts.store.WANTED": "the leader of a switch makes phones' accounts, one by one",
    "tongdai.agents.available.TENANTS_WITH_IDLE": "the leader of a switch reads who is idle, tenant by tenant",
    "tongdai.agents.pages.LOST": "the leader of a switch looks for pages that are gone, and calls phone by phone",
    "tongdai.agents.pages.OF_CHANNEL": "an event of a switch names the channel alone",
    "tongdai.agents.phones.PHONES": "the leader of a switch compares phones with its channels",
    "tongdai.agents.phones.TENANTS_OF_UNREACHABLE": "the leader of a switch tries phones again, tenant by tenant",
    "tongdai.agents.phones.TENANTS_OF_PHONES": "an event of a switch names the phone alone",
    "tongdai.agents.store.OF_CHANNEL": "an event of a switch names the channel alone",
    "tongdai.agents.store.PRESENT": "the leader of a switch looks for channels that are gone",
    "tongdai.agents.store.TO_HANG_UP": "the leader of a switch hangs up who signed out",
    "tongdai.agents.store.TENANTS_TO_CALL": "the leader of a switch calls who signed in, tenant by tenant",
    "tongdai.agents.store.TENANTS_IN_WRAP_UP": "the leader of a switch ends wrap-ups, tenant by tenant",
    "tongdai.recordings.store.OPEN": "the leader of a switch sees to its recordings, one by one",
    "tongdai.recordings.store.OVER": "a switch lists files, not their tenants",
    "tongdai.recordings.store.TO_RECORD": "the leader of a switch begins recordings, call by call",
    "tongdai.webhooks.deliveries.store.WITH_DUE": "an engine takes the queues of webhooks, one by one",
    "tongdai.numbers.store.LEADING": "simulated callers ring the queues of all tenants",
    "tongdai.dialing.store.ANYBODY": "a database without a campaign has nobody to call",
    "tongdai.dialing.store.CALLING": "a hold is of all tenants; contacts are counted and entries written one by one",
    "tongdai.processes.readiness.IMPORTS": "readiness tells of the installation",
}
"""Work over all tenants: a plain select of candidates, which locks and changes nothing."""

SESSION: Mapping[str, str] = {
    "tongdai.db.migrate.migrate": "migrations take turns",
    "tongdai.telephony.leader.LOCK": "leadership lasts as long as a session",
}
"""Statements that need a session of their own: they are sent on the connection of `session_database_url`."""

_FILTERS: Mapping[str, tuple[Any, ...]] = {
    "campaign_id": (None, 1),
    "contact_id": (None, 1),
    "external_id": (None, "KH-1"),
    "phone": (None, "+84901234567"),
    "outcome": (None, "busy"),
    "state": (None, CallState.ENDED, CallState.RINGING),
    "agent_id": (None, 1),
    "opened_from": (None, datetime(2026, 1, 1, tzinfo=UTC)),
    "opened_before": (None, datetime(2026, 2, 1, tzinfo=UTC)),
}
_DIRECTED: Mapping[str, tuple[Any, ...]] = {"direction": (None, *Directions), "queue_id": (None, 1)}


def _choices(filters: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for chosen in product(*filters.values()):
        yield dict(zip(filters, chosen, strict=True))


def _history() -> Iterator[str]:
    """Pages and counts of calls, with each combination of filters."""
    after = history.OpenedKey(datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1))
    tenant: Any = 1
    choices = [
        *_choices(_FILTERS),
        *_choices({**_FILTERS, **_DIRECTED, "opened_from": (None,), "opened_before": (None,)}),
    ]
    for by in dict.fromkeys(history.Filter(**choice) for choice in choices):
        yield history.page_of(tenant, by, 10).sql
        yield history.page_of(tenant, by, 10, after=after).sql
        yield history.count_of(tenant, by).sql


def _backup() -> Iterator[str]:
    """Whole tables, and the script of a restore, which psql runs and which is parsed by its statements."""
    yield backup.rows_of("migration")
    yield from backup.before_restore(["migration"]).split(";")
    script = backup.after_restore("public", [], {"migration": 1}, "")
    head, block, tail = re.split(r"(do \$restore\$.*end \$restore\$)", script, flags=re.DOTALL)
    yield from (each for each in (*head.split(";"), block, *tail.split(";")) if each.strip())


GENERATED: Mapping[str, Callable[[], Iterable[str]]] = {
    "tongdai.calls.history": _history,
    "tongdai.backup.store": _backup,
    # Data definition and the rows of a month, of all tenants alike.
    "tongdai.calls.retention": lambda: [
        each for table in retention.TABLES for each in retention.creation(table, MONTH)
    ],
    "tongdai.webhooks.deliveries.retention": lambda: deliveries.creation(MONTH) + deliveries.dropping(MONTH),
}
"""By module, every statement that it composes at run time."""
