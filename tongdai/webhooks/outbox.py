"""The outbox: events of a tenant, written by the transaction of what they tell, a row for each webhook that wants it.

    transaction of the change ── publish, publish_calls ──▶ webhook_outbox ── deliveries/worker ──▶ the receiver

What is committed is delivered at least once; what is rolled back was never published. Any module may publish: an event
is a member of `model.Event`, and its data an object of JSON.

Where a change is frequent, its statement asks beside its result whether anybody wants to know (`subscribed`): an index
look-up of the few webhooks of the tenant, without a round trip. Only then is anything written.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tongdai.call_outcome import InboundOutcome
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.webhooks.model import SEQUENCE, Event

ENDS = (Event.CALL_ENDED, Event.CALL_MISSED, Event.CONTACT_OUTCOME)
"""The events of the end of a call."""


def subscribed(*events: Event) -> str:
    """An SQL condition: somebody wants to know of one of the events of tenant $1."""
    named = ",".join(events)
    return f"exists (select from webhook where tenant_id = $1 and enabled and events && '{{{named}}}'::text[])"


PUBLISH = """
insert into webhook_outbox (tenant_id, webhook_id, event, occurred_at, data)
select $1, webhook_id, $2, clock_timestamp(), sent.data
from webhook cross join unnest($3::jsonb[]) as sent (data)
where tenant_id = $1 and enabled and events @> array[$2::text]
"""


async def publish(conn: Connection, tenant_id: TenantId, event: Event, *data: Mapping[str, Any]) -> None:
    """Publish events of one kind, in the transaction of their changes."""
    assert conn.is_in_transaction(), "published in the transaction of the change"
    if data:
        await conn.execute(PUBLISH, tenant_id, event, list(data))


_SEQUENCES = ", ".join(f"('{event}', {order})" for event, order in SEQUENCE.items())
_NOT_MISSED = ", ".join(
    f"'{outcome}'" for outcome in (InboundOutcome.ANSWERED, InboundOutcome.CALLBACK, InboundOutcome.REFUSED)
)
_SINCE = "date_trunc('month', now() at time zone 'UTC' - interval '1 day')::date"
"""The months before are not searched: a call that has just ended is in this one, a live one in none."""
_DATA = f"""jsonb_build_object(
    'callId', c.call_id, 'direction', c.direction, 'phoneNumber', c.phone, 'calledNumber', c.called,
    'state', c.state, 'outcome', c.outcome, 'campaignId', c.campaign_id, 'contactId', c.contact_id,
    'externalId', k.external_id, 'queueId', c.queue_id, 'agentId', c.agent_id, 'agentName', a.name,
    'callerId', p.caller_id, 'openedAt', c.opened_at, 'ringingAt', c.ringing_at, 'answeredAt', c.answered_at,
    'connectedAt', c.connected_at, 'endedAt', c.ended_at, 'hangupCause', c.hangup_cause, 'sipStatus', c.sip_status,
    'wrapUpCodeId', c.wrap_up_code_id, 'nextCallAt', c.due_again_at, 'listId', k.list_id,
    'processStatus', k.process_status, 'callStatus', k.call_status, 'country', t.country, 'zone', t.zone
) || jsonb_build_object('holdSec', case when c.ended_at is not null then coalesce((
    select sum(extract(epoch from s.ended_at - s.started_at)) from segment s
    where s.tenant_id = $1 and s.call_id = c.call_id and s.kind in ('hold', 'consult') and s.ended_month >= {_SINCE}
), 0)::float8 end)"""  # noqa: S608 - names of ours
_AT = """case
    when wanted.event = 'call.ringing' then c.ringing_at
    when wanted.event in ('call.ended', 'call.missed', 'contact.outcome') then c.ended_at
    when c.direction = 'inbound' then c.connected_at
    else c.answered_at
end"""
CALLS = f"""
insert into webhook_outbox (tenant_id, webhook_id, event, occurred_at, sequence, data)
select $1, w.webhook_id, wanted.event, coalesce({_AT}, clock_timestamp()), wanted.sequence, {_DATA}
from unnest($2::uuid[]) as sent (call_id)
cross join lateral (
    select * from call where tenant_id = $1 and call_id = sent.call_id and ended_month >= {_SINCE}
    order by ended_month limit 1
) c
join tenant t on t.tenant_id = $1
join (values {_SEQUENCES}) as wanted (event, sequence) on wanted.event = any($3::text[])
join webhook w on w.tenant_id = $1 and w.enabled and w.events @> array[wanted.event]
left join campaign p on p.tenant_id = $1 and p.campaign_id = c.campaign_id
left join contact k on k.tenant_id = $1 and k.contact_id = c.contact_id
left join agent a on a.tenant_id = $1 and a.agent_id = c.agent_id
where case wanted.event
        when 'call.missed' then
            c.direction = 'inbound' and c.connected_at is null and c.outcome not in ({_NOT_MISSED})
        when 'contact.outcome' then c.contact_id is not null
        else true end
order by c.call_id, wanted.sequence
"""  # noqa: S608 - names of ours


async def publish_calls(conn: Connection, tenant_id: TenantId, call_ids: Sequence[UUID], *events: Event) -> None:
    """Publish events of calls of a tenant as they are now, in the transaction that changed them. Which were missed is
    found here."""
    assert conn.is_in_transaction(), "published in the transaction of the change"
    if call_ids:
        await conn.execute(CALLS, tenant_id, sorted(call_ids), list(events))
