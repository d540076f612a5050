-- The reasons for pauses that a tenant offers its agents, in their order.

create table pause_reasons (
    tenant_id bigint primary key references tenant,
    reasons   text[] not null check (cardinality(reasons) <= 50)
);
