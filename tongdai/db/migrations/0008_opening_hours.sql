-- When queues are open. What a queue leaves null is its tenant's; what the tenant leaves null has a default.

create table default_opening_hours (
    tenant_id         bigint primary key references tenant,
    week              jsonb,                   -- the spans that open on each day, Monday first, in minutes; null: always
    observes_holidays boolean,                 -- null: if there is a week
    after_hours       jsonb,                   -- a destination; null: the call is ended
    closed            boolean not null default false,
    closed_until      timestamptz,             -- null: until somebody opens
    closed_note       text check (length(closed_note) between 1 and 255),
    check (closed or (closed_until is null and closed_note is null))
);

create table opening_hours (
    tenant_id         bigint not null,
    queue_id          bigint not null,
    week              jsonb,
    observes_holidays boolean,
    after_hours       jsonb,
    closed            boolean not null default false,
    closed_until      timestamptz,
    closed_note       text check (length(closed_note) between 1 and 255),
    primary key (tenant_id, queue_id),
    foreign key (tenant_id, queue_id) references inbound_queue on delete cascade,
    check (closed or (closed_until is null and closed_note is null))
);

-- Changes of a tenant to the public holidays of its country, by day.
create table holiday (
    tenant_id bigint not null references tenant,
    day       date not null,
    name      text check (length(name) between 1 and 255),  -- null: that of the public holiday
    spans     jsonb not null default '[]',                   -- when it is open all the same, in minutes
    removed   boolean not null default false,                -- an ordinary day
    primary key (tenant_id, day)
);
