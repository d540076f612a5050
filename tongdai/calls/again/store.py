"""Calls contacts again: processed contacts become due, in the database.

A contact keeps the outcome of its last call, and its earlier calls count for frequency caps and retry rules as before.
Whoever is on a do-not-call list stays processed, and so does who has had all calls that the campaign's frequency cap
allows; where the cap has a period, the contact is due when it allows another call. All else that may forbid a call (the
window, the cap of the number) is asked when the contact is claimed, as always.

Locks are taken in the order contact, contact_due, counters, as by the end of a call.
"""

from typing import Any

import asyncpg

from tongdai.calls.again.model import CallAgainResult, NotProcessed, Selection
from tongdai.calls.sql import ENDED, month_of
from tongdai.campaigns.settings.values import EVER, FrequencyCap
from tongdai.contacts.changes.log import logged
from tongdai.contacts.in_call import phone, process_status
from tongdai.contacts.store import MOVED
from tongdai.db import audit
from tongdai.db.plans import by_index
from tongdai.db.pool import Connection
from tongdai.do_not_call.rule import is_listed
from tongdai.ids import Author, CampaignId, ContactId, TenantId

AT_ONCE = 5000
"""Contacts of one transaction."""

# List by list, each through the index of its states; those that come first by id are looked at, and no others.
_OF_LISTS = """
    select contact_id from contact_list l cross join lateral (
        select contact_id from contact
        where tenant_id = $1 and list_id = l.list_id and process_status = 2 and contact_id > $6
            and ($5::text[] is null or call_status = any($5))
        order by contact_id limit $7
    ) of_list
    where l.tenant_id = $1 and l.campaign_id = $2 and ($4::bigint is null or l.list_id = $4)
        and $3::bigint[] is null
    order by contact_id limit $7
"""
_NAMED = """
    select contact_id from contact
    where tenant_id = $1 and contact_id = any($3::bigint[]) and campaign_id = $2 and process_status + 0 = 2
        and ($4::bigint is null or list_id = $4) and ($5::text[] is null or call_status = any($5)) and contact_id > $6
    order by contact_id limit $7
"""
# $8 and $9: the frequency cap of a contact, its period null for all time.
_CHOSEN = f"""
with clock as materialized (
    select clock_timestamp() as now_at
), selected as materialized (
    select contact_id from (({_OF_LISTS}) union all ({_NAMED})) found
), chosen as materialized (
    select c.contact_id, c.list_id, c.zone, c.number, c.call_status from (select * from selected order by contact_id) s
    cross join lateral (
        select contact_id, list_id, zone, number, call_status from contact
        where tenant_id = $1 and contact_id = s.contact_id and process_status + 0 = 2 limit 1{{lock}}
    ) c
), judged as materialized (
    select chosen.*, clock.now_at, {is_listed(phone("chosen"), "$2", "clock.now_at")} as listed, nth.dialled_at,
        nth.dialled_at + $9::interval as free_at
    from clock cross join chosen left join lateral (
        select dialled_at from call
        where tenant_id = $1 and contact_id = chosen.contact_id and {ENDED} and dialled_at is not null
            and ($9::interval is null or ended_month >= {month_of("clock.now_at - $9::interval")})
        order by opened_at desc offset $8::bigint - 1 limit 1
    ) nth on $8::bigint is not null
), again as materialized (
    select *, greatest(now_at, free_at) as due_at from judged
    where not listed and not (dialled_at is not null and $9::interval is null)
)
"""
_SELECT = """
select (select max(contact_id) from selected) as last,
    (select count(*) from judged where listed) as listed,
    (select count(*) from judged where not listed) - (select count(*) from again) as over_cap,
    coalesce((
        select jsonb_object_agg(call_status, contacts)
        from (select coalesce(call_status, '') as call_status, count(*) as contacts from again group by 1) counted
    ), '{}') as by_call_status
"""
COUNT = _CHOSEN.format(lock="") + _SELECT
RESET = f"""{_CHOSEN.format(lock=" for update")}, moved as (
    update contact c set process_status = 0, in_run = false, changed_in = default from again
    where c.tenant_id = $1 and c.contact_id = again.contact_id
), {logged("again")}, queued as (
    insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
    select $1, contact_id, $2, due_at, zone from again
), changes as (
    select $1 as tenant_id, $2::bigint as campaign_id, again.list_id, change.process_status, change.call_status,
        change.contacts
    from again cross join lateral (values (2, call_status, -1), (0, call_status, 1))
        change (process_status, call_status, contacts)
), {MOVED}
{_SELECT}"""


