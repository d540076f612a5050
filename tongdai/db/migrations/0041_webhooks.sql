-- Webhooks: the addresses to which a tenant's events are sent, the events that wait to be sent, and those that were.
create table webhook (
    tenant_id     bigint not null references tenant,
    webhook_id    bigint generated always as identity,
    url           text not null check (length(url) between 1 and 2048),
    description   text not null default '' check (length(description) <= 255),
    events        text[] not null check (cardinality(events) > 0),
    body          text not null check (body in ('vendor', 'tongdai')),
    auth_header   text check (length(auth_header) between 1 and 1024),  -- the header Authorization; null: none
    salt          bytea not null check (length(salt) = 16),  -- the secret is made of the key pepper and this
    old_salt      bytea check (length(old_salt) = 16),       -- of the secret before, which signs too
    old_until     timestamptz,                 -- until then
    enabled       boolean not null default true,
    off_reason    text check (off_reason in ('asked', 'gone', 'failing')),
    off_at        timestamptz,
    failing_since timestamptz,                 -- nothing was delivered since then; null: the last one was
    created_at    timestamptz not null default now(),
    primary key (tenant_id, webhook_id),
    check (enabled = (off_reason is null) and enabled = (off_at is null)),
    check ((old_salt is null) = (old_until is null))
);
-- The engine that delivers to a webhook. One that lost its lease finds a newer fence, and records nothing.
create table webhook_lease (
    tenant_id   bigint not null,
    webhook_id  bigint not null,
    fence       bigint not null,
    owner       uuid,                          -- null: it was handed back
    lease_until timestamptz not null,
    primary key (tenant_id, webhook_id),
    foreign key (tenant_id, webhook_id) references webhook on delete cascade
);
-- An event for one webhook, written by the transaction of what it tells, until it is delivered or given up.
create table webhook_outbox (
    tenant_id   bigint not null,
    webhook_id  bigint not null,
    delivery_id bigint generated always as identity,
    message_id  uuid not null default gen_random_uuid(),  -- the receiver's: the same at each try
    event       text not null,
    occurred_at timestamptz not null,
    sequence    smallint,                      -- of the events of a call, its order; null: of no call
    data        jsonb not null,
    created_at  timestamptz not null default now(),
    due_at      timestamptz not null default now(),
    attempts    smallint not null default 0,
    tried_at    timestamptz,
    status      smallint,                      -- of HTTP, at the last try; null: there was no response
    fault       text,                          -- why the last try failed
    took_ms     integer,
    primary key (tenant_id, webhook_id, delivery_id),
    foreign key (tenant_id, webhook_id) references webhook on delete cascade
) with (fillfactor = 70, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);
create index webhook_outbox_due on webhook_outbox (tenant_id, webhook_id, due_at);
-- What was delivered or given up, by the day (UTC) on which it was: whole days are dropped.
create table webhook_delivery (
    tenant_id   bigint not null,
    webhook_id  bigint not null,
    delivery_id bigint not null,
    ended_day   date not null,
    ended_at    timestamptz not null,
    state       text not null check (state in ('delivered', 'failed')),
    message_id  uuid not null,
    event       text not null,
    occurred_at timestamptz not null,
    sequence    smallint,
    data        jsonb not null,
    created_at  timestamptz not null,
    attempts    smallint not null,
    tried_at    timestamptz,
    status      smallint,
    fault       text,
    took_ms     integer,
    primary key (tenant_id, webhook_id, delivery_id, ended_day)
) partition by list (ended_day);
create index webhook_delivery_phone on webhook_delivery (tenant_id, (data ->> 'phoneNumber'))
    where data ->> 'phoneNumber' is not null;  -- erasure of a number
create table webhook_delivery_other partition of webhook_delivery default;
alter table webhook_outbox alter column tenant_id set statistics 0;
alter table webhook_delivery alter column tenant_id set statistics 0;
