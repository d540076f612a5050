"""When contacts are due, in SQL: runs of contacts that were never claimed, and contacts with a due time of their own.

A contact that is not processed is in exactly one of three places:

    inserted with many of its zone ──▶ contact_run ──claim──▶ active call ──end──▶ processed
    inserted singly, or with few   ──▶ contact_due ──claim──▶     │
                                            ▲───────end───────────┘ (rescheduled)

A run (table contact_run) is a range of ids with a cursor: it holds the contacts of its campaign and zone with an id
from next_id to last_id whose in_run is set. So an import writes no row per contact here, the claim changes one row for
50 contacts, and no claim reads again what was claimed. Every other contact that waits is a row of contact_due,
which the claim deletes and the end of a call inserts.

A statement that removes a contact from the middle of a run (DELETE, PATCH of the zone, undo, a preview that is called)
clears its in_run or deletes it, and decrements the count of the run: LEAVE_RUNS. A run ends with its last contact; the
diagnostics add up the counts.

Invariants, checked by the tables and by tests: the runs of a campaign and zone are disjoint (their ids are taken under
the campaign's advisory lock); pending in contact_counter = sum of contact_run.contacts + rows of contact_due.

Locks: docs/architecture.md, "Lock order". The claim skips a locked contact and leaves the cursor of its run before it.
"""

LEAVE_RUNS = """
holding as materialized (
    select leaving_run.contact_id, r.zone, r.first_id, r.contacts, r.due_at
    from (select contact_id, zone from leaving_run order by zone, contact_id) leaving_run
    cross join lateral (
        select zone, first_id, next_id, last_id, contacts, due_at from contact_run
        where tenant_id = $1 and campaign_id = $2 and zone = leaving_run.zone and first_id <= leaving_run.contact_id
        order by first_id desc limit 1 for update
    ) r
    where leaving_run.contact_id between r.next_id and r.last_id
), losing as (
    select zone, first_id, contacts, count(*) as gone from holding group by zone, first_id, contacts
), shrunk_runs as (
    update contact_run r set contacts = losing.contacts - losing.gone from losing
    where r.tenant_id = $1 and r.campaign_id = $2 and r.zone = losing.zone and r.first_id = losing.first_id
        and losing.contacts > losing.gone
), ended_runs as (
    delete from contact_run r using losing
    where r.tenant_id = $1 and r.campaign_id = $2 and r.zone = losing.zone and r.first_id = losing.first_id
        and losing.contacts = losing.gone
)
"""
"""CTEs that remove contacts from their runs. The caller provides `leaving_run`: contact_id and zone of contacts of
campaign $2, locked or deleted before, whose in_run is or was set; it also clears in_run. `holding` returns those of
them that are still in a run (its cursor has not passed them), with its due_at."""


def in_run(run: str, zone: str, limit: str) -> str:
    """The first contacts that a run holds. `+ 0`: db/plans.py."""
    return f"""
        select contact_id from contact
        where tenant_id = $1 and contact_id between {run}.next_id and {run}.last_id and campaign_id + 0 = $2
            and zone = {zone} and in_run and process_status + 0 = 0
        order by contact_id limit {limit}
    """  # noqa: S608 - our own names


WAITING_ZONES = """
with recursive due_zones as (
    (select zone from contact_due where tenant_id = $1 and campaign_id = $2 order by zone, due_at, contact_id limit 1)
    union all
    select next.zone from due_zones cross join lateral (
        select zone from contact_due where tenant_id = $1 and campaign_id = $2 and zone > due_zones.zone
        order by zone, due_at, contact_id limit 1
    ) next
), zones as (
    select z.zone, z.name from (
        select zone from due_zones
        union select zone from contact_run where tenant_id = $1 and campaign_id = $2
    ) waiting join time_zone z on z.zone = waiting.zone
)
"""
"""CTEs: `zones` returns number and name of the time zones in which contacts of campaign $2 wait, due or not.

A skip scan: one index look-up per zone, however many contacts there are."""
