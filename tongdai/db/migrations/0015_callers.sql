-- Callers in queues, and the offers of callers to agents.

-- A caller who is in a queue, beside the live call; the row goes when the caller leaves the queue.
create table caller (
    tenant_id    bigint not null references tenant,
    call_id      uuid not null,
    queue_id     bigint not null,
    state        text not null default 'waiting' check (state in ('waiting', 'offered')),
    arrived_at   timestamptz not null,         -- at the first queue: the place
    head_start_s integer not null default 0 check (head_start_s >= 0),  -- of the queue: served as if arrived so much earlier
    joined_at    timestamptz not null,         -- this queue: the maximum wait counts from here
    hops         smallint not null default 0 check (hops >= 0),  -- queues before this one
    offers       integer not null default 0,   -- in this queue and those before
    announced    integer check (announced > 0),  -- the position that was announced last
    primary key (tenant_id, call_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);
create index caller_queue on caller (tenant_id, queue_id, arrived_at, call_id);

-- One row for each time that a caller was offered to an agent, committed before anything rings.
create table offer (
    tenant_id  bigint not null references tenant,
    offer_id   uuid not null default gen_random_uuid(),
    call_id    uuid not null,
    queue_id   bigint not null,
    agent_id   bigint not null,
    offered_at timestamptz not null,
    ended_at   timestamptz,
    outcome    text check (outcome in ('answered', 'no_answer', 'rejected', 'caller_gone', 'answered_elsewhere',
                                       'unreachable', 'withdrawn')),
    primary key (tenant_id, offer_id),
    check ((ended_at is null) = (outcome is null)),
    check (ended_at >= offered_at)
);
-- An agent has one offer at a time.
create unique index offer_open on offer (tenant_id, agent_id) where outcome is null;
create index offer_call on offer (tenant_id, call_id, offered_at);
create index offer_agent on offer (tenant_id, agent_id, offered_at);
create index offer_age on offer (tenant_id, offered_at);
