"""Why nobody is being called, in the database: each question is one snapshot, so its counts add up."""

from dataclasses import dataclass
from datetime import datetime

from tongdai.calls.diagnostics.campaign_snapshot import (
    CampaignKey,
    CampaignSnapshot,
    fetch,
    read_campaign,
    snapshot,
    value,
)
from tongdai.calls.diagnostics.pending import Blocked, blocked_counts, zone_counts
from tongdai.calls.diagnostics.rules import ContactState, PendingReason, Waiting, waiting
from tongdai.calls.model import CallState
from tongdai.calls.number_cap import blocked_until
from tongdai.campaigns.settings.rules import number_caps
from tongdai.contacts.in_call import phone
from tongdai.db.pool import Connection
from tongdai.do_not_call.rule import is_listed, listing
from tongdai.ids import ContactId


@dataclass(frozen=True, slots=True)
class CampaignDiagnosis:
    campaign: CampaignSnapshot
    counts: dict[PendingReason, int]
    next_open_at: datetime | None
    """When the first contact outside its calling window may be called."""
    next_due_at: datetime | None
    """When the first contact that waits for a retry is due."""


# Contact by contact, up to the first that is on no list: its condition is fenced (db/plans.py).
NEXT_DUE = f"""
select min(first.due_at) from unnest($3::text[]) as zones (name)
join time_zone z on z.name = zones.name
cross join lateral (
    select due.due_at from contact_due due cross join lateral (
        select number from contact where tenant_id = $1 and contact_id = due.contact_id limit 1
    ) c
    where due.tenant_id = $1 and due.campaign_id = $2 and due.zone = z.zone and due.due_at > now()
        and not {is_listed(phone("c"), "$2")}
    order by due.due_at, due.contact_id limit 1
) first
"""


async def diagnose_campaign(conn: Connection, key: CampaignKey, default_sound: str) -> CampaignDiagnosis | None:
    """Why each pending contact of a campaign is not being called; None when there is no such campaign."""
    async with snapshot(conn):
        campaign = await read_campaign(conn, key, default_sound)
        if campaign is None:
            return None
        pending = campaign.state.pending
        blocked = await blocked_counts(conn, key, pending, number_caps(campaign.settings))
        on_dnc = [count for reason, count in blocked if reason is PendingReason.DO_NOT_CALL]
        found = waiting(campaign.rules, await zone_counts(conn, key, pending), on_dnc)
        next_due = await value(conn, NEXT_DUE, *key, list(found.known_zones)) if found.later else None
    in_call, over = (
        _due(blocked, reason, found) for reason in (PendingReason.NUMBER_IN_CALL, PendingReason.OVER_NUMBER_CAP)
    )
    counts = {
        PendingReason.CALLABLE_NOW: found.due - in_call - over,
        PendingReason.WAITING_FOR_WINDOW: found.window,
        PendingReason.WAITING_FOR_RETRY: found.later,
        PendingReason.ZONE_UNKNOWN: found.zone_unknown,
        PendingReason.DO_NOT_CALL: sum(count.pending for count in on_dnc),
        PendingReason.NUMBER_IN_CALL: in_call,
        PendingReason.OVER_NUMBER_CAP: over,
    }
    return CampaignDiagnosis(campaign, counts, found.next_open_at, next_due)


def _due(blocked: list[Blocked], reason: PendingReason, found: Waiting) -> int:
    """The number of contacts blocked by this reason alone: they are due, and their window is open."""
    return sum(one.pending - one.later for why, one in blocked if why is reason and one.zone in found.open_zones)


CONTACT = f"""
select case when live.contact_id = c.contact_id then 1 else c.process_status end as process_status, c.call_status,
    z.name as zone, coalesce(due.due_at, c.created_at) as due_at,
    case when live.contact_id = c.contact_id then live.state end as state,
    live.contact_id is not null as busy, listed.lists, listed.until_at, called.until_at as called_until
from contact c
join time_zone z on z.zone = c.zone
left join contact_due due on due.tenant_id = $1 and due.contact_id = c.contact_id
left join lateral (
    select contact_id, state from live_call where tenant_id = $1 and phone = {phone("c")} limit 1
) live on true
cross join lateral (
    {listing(phone("c"), "$2", also=", string_agg(l.name, ', ' order by l.dnc_list_id) as lists")}
) listed
cross join lateral (
    {blocked_until(phone("c"), "$4", "$5")}
) called
where c.tenant_id = $1 and c.campaign_id = $2 and c.contact_id = $3
"""


@dataclass(frozen=True, slots=True)
class ContactDiagnosis:
    """One contact."""

    campaign: CampaignSnapshot
    process_status: int
    contact: ContactState
    call_state: CallState | None
    """State of the contact's own active call."""


async def diagnose_contact(
    conn: Connection, key: CampaignKey, contact_id: ContactId, default_sound: str
) -> ContactDiagnosis | None:
    """Read what decides whether a contact is called; None when the campaign has no such contact."""
    async with snapshot(conn):
        campaign = await read_campaign(conn, key, default_sound)
        if campaign is None:
            return None
        caps = number_caps(campaign.settings)
        calls, periods = [one.calls for one in caps], [one.period for one in caps]
        row = next(iter(await fetch(conn, CONTACT, *key, contact_id, calls, periods)), None)
    if row is None:
        return None
    contact = ContactState(
        row["zone"],
        row["due_at"],
        row["call_status"],
        on_dnc=row["lists"] is not None,
        dnc_until=row["until_at"],
        dnc_list=row["lists"],
        number_in_call=row["busy"],
        capped_until=row["called_until"],
    )
    call_state = None if row["state"] is None else CallState(row["state"])
    return ContactDiagnosis(campaign, row["process_status"], contact, call_state)
