"""Wrap-up codes and rules in the database, and the wrap-ups of agents under a rule.

A code is never deleted: one that is retired is no longer offered, and the calls that have it keep it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from tongdai.agents import store as agents
from tongdai.agents.history.record import RECORDED
from tongdai.agents.model import Agent
from tongdai.agents.rows import COLUMNS, OF_AGENT, agent_or_none
from tongdai.agents.wrap_up.model import DEFAULT_RULE, MAX_CODES, Code, CodeRefusal, Flags, Rule, RuleOwner, WrapUpMode
from tongdai.calls import segments
from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, CodeId, TenantId

_COLUMNS = "code_id, name, success, callback, do_not_call, number_unusable"
CODES = f"select {_COLUMNS} from wrap_up_code where tenant_id = $1 and retired_at is null order by code_id"
ALL_CODES = f"select {_COLUMNS} from wrap_up_code where tenant_id = $1 order by code_id"
FIND = f"select {_COLUMNS} from wrap_up_code where tenant_id = $1 and code_id = $2 and retired_at is null"
CREATE = """
insert into wrap_up_code (tenant_id, name, success, callback, do_not_call, number_unusable)
values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, name) where retired_at is null do nothing returning code_id
"""
HOLD = f"{FIND} for update"
NAMED = "select true from wrap_up_code where tenant_id = $1 and name = $2 and code_id <> $3 and retired_at is null"
CHANGE = """
update wrap_up_code set name = $3, success = $4, callback = $5, do_not_call = $6, number_unusable = $7
where tenant_id = $1 and code_id = $2
"""
RETIRE = """
with clock as materialized (
    select now() as now_at
)
update wrap_up_code set retired_at = clock.now_at from clock
where tenant_id = $1 and code_id = $2 and retired_at is null returning name
"""
# One request at a time changes the codes of a tenant.
LOCK = "select pg_advisory_xact_lock(hashtextextended('wrap_up_code', $1))"


async def codes(conn: Connection, tenant_id: TenantId, *, retired: bool = False) -> list[Code]:
    """The codes of a tenant, by id; with the retired ones if asked for."""
    return [_code(row) for row in await conn.fetch(ALL_CODES if retired else CODES, tenant_id)]


async def find(conn: Connection, tenant_id: TenantId, code_id: CodeId) -> Code | None:
    """A code that is not retired."""
    row = await conn.fetchrow(FIND, tenant_id, code_id)
    return None if row is None else _code(row)


def _code(row: asyncpg.Record) -> Code:
    code_id, name, *flags = row
    return Code(code_id, name, Flags(*flags))


def _contradicts(flags: Flags) -> bool:
    return flags.callback and (flags.do_not_call or flags.number_unusable)


async def create(
    conn: Connection, tenant_id: TenantId, name: str, flags: Flags, by: Author | None
) -> CodeId | CodeRefusal:
    if _contradicts(flags):
        return CodeRefusal.CONTRADICTS
    async with conn.transaction():
        await conn.fetchval(LOCK, tenant_id)
        if len(await codes(conn, tenant_id)) >= MAX_CODES:
            return CodeRefusal.TOO_MANY
        code_id: CodeId | None = await conn.fetchval(CREATE, tenant_id, name, *flags)
        if code_id is None:
            return CodeRefusal.NAME_TAKEN
        await audit.record(conn, tenant_id, by, "wrap_up_code.create", f"wrap-up code {code_id}", {"name": name})
    return code_id


async def change(
    conn: Connection, tenant_id: TenantId, code_id: CodeId, sent: dict[str, Any], by: Author | None
) -> CodeRefusal | None:
    """Change the fields `sent` of a code: `name`, and those of Flags. Calls that have the code are not touched."""
    async with conn.transaction():
        await conn.fetchval(LOCK, tenant_id)
        row = await conn.fetchrow(HOLD, tenant_id, code_id)
        if row is None:
            return CodeRefusal.NO_CODE
        before = _code(row)
        name = sent.get("name", before.name)
        flags = before.flags._replace(**{field: value for field, value in sent.items() if field != "name"})
        if _contradicts(flags):
            return CodeRefusal.CONTRADICTS
        if await conn.fetchval(NAMED, tenant_id, name, code_id):
            return CodeRefusal.NAME_TAKEN
        await conn.execute(CHANGE, tenant_id, code_id, name, *flags)
        await audit.record(conn, tenant_id, by, "wrap_up_code.change", f"wrap-up code {code_id}", sent)
    return None


async def retire(conn: Connection, tenant_id: TenantId, code_id: CodeId, by: Author | None) -> bool:
    async with conn.transaction():
        name = await conn.fetchval(RETIRE, tenant_id, code_id)
        if name is None:
            return False
        await audit.record(conn, tenant_id, by, "wrap_up_code.retire", f"wrap-up code {code_id}", {"name": name})
    return True


_OF = "tenant_id = $1 and (campaign_id = $2::bigint or queue_id = $3::bigint)"
FIND_RULE = f"select mode, wrap_up_s, codes from wrap_up_rule where {_OF}"
EXISTS = """
select exists (select from campaign where tenant_id = $1 and campaign_id = $2::bigint)
    or exists (select from inbound_queue where tenant_id = $1 and queue_id = $3::bigint)
