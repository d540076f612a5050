-- Callbacks: callers who leave their place in a queue to a row, and calls that were promised for a time.

create table callback (
    tenant_id   bigint not null references tenant,
    callback_id uuid not null default gen_random_uuid(),
    queue_id    bigint not null,
    phone       text not null,                 -- to be called, in E.164
    called      text not null,                 -- the number that was called, and is shown; empty: none
    source      text not null check (source in ('caller', 'wrap_up', 'api')),
    state       text not null default 'pending' check (state in (
        'pending', 'calling', 'done', 'failed', 'expired', 'cancelled', 'replaced', 'forbidden'
    )),
    arrived_at  timestamptz not null,          -- the place in the order of callers
    due_at      timestamptz not null,          -- not dialled before
    expires_at  timestamptz not null,          -- not dialled from here on
    agent_id    bigint,                        -- whom it is kept for; null: anybody of the queue
    agent_until timestamptz,                   -- then anybody
    tries       smallint not null default 0,
    from_call   uuid,                          -- in which it was asked for
    call_id     uuid,                          -- the try, or the last one
    note        text check (length(note) <= 1000),
    created_at  timestamptz not null default now(),
    ended_at    timestamptz,
    primary key (tenant_id, callback_id),
    foreign key (tenant_id, queue_id) references inbound_queue on delete cascade,
    check ((state in ('pending', 'calling')) = (ended_at is null)),
    check (state <> 'calling' or call_id is not null),
    check ((agent_id is null) = (agent_until is null))
) with (fillfactor = 80);
-- A number is called back once for a queue.
create unique index callback_open on callback (tenant_id, queue_id, phone) where ended_at is null;
create index callback_pending on callback (due_at) where state = 'pending';
create index callback_try on callback (tenant_id, call_id) where state = 'calling';
create index callback_from on callback (tenant_id, from_call) where from_call is not null;
create index callback_newest on callback (tenant_id, due_at, callback_id);

alter table queue_setting add column callback_key text not null default '1' check (callback_key ~ '^[0-9*#]$');
alter table queue_setting add column callback_mode text not null default 'agent_first'
    check (callback_mode in ('agent_first', 'customer_first'));
alter table queue_setting add column callback_expires_s integer not null default 14400
    check (callback_expires_s between 300 and 604800);

-- A call to somebody who asked for it is outbound, and of the queue, as those that come in: it has a queue, a number
-- that is shown and a channel, and no contact.
alter table call
    drop constraint call_check6,
    drop constraint call_check7,
    drop constraint call_check8,
    drop constraint call_check9,
    drop constraint call_channel,
    add constraint call_campaign check ((campaign_id is null) = (queue_id is not null)),
    add constraint call_contact check ((contact_id is null) = (queue_id is not null)),
    add constraint call_called check ((called is null) = (queue_id is null)),
    add constraint call_direction check (direction = 'outbound' or queue_id is not null),
    add constraint call_channel check (state = 'ended' or (queue_id is not null) = (channel is not null)),
    drop constraint call_outcome_check,
    add constraint call_outcome_check check (outcome in (
        'answered', 'no_answer', 'busy', 'failed', 'invalid_number', 'machine', 'abandoned', 'cancelled', 'lost', 'dnc',
        'out_of_window', 'overflow', 'closed', 'refused', 'callback'
    ));
