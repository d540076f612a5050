"""Pages of calls, newest first, in the database: calls to contacts, or those of a direction or of a queue.

Active calls are few: all are read. Ended calls are read by the index that fits the filters; the other filters are
fenced (`campaign_id + 0`: db/plans.py), as a plan that reads the newest calls until twenty match reads all calls when
nineteen match. Without a selective filter calls to contacts, callers and callbacks are read apart, each by an index
that has no others: the last campaign of a tenant is found at once, whatever the number of callers since.

Totals of a campaign, of an outcome, or of all calls are sums of `call_hour` and the active calls. With other filters
the calls are counted, by the index that finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.call_outcome import OUTCOMES
from tongdai.calls.model import CallState, Directions
from tongdai.calls.sql import ENDED, month_of
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId


class CallRecord(NamedTuple):
    """An active or ended call, for responses. The fields are the columns of COLUMNS."""

    call_id: UUID
    campaign_id: CampaignId | None
    """None, as the contact: a call to a queue, or a callback."""
    contact_id: ContactId | None
    phone: str
    """The number of the other side, in E.164; empty: withheld."""
    state: str
    outcome: str | None
    agent_id: AgentId | None
    opened_at: datetime
    dialled_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    hangup_cause: int | None
    sip_status: int | None
    due_again_at: datetime | None
    amd_verdict: str | None
    amd_cause: str | None
    amd_ms: int | None
    failure: str | None
    wrap_up_code_id: int | None
    wrap_up_note: str | None
    direction: str
    queue_id: QueueId | None
    called: str | None
    """The number that was called, in E.164; None: a call to a contact."""


COLUMNS = ", ".join(CallRecord._fields)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of calls: each field that is not None must match."""

    campaign_id: CampaignId | None = None
    contact_id: ContactId | None = None
    external_id: str | None = None
    """The contact's, as it is now."""
    phone: str | None = None
    """E.164."""
    outcome: str | None = None
    """One of OUTCOMES."""
    state: CallState | None = None
    agent_id: AgentId | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    direction: Directions | None = None
    """None: calls to contacts, unless a queue is given (`to_contacts`)."""
    queue_id: QueueId | None = None
    """The queue of a call that the ACD has or had; a call to a contact has one once it is transferred."""

    @property
    def to_contacts(self) -> bool:
        """Whether only calls to contacts match (decision 0056): nothing was asked that other calls have."""
        return self.direction is None and self.queue_id is None

    @property
    def counted(self) -> bool:
        """Whether `call_hour` has the number of ended calls to contacts that match."""
        others = (
            *(self.contact_id, self.external_id, self.phone, self.agent_id),
            *(self.opened_from, self.opened_before, self.queue_id),
        )
        return self.state in {None, CallState.ENDED} and not any(other is not None for other in others)

    @property
    def shows_ended(self) -> bool:
        return self.state in {None, CallState.ENDED}

    @property
    def shows_active(self) -> bool:
        """Whether active calls can match; they have no outcome."""
        return not self.shows_ended or (self.state is None and self.outcome is None)


KEPT_HOURS = """hour >= coalesce(
    (select since from call_retention where table_name = 'call'), '-infinity'
)"""
"""Condition for rows of `call_hour` whose calls are still stored; see calls/retention.py."""


class Statement(NamedTuple):
    sql: str
    args: Sequence[object]


class OpenedKey(NamedTuple):
    """The sort key of a call: when it was opened, and its id."""

    opened_at: datetime
    call_id: UUID


_NEWEST = "order by opened_at desc, call_id desc"


class _Conditions:
    """Builds the where clauses of a query; `$1` is the tenant."""

    def __init__(self, tenant_id: TenantId) -> None:
        self.args: list[object] = [tenant_id]
        self._active = ["tenant_id = $1"]
        self._ended = ["tenant_id = $1"]

    def argument(self, value: object) -> str:
        self.args.append(value)
        return f"${len(self.args)}"

    def add(self, live: str, ended: str, *values: object) -> None:
        """Add conditions; each has `{}` for each value."""
        sent = [self.argument(value) for value in values]
        self._active.append(live.format(*sent))
        self._ended.append(ended.format(*sent))

    def active(self, columns: str, group: str) -> str:
        return f"select {columns} from live_call where {' and '.join((*self._active, group))}"

    def ended(self, columns: str, group: str) -> str:
        where = " and ".join((*self._ended, "ended_at is not null", group, ENDED))
        return f"select {columns} from call where {where}"

    def counted(self) -> str:
        """A query of the number of ended calls that match, from the hourly statistics."""
        return (
            f"select coalesce(sum(calls), 0)::bigint from call_hour where {' and '.join(self._ended)} and {KEPT_HOURS}"
        )


