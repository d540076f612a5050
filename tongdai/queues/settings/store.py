"""Settings of queues in the database. The selector of agents is a column of the queue, which the vendor documents."""

from typing import Any

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, QueueId, TenantId
from tongdai.queues.destinations.model import of_stored, stored_form
from tongdai.queues.hours import store as hours
from tongdai.queues.hours.core import open_at
from tongdai.queues.hours.model import Closed
from tongdai.queues.model import CallbackMode, QueueRules, Selector, SkillRule, Strategy
from tongdai.queues.settings.core import rules_of
from tongdai.queues.settings.model import DESTINATIONS, NAMES, Change, QueueSettings
from tongdai.recordings.model import Wish

COLUMNS = tuple(name for name in NAMES if name != "agent_selector")
FIND = f"""
select q.name, q.strategy, q.moh_file, q.max_wait_s, q.announce_position, q.agent_selector,
    s.queue_id is not null as has_settings, {", ".join(f"s.{name}" for name in COLUMNS)}
from inbound_queue q left join queue_setting s on s.tenant_id = $1 and s.queue_id = q.queue_id
where q.tenant_id = $1 and q.queue_id = $2
"""


async def find(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> QueueSettings | None:
    """The settings of a queue; None: there is no such queue."""
    row = await conn.fetchrow(FIND, tenant_id, queue_id)
    return None if row is None else _settings(row)


def _settings(row: asyncpg.Record) -> QueueSettings:
    selector = None if row["agent_selector"] is None else Selector(row["agent_selector"])
    if not row["has_settings"]:
        return QueueSettings(agent_selector=selector)
    return QueueSettings(**{name: _loaded(name, row[name]) for name in COLUMNS}, agent_selector=selector)


def _loaded(name: str, value: Any) -> Any:
    if name in DESTINATIONS:
        return of_stored(value)
    if name == "callback_mode":
        return CallbackMode(value)
    if name == "recording":
        return Wish(value)
    return tuple(SkillRule(*each) for each in value) if name == "skills" else value


def _stored(name: str, value: Any) -> Any:
    if name in DESTINATIONS:
        return stored_form(value)
    return [(each.skill, each.level) for each in value] if name == "skills" else value


_SET = ",\n    ".join(
    f"{name} = case when ${3 + 2 * place} then ${4 + 2 * place} else {name} end" for place, name in enumerate(COLUMNS)
)
HOLD = "select true from inbound_queue where tenant_id = $1 and queue_id = $2 for no key update"
ADD = "insert into queue_setting (tenant_id, queue_id) values ($1, $2) on conflict do nothing"
# Sets only the fields that are sent, so that concurrent changes of different fields both hold.
CHANGE = f"update queue_setting set\n    {_SET}\nwhere tenant_id = $1 and queue_id = $2"
SELECT = "update inbound_queue set agent_selector = $3 where tenant_id = $1 and queue_id = $2"


async def hold(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> bool:
    """Lock a queue for a change of its settings, until the transaction ends; False when there is none."""
    return bool(await conn.fetchval(HOLD, tenant_id, queue_id))


async def change(conn: Connection, tenant_id: TenantId, queue_id: QueueId, sent: Change, by: Author | None) -> None:
    """Change settings of a queue that is held."""
    await conn.execute(ADD, tenant_id, queue_id)
    pairs = [part for name in COLUMNS for part in (name in sent, _stored(name, sent[name]) if name in sent else None)]
    await conn.execute(CHANGE, tenant_id, queue_id, *pairs)
    if "agent_selector" in sent:
        await conn.execute(SELECT, tenant_id, queue_id, sent["agent_selector"])
    await audit.record(conn, tenant_id, by, "queue.settings", f"queue {queue_id}", {"settings": sorted(sent)})


async def rules(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> QueueRules | None:
    """The rules of a queue for a caller who arrives now; None: there is no such queue."""
    row = await conn.fetchrow(FIND, tenant_id, queue_id)
    if row is None:
        return None
    opening = await hours.find(conn, tenant_id, queue_id)
    if opening is None:
        return None
    when = await hours.rules(conn, tenant_id, opening)
    return rules_of(
        queue_id,
        row["name"],
        Strategy(row["strategy"]),
        _settings(row),
        moh_file=row["moh_file"],
        max_wait_s=row["max_wait_s"],
        announce_position=row["announce_position"],
        country=opening.country,
        closed=when.after_hours if isinstance(open_at(when, opening.now), Closed) else None,
    )