async def count(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    selection: Selection,
    cap: FrequencyCap | None,
    after: ContactId,
    *,
    at_once: int = AT_ONCE,
) -> CallAgainResult:
    """Count what `reset` would do now with the next `at_once` of the selected contacts."""
    return _called(await by_index(conn, COUNT, *_arguments(tenant_id, campaign_id, selection, cap, after, at_once)))


async def reset(
    conn: Connection,
    tenant_id: TenantId,
    campaign_id: CampaignId,
    selection: Selection,
    cap: FrequencyCap | None,
    after: ContactId,
    by: Author,
    *,
    at_once: int = AT_ONCE,
) -> CallAgainResult:
    """Make the next `at_once` of the selected contacts, those with an id above `after`, due again."""
    async with conn.transaction():
        done = _called(await by_index(conn, RESET, *_arguments(tenant_id, campaign_id, selection, cap, after, at_once)))
        if done.due:
            await audit.record(
                conn, tenant_id, by, "contacts.call_again", f"campaign {campaign_id}", _detail(selection, done)
            )
    return done


NAMED_NOT_PROCESSED = f"""
select count(*) as named, count(*) filter (where found.process_status = 0) as pending,
    count(*) filter (where found.process_status = 1) as in_call
from (
    select {process_status("contact")} from contact
    where tenant_id = $1 and contact_id = any($3::bigint[]) and campaign_id = $2
        and ($4::bigint is null or list_id = $4) and ($5::text[] is null or call_status = any($5))
) found
"""
NOT_PROCESSED = """
select coalesce(sum(contacts) filter (where process_status = 0), 0)::bigint as pending,
    coalesce(sum(contacts) filter (where process_status = 1), 0)::bigint as in_call
from contact_counter
where tenant_id = $1 and campaign_id = $2 and process_status < 2 and ($3::bigint is null or list_id = $3)
    and ($4::text[] is null or call_status = any($4))
"""


async def not_processed(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, selection: Selection
) -> NotProcessed:
    """Count the selected contacts that are pending or in a call, and the named ones that there are not."""
    if selection.contact_ids is None:
        row = await conn.fetchrow(NOT_PROCESSED, tenant_id, campaign_id, selection.list_id, selection.call_statuses)
        assert row is not None
        return NotProcessed(row["pending"], row["in_call"], 0)
    ids = set(selection.contact_ids)
    row = await conn.fetchrow(
        NAMED_NOT_PROCESSED, tenant_id, campaign_id, list(ids), selection.list_id, selection.call_statuses
    )
    assert row is not None
    return NotProcessed(row["pending"], row["in_call"], len(ids) - row["named"])


def _arguments(
    tenant_id: TenantId,
    campaign_id: CampaignId,
    selection: Selection,
    cap: FrequencyCap | None,
    after: ContactId,
    at_once: int,
) -> tuple[object, ...]:
    return (
        tenant_id,
        campaign_id,
        selection.contact_ids,
        selection.list_id,
        selection.call_statuses,
        after,
        at_once,
        None if cap is None else cap.calls,
        None if cap is None or cap.period == EVER else cap.period,
    )


def _called(rows: list[asyncpg.Record]) -> CallAgainResult:
    (row,) = rows
    return CallAgainResult(row["by_call_status"], row["listed"], row["over_cap"], row["last"])


def _detail(selection: Selection, done: CallAgainResult) -> dict[str, Any]:
    named = selection.contact_ids
    return {
        "contactIds": None if named is None else list(named),
        "listId": selection.list_id,
        "callStatus": selection.call_statuses,
        "dueAgain": done.due,
        "last": done.last,
    }


LIST_EXISTS = "select exists (select from contact_list where tenant_id = $1 and campaign_id = $2 and list_id = $3)"


async def list_exists(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId, list_id: int) -> bool:
    return await conn.fetchval(LIST_EXISTS, tenant_id, campaign_id, list_id)