"""
_SET = "do update set mode = excluded.mode, wrap_up_s = excluded.wrap_up_s, codes = excluded.codes"
_PUT = """
insert into wrap_up_rule (tenant_id, campaign_id, queue_id, mode, wrap_up_s, codes) values ($1, $2, $3, $4, $5, $6)
"""
PUT_OF_CAMPAIGN = f"{_PUT} on conflict (tenant_id, campaign_id) {_SET}"
PUT_OF_QUEUE = f"{_PUT} on conflict (tenant_id, queue_id) {_SET}"


async def exists(conn: Connection, tenant_id: TenantId, owner: RuleOwner) -> bool:
    """Whether there is such a campaign or queue."""
    return await conn.fetchval(EXISTS, tenant_id, owner.campaign_id, owner.queue_id)


async def rule(conn: Connection, tenant_id: TenantId, owner: RuleOwner) -> Rule:
    """The rule of a campaign or queue; codes that were retired since are left out."""
    row = await conn.fetchrow(FIND_RULE, tenant_id, owner.campaign_id, owner.queue_id)
    if row is None:
        return DEFAULT_RULE
    offered = row["codes"]
    if offered is not None:
        present = {code.code_id for code in await codes(conn, tenant_id)}
        offered = tuple(code_id for code_id in offered if code_id in present)
    return Rule(WrapUpMode(row["mode"]), row["wrap_up_s"], offered)


async def set_rule(
    conn: Connection, tenant_id: TenantId, owner: RuleOwner, new: Rule, by: Author | None
) -> CodeId | None:
    """Set the rule of a campaign or queue that exists; the first code that there is not, if any, and nothing is set."""
    async with conn.transaction():
        await conn.fetchval(LOCK, tenant_id)
        present = {code.code_id for code in await codes(conn, tenant_id)}
        missing = next((code_id for code_id in new.codes or () if code_id not in present), None)
        if missing is not None:
            return missing
        put = PUT_OF_QUEUE if owner.campaign_id is None else PUT_OF_CAMPAIGN
        await conn.execute(put, tenant_id, owner.campaign_id, owner.queue_id, new.mode, new.timed_s, new.codes)
        subject = f"queue {owner.queue_id}" if owner.campaign_id is None else f"campaign {owner.campaign_id}"
        await audit.record(conn, tenant_id, by, "wrap_up.rule", subject, {"mode": new.mode})
    return None


# A call that has its code already is wrapped up by the agent's own time.
APPLY_RULES = f"""
with ruled as materialized (
    select s.agent_id, a.state_since + make_interval(secs => coalesce(r.wrap_up_s, 0)) as over_at, r.mode
    from open_segment s join call c on c.tenant_id = $1 and c.call_id = s.call_id
    join agent a on a.tenant_id = $1 and a.agent_id = s.agent_id
    join wrap_up_rule r on r.tenant_id = $1 and (r.campaign_id = c.campaign_id or r.queue_id = c.queue_id)
    where s.tenant_id = $1 and s.call_id = any($2::uuid[]) and s.kind = 'wrap_up' and a.state = 'wrap_up'
        and r.mode <> '{WrapUpMode.OPTIONAL}' and c.wrap_up_code_id is null
)
update agent set code_needed = true,
    wrap_up_until = case when ruled.mode = '{WrapUpMode.TIMED}' then ruled.over_at end
from ruled where agent.tenant_id = $1 and agent.agent_id = ruled.agent_id
"""


async def apply_rules(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID]) -> None:
    """Have the wrap-ups of calls that have just ended, or that continue without their agent, last as their campaign or
    queue says. In the transaction of the end, after agents/store.freed."""
    await conn.execute(APPLY_RULES, tenant_id, call_ids)


_OF_CALL = """tenant_id = $1 and state = 'wrap_up' and agent_id = any(array(
    select agent_id from open_segment where tenant_id = $1 and call_id = $2 and kind = 'wrap_up'
))"""
END = f"""
with changed as (
    update agent set {agents.FREE} where {_OF_CALL} returning agent.*
), {RECORDED}
select {COLUMNS} from changed
"""
CODED = f"update agent set code_needed = false where {_OF_CALL} returning {OF_AGENT}"


async def coded(conn: Connection, tenant_id: TenantId, call_id: UUID, *, ends: bool) -> Agent | None:
    """The agent who wraps up a call has set its code: wrap_up → the next state, or idle; without `ends` the agent
    stays, and may end the wrap-up. None: nobody wraps it up."""
    agent = agent_or_none(await conn.fetchrow(END if ends else CODED, tenant_id, call_id))
    if agent is not None and ends:
        await segments.end_wrap_ups(conn, tenant_id, [agent.agent_id])
    return agent
