-- What the API asks of the leader of a switch about a live call (hold, mute, hang up, …), and the result.
create table call_act (
    tenant_id bigint not null references tenant,
    act_id    uuid not null default gen_random_uuid(),
    call_id   uuid not null,
    switch_id smallint not null,               -- that carries the call
    kind      text not null check (length(kind) between 1 and 32),
    arguments jsonb not null default '{}',
    key_id    bigint,                          -- of the request
    asked_at  timestamptz not null default clock_timestamp(),
    begun_at  timestamptz,                     -- null: nothing was done. Set before anything is
    done_at   timestamptz,
    result    text check (result in ('done', 'refused', 'failed', 'lapsed')),
    message   text,
    primary key (tenant_id, act_id),
    check ((done_at is null) = (result is null)),
    check (begun_at is not null or result is distinct from 'done')
);
create index call_act_asked on call_act (switch_id, asked_at) where done_at is null and begun_at is null;

-- A live call whose talk was changed: it is on hold, or its agent is muted.
create table call_control (
    tenant_id     bigint not null references tenant,
    call_id       uuid not null,
    switch_id     smallint not null,
    held_until    timestamptz,                 -- null: not on hold
    muted_channel text,                        -- of the agent's phone; null: nobody is muted
    primary key (tenant_id, call_id)
);
create index call_control_switch on call_control (switch_id);