# Campaign by campaign, as the index of external ids begins with the campaign.
CONTACTS = """any(array(
    select contact_id from contact where tenant_id = $1 and external_id = {}
        and campaign_id = any(array(select campaign_id from campaign where tenant_id = $1))
))"""
# The leading filters are compared so that their index is used, the others so that it is not. `{}` is the value.
_BARE = {
    "contact_id": "contact_id = {}",
    "external_id": f"contact_id = {CONTACTS}",
    "phone": "phone = {}",
    "agent_id": "agent_id = {}",
    "queue_id": "queue_id = {}",
    "campaign_id": "campaign_id = {}",
    "outcome": "outcome = {}",
}
_FENCED = {
    "contact_id": "contact_id + 0 = {}",
    "external_id": f"contact_id + 0 = {CONTACTS}",
    "phone": "phone || '' = {}",
    "agent_id": "agent_id + 0 = {}",
    "queue_id": "queue_id + 0 = {}",
    "campaign_id": "campaign_id + 0 = {}",
    "outcome": "outcome || '' = {}",
}


def _leading(by: Filter) -> set[str]:
    """The filters whose index is used: the most selective ones."""
    if by.contact_id is not None:
        return {"contact_id"}
    if by.external_id is not None:
        return {"external_id"}
    if by.phone is not None:
        return {"phone"}
    if by.agent_id is not None:
        return {"agent_id"}
    if by.queue_id is not None:
        return {"queue_id"}
    return {"campaign_id", "outcome"}


def _few(by: Filter) -> bool:
    """Whether the leading filter matches so few calls that all are read and then sorted."""
    return by.contact_id is not None or by.external_id is not None or by.phone is not None


_TO_CONTACTS = "campaign_id is not null"
_CALLERS = "campaign_id is null and direction = 'inbound'"
_CALLBACKS = "campaign_id is null and direction = 'outbound'"
_GROUPS = {
    Directions.INBOUND: [_CALLERS],
    Directions.OUTBOUND: [_TO_CONTACTS, _CALLBACKS],
    Directions.ALL: [_TO_CONTACTS, _CALLERS, _CALLBACKS],
}


def _any_group(by: Filter) -> str:
    """The condition that the groups of calls have together, which chooses no index."""
    if by.to_contacts:
        return _TO_CONTACTS
    return "true" if by.direction in {None, Directions.ALL} else f"direction || '' = '{by.direction}'"


def _groups(by: Filter) -> list[str]:
    """The conditions of the groups of ended calls that are read one by one."""
    if by.campaign_id is None and by.direction is not None and _leading(by) == {"campaign_id", "outcome"}:
        return _GROUPS[by.direction]
    if by.campaign_id is not None and by.direction is Directions.INBOUND:
        return ["false"]  # rather than looked for among all calls of the campaign
    return [_any_group(by)]


def _conditions(tenant_id: TenantId, by: Filter, after: OpenedKey | None = None) -> _Conditions:
    where, leading = _Conditions(tenant_id), _leading(by)
    for name, bare in _BARE.items():
        value = getattr(by, name)
        if value is not None:
            where.add(bare, bare if name in leading else _FENCED[name], value)
    others = (
        ("state = {}", None if by.shows_ended else by.state),
        ("opened_at < {}", by.opened_before),
    )
    for condition, value in others:
        if value is not None:
            where.add(condition, condition, value)
    if by.opened_from is not None:
        opened = "opened_at >= {0}::timestamptz"
        where.add(opened, f"{opened} and ended_month >= {month_of('{0}::timestamptz')}", by.opened_from)
    if after is not None:
        behind = "(opened_at, call_id) < ({}, {})"
        where.add(behind, behind, *after)
    return where


def _by_campaign(by: Filter, group: str) -> bool:
    """Whether each campaign is queried by itself: for an outcome in all campaigns, as its index begins with the
    campaign."""
    alone = _leading(by) == {"campaign_id", "outcome"} and by.campaign_id is None
    return alone and by.outcome is not None and group == _TO_CONTACTS


