-- Counters of reports: callers of queues by the quarter of an hour in which they arrived, once nothing of it can change.

-- The quarters that are kept: from `since` up to `until`, without those in report_open_quarter.
create table report_kept (
    tenant_id bigint primary key references tenant,
    since     timestamptz not null,
    until     timestamptz not null check (until >= since)
);
-- Quarters before `until` with a call that lasts, or a wrap-up.
create table report_open_quarter (
    tenant_id bigint not null references tenant,
    quarter   timestamptz not null,
    primary key (tenant_id, quarter)
);
-- Waits are kept one by one, in milliseconds: percentiles and service levels are exact, whatever their threshold.
create table queue_quarter (
    tenant_id     bigint not null references tenant,
    quarter       timestamptz not null,
    queue_id      bigint not null,
    once          boolean not null,            -- calls, each in one queue; else entries: a call in each of its queues
    answered      integer[] not null,          -- the waits of the answered
    abandoned     integer[] not null,
    overflowed_to text[] not null,             -- where they went: queue:ID, number, menu, end
    overflowed    integer[] not null,          -- how many, likewise
    callback      integer not null,
    closed        integer not null,
    refused       integer not null,
    failed        integer not null,
    talk_ms       bigint not null,
    hold_ms       bigint not null,
    wrap_up_ms    bigint not null,
    primary key (tenant_id, quarter, queue_id, once)
);
