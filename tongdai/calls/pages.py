"""Calls by pages, newest first, in the database.

Each set of filters is read through an index that fits it, and the rest of them is fenced off from choosing another
(`campaign_id + 0`): a plan that walks the newest calls until twenty match reads all of them when nineteen do.

Totals are kept where they can be: calls of a campaign, of an outcome, or all are sums of `call_hour`, with those that
are up now. Other filters are counted, through the index that finds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.calls.model import AttemptState, Outcome
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, CampaignId, ContactId, TenantId


class Call(NamedTuple):
    """An attempt, live or ended, as it is shown. The fields are the columns of COLUMNS."""

    attempt_id: UUID
    campaign_id: CampaignId
    contact_id: ContactId
    phone: str
    """E.164."""
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
    tech_cause: int | None
    due_again_at: datetime | None


COLUMNS = ", ".join(Call._fields)


@dataclass(frozen=True, slots=True)
class Filter:
    """Calls that have all of what is not None."""

    campaign_id: CampaignId | None = None
    contact_id: ContactId | None = None
    phone: str | None = None
    """E.164."""
    outcome: Outcome | None = None
    state: AttemptState | None = None
    agent_id: AgentId | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None

    @property
    def kept(self) -> bool:
        """Whether `call_hour` knows how many there are."""
        others = (self.contact_id, self.phone, self.agent_id, self.opened_from, self.opened_before)
        return self.state in {None, AttemptState.ENDED} and not any(other is not None for other in others)


class Statement(NamedTuple):
    sql: str
    args: Sequence[object]


Place = tuple[datetime, UUID]
"""When a call was opened, and its id: what calls are ordered by."""
_NEWEST = "order by opened_at desc, attempt_id desc"


class _Conditions:
    """A where clause in the making; `$1` is the tenant."""

    def __init__(self, tenant_id: TenantId) -> None:
        self.args: list[object] = [tenant_id]
        self.all = ["tenant_id = $1"]

    def add(self, condition: str, *values: object) -> None:
        """`condition` with `{}` for each value."""
        first = len(self.args) + 1
        self.args += values
        self.all.append(condition.format(*(f"${first + i}" for i in range(len(values)))))

    def argument(self, value: object) -> str:
        self.args.append(value)
        return f"${len(self.args)}"

    @property
    def sql(self) -> str:
        return " and ".join(self.all)


# What leads to the calls, the most selective first: `{}` is the value. What leads is compared bare.
_BARE = {
    "contact_id": "contact_id = {}",
    "phone": "phone = {}",
    "state": "state <> 'ended' and state = {}",
    "agent_id": "agent_id = {}",
    "campaign_id": "campaign_id = {}",
    "outcome": "outcome = {} and outcome is not null",
}
_FENCED = {
    "contact_id": "contact_id + 0 = {}",
    "phone": "phone || '' = {}",
    "state": "state || '' = {}",
    "agent_id": "agent_id + 0 = {}",
    "campaign_id": "campaign_id + 0 = {}",
    "outcome": "outcome || '' = {}",
}


def _leading(by: Filter) -> set[str]:
    """The filters whose index is used; none: that of the newest calls."""
    if by.contact_id is not None:
        return {"contact_id"}
    if by.phone is not None:
        return {"phone"}
    if by.state not in {None, AttemptState.ENDED}:
        return {"state", "campaign_id"}
    if by.agent_id is not None:
        return {"agent_id"}
    return {"campaign_id", "outcome"}


def _few(by: Filter) -> bool:
    """Whether what leads has so few calls that they are all read, and then sorted."""
    return by.contact_id is not None or by.phone is not None or by.state not in {None, AttemptState.ENDED}


def _conditions(tenant_id: TenantId, by: Filter, after: Place | None) -> _Conditions:
    where, leading = _Conditions(tenant_id), _leading(by)
    for name, bare in _BARE.items():
        value = getattr(by, name)
        if value is not None:
            where.add(bare if name in leading else _FENCED[name], value)
    if by.opened_from is not None:
        where.add("opened_at >= {}", by.opened_from)
    if by.opened_before is not None:
        where.add("opened_at < {}", by.opened_before)
    if after is not None:
        where.add("(opened_at, attempt_id) < ({}, {})", *after)
    return where


def _by_campaign(by: Filter) -> bool:
    """An outcome in all campaigns: its index begins with the campaign, so that each is asked by itself."""
    return by.outcome is not None and by.campaign_id is None and not _few(by) and by.agent_id is None


def page_of(tenant_id: TenantId, by: Filter, limit: int, offset: int = 0, after: Place | None = None) -> Statement:
    """The calls that match, newest first: `limit` of them, after `offset` others or behind a place."""
    where = _conditions(tenant_id, by, after)
    if _few(by):
        found = f"with found as materialized (select {COLUMNS} from attempt where {where.sql}) "
        sql = f"{found}select {COLUMNS} from found {_NEWEST}"
    elif _by_campaign(by):
        most = where.argument(limit + offset)
        sql = (
            f"select {COLUMNS} from (select campaign_id as of_campaign from campaign where tenant_id = $1) c "
            f"cross join lateral (select {COLUMNS} from attempt where {where.sql} and campaign_id = c.of_campaign "
            f"{_NEWEST} limit {most}::bigint) a {_NEWEST}"
        )
    else:
        sql = f"select {COLUMNS} from attempt where {where.sql} {_NEWEST}"
    sql += f" limit {where.argument(limit)}::bigint offset {where.argument(offset)}::bigint"
    return Statement(sql, where.args)


def count_of(tenant_id: TenantId, by: Filter) -> Statement:
    """How many calls match."""
    if by.kept:
        return _kept_count(tenant_id, by)
    where = _conditions(tenant_id, by, None)
    if _by_campaign(by):
        sql = (
            "select coalesce(sum(a.calls), 0)::bigint from "
            "(select campaign_id as of_campaign from campaign where tenant_id = $1) c cross join lateral "
            f"(select count(*) as calls from attempt where {where.sql} and campaign_id = c.of_campaign) a"
        )
        return Statement(sql, where.args)
    return Statement(f"select count(*) from attempt where {where.sql}", where.args)


def _kept_count(tenant_id: TenantId, by: Filter) -> Statement:
    ended = _Conditions(tenant_id)
    for column in ("campaign_id", "outcome"):
        if getattr(by, column) is not None:
            ended.add(f"{column} = {{}}", getattr(by, column))
    live = f"select count(*) from attempt where {ended.sql} and state <> 'ended'"
    with_live = f" + ({live})" if by.outcome is None and by.state is None else ""
    kept = f"(select coalesce(sum(calls), 0)::bigint from call_hour where {ended.sql})"
    return Statement(f"select {kept}{with_live}", ended.args)


async def page(conn: Connection, tenant_id: TenantId, by: Filter, limit: int, offset: int) -> tuple[list[Call], int]:
    """A page of the calls that match, newest first, and how many match."""
    wanted, counted = page_of(tenant_id, by, limit, offset), count_of(tenant_id, by)
    rows = await conn.fetch(wanted.sql, *wanted.args)
    return [Call._make(row) for row in rows], await conn.fetchval(counted.sql, *counted.args)


async def behind(conn: Connection, tenant_id: TenantId, by: Filter, after: Place | None, limit: int) -> list[Call]:
    """The next `limit` calls that match, from a place on: what a file of them all is made of."""
    wanted = page_of(tenant_id, by, limit, after=after)
    return [Call._make(row) for row in await conn.fetch(wanted.sql, *wanted.args)]


FIND = f"select {COLUMNS} from attempt where tenant_id = $1 and attempt_id = $2"


async def find(conn: Connection, tenant_id: TenantId, attempt_id: UUID) -> Call | None:
    row = await conn.fetchrow(FIND, tenant_id, attempt_id)
    return None if row is None else Call._make(row)


CONTACT_EXISTS = "select exists (select from contact where tenant_id = $1 and campaign_id = $2 and contact_id = $3)"


async def contact_exists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, contact_id: ContactId) -> bool:
    return await conn.fetchval(CONTACT_EXISTS, tenant_id, campaign_id, contact_id)
