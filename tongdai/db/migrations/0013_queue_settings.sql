-- Settings of queues beyond the vendor's fields. A queue without a row has the defaults of these columns. Destinations
-- are objects {"kind", "target"}; null: the call is ended.

create table queue_setting (
    tenant_id           bigint not null,
    queue_id            bigint not null,
    max_length          integer check (max_length between 1 and 10000),  -- null: no limit
    when_full           jsonb,
    join_empty          boolean not null default false,
    leave_empty_after_s integer default 30 check (leave_empty_after_s between 0 and 86400),  -- null: not before max wait
    when_empty          jsonb,
    overflow            jsonb,
    divert_to           jsonb,
    locked              jsonb,
    skills              jsonb not null default '[]',                        -- [name, least level]
    skills_for_s        integer check (skills_for_s between 1 and 86400),   -- null: always
    inbound_reserve     smallint check (inbound_reserve between 0 and 1000),  -- null: inbound first
    ring_timeout_s      smallint not null default 20 check (ring_timeout_s between 5 and 120),
    auto_pause_after    smallint default 3 check (auto_pause_after between 1 and 100),
    announce_wait       boolean not null default true,
    announce_every_s    integer not null default 30 check (announce_every_s between 15 and 3600),
    language            text check (language in ('vi', 'en')),              -- null: that of the tenant's country
    service_level_s     smallint not null default 20 check (service_level_s between 1 and 3600),
    callback_offered    boolean not null default false,
    vip_head_start_s    integer not null default 600 check (vip_head_start_s between 0 and 86400),
    primary key (tenant_id, queue_id),
    foreign key (tenant_id, queue_id) references inbound_queue on delete cascade
);