_EACH_OUTCOME = f"unnest(array{list(OUTCOMES)}) o (of_outcome) cross join lateral"
"""For callers and callbacks of all outcomes, as their index has the outcome before the instant."""
_EACH_CAMPAIGN = "(select campaign_id as of_campaign from campaign where tenant_id = $1) c cross join lateral"


def page_of(tenant_id: TenantId, by: Filter, limit: int, offset: int = 0, after: OpenedKey | None = None) -> Statement:
    """A query of the calls that match, newest first: `limit` of them, after `offset` others or after a key."""
    where = _conditions(tenant_id, by, after)
    parts: list[str] = []
    if by.shows_active:
        parts.append(where.active(COLUMNS, _any_group(by)))
    if by.shows_ended:
        newest = f"{_NEWEST} limit {where.argument(limit + offset)}::bigint"
        parts += [_newest_ended(where, by, group, newest) for group in _groups(by)]
    sql = f"select {COLUMNS} from (({') union all ('.join(parts)})) found {_NEWEST}"
    sql += f" limit {where.argument(limit)}::bigint offset {where.argument(offset)}::bigint"
    return Statement(sql, where.args)


def _newest_ended(where: _Conditions, by: Filter, group: str, newest: str) -> str:
    ended = where.ended(COLUMNS, group)
    if _few(by):
        return f"select {COLUMNS} from ({ended} offset 0) few {newest}"
    if _by_campaign(by, group):
        each = f"{ended} and campaign_id = c.of_campaign {newest}"
        return f"select {COLUMNS} from {_EACH_CAMPAIGN} ({each}) of_it {newest}"
    if group in {_CALLERS, _CALLBACKS} and by.outcome is None:
        each = f"{ended} and outcome = o.of_outcome {newest}"
        return f"select {COLUMNS} from {_EACH_OUTCOME} ({each}) of_it {newest}"
    return f"{ended} {newest}"


def count_of(tenant_id: TenantId, by: Filter) -> Statement:
    """A query of the number of calls that match."""
    where = _conditions(tenant_id, by)
    parts = [where.active("count(*)", _any_group(by))] * by.shows_active
    if by.shows_ended:
        parts += [_count_ended(where, by, group) for group in _groups(by)]
    return Statement(f"select {' + '.join(f'({part})' for part in parts)}", where.args)


def _count_ended(where: _Conditions, by: Filter, group: str) -> str:
    if by.counted and group == _TO_CONTACTS:
        return where.counted()
    if _by_campaign(by, group):
        of_it = f"{where.ended('count(*) as calls', group)} and campaign_id = c.of_campaign"
        return f"select coalesce(sum(calls), 0)::bigint from {_EACH_CAMPAIGN} ({of_it}) of_it"
    return where.ended("count(*)", group)


IN_ORDER = "set local enable_sort = off"
"""Merges the partitions in index order: a sort would read all calls of a campaign for a page."""


async def calls_of(conn: Connection, wanted: Statement) -> list[CallRecord]:
    """Run a query of `page_of`."""
    async with conn.transaction(readonly=True):
        await conn.execute(IN_ORDER)
        return [CallRecord._make(row) for row in await conn.fetch(wanted.sql, *wanted.args)]


async def page(
    conn: Connection, tenant_id: TenantId, by: Filter, limit: int, offset: int
) -> tuple[list[CallRecord], int]:
    """A page of the calls that match, newest first, and their total."""
    wanted, counted = page_of(tenant_id, by, limit, offset), count_of(tenant_id, by)
    return await calls_of(conn, wanted), await conn.fetchval(counted.sql, *counted.args)


async def behind(
    conn: Connection, tenant_id: TenantId, by: Filter, after: OpenedKey | None, limit: int
) -> list[CallRecord]:
    """The next `limit` calls that match, after a key; for files of all calls."""
    wanted = page_of(tenant_id, by, limit, after=after)
    return await calls_of(conn, wanted)


FIND = f"select {COLUMNS} from call where tenant_id = $1 and call_id = $2"


async def find(conn: Connection, tenant_id: TenantId, call_id: UUID) -> CallRecord | None:
    row = await conn.fetchrow(FIND, tenant_id, call_id)
    return None if row is None else CallRecord._make(row)
