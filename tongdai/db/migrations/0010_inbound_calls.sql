-- Calls to queues, live beside those to contacts.

-- A number may call while it is in a call, and any number of callers
-- withhold theirs: what is unique is the channel. A call to a contact has none.
alter table call add column channel text;      -- of a live inbound call: the switch's id of its channel
drop index live_call_number;
create unique index live_call_number on live_call (tenant_id, phone, channel) nulls not distinct;
alter table call
    drop constraint call_check3,
    add constraint call_dialled check (dialled_at is not null or direction = 'inbound' or state in ('claimed', 'ended')),
    add constraint call_channel check (state = 'ended' or (direction = 'inbound') = (channel is not null)),
    drop constraint call_outcome_check,
    add constraint call_outcome_check check (outcome in (
        'answered', 'no_answer', 'busy', 'failed', 'invalid_number', 'machine', 'abandoned', 'cancelled', 'lost', 'dnc',
        'out_of_window', 'overflow', 'closed', 'refused'
    ));
