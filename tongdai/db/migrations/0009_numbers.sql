-- The owners of called numbers, phones and trunks. Directories of the installation, looked up before a tenant is known, and
-- written by the operator alone: without them a tenant could name another's number, phone or trunk.

create table called_number (
    number    bigint primary key check (number between 1 and 999999999999999),  -- E.164 without the `+`
    tenant_id bigint not null references tenant,
    trunk     text check (trunk ~ '^[A-Za-z0-9_-]{1,64}$'),  -- of the tenant's switch; null: its calls come by any
    national  text not null check (national ~ '^[0-9]{1,20}$'),  -- as it is dialled within its country
    given_at  timestamptz not null default now(),
    reversed  text collate "C" not null generated always as (reverse(number::text)) stored  -- for its last digits
);
create index called_number_tenant on called_number (tenant_id, number);
create index called_number_national on called_number (national);
create index called_number_trunk on called_number (trunk, reversed) where trunk is not null;

create table sip_endpoint (
    switch_id   smallint not null references switch,
    name        text not null check (name ~ '^[A-Za-z0-9_-]{1,64}$'),
    endpoint_id bigint not null generated always as identity unique,
    kind        text not null check (kind in ('phone', 'trunk')),
    tenant_id   bigint references tenant,      -- null: a trunk of all tenants
    given_at    timestamptz not null default now(),
    primary key (switch_id, name),
    check (tenant_id is not null or kind = 'trunk')
);
create index sip_endpoint_tenant on sip_endpoint (tenant_id, endpoint_id);

-- Tenants keep what they use on an Asterisk today, as an upgrade must not stop their calls: a phone that one of them
-- uses is that one's, and a trunk likewise, or of all when several use it.
insert into sip_endpoint (switch_id, name, kind, tenant_id)
select t.switch_id, a.endpoint, 'phone', min(a.tenant_id)
from agent a join tenant t on t.tenant_id = a.tenant_id join switch s on s.switch_id = t.switch_id
where s.kind = 'asterisk' group by t.switch_id, a.endpoint having count(distinct a.tenant_id) = 1;
insert into sip_endpoint (switch_id, name, kind, tenant_id)
select t.switch_id, c.trunk, 'trunk', case when count(distinct c.tenant_id) = 1 then min(c.tenant_id) end
from campaign c join tenant t on t.tenant_id = c.tenant_id join switch s on s.switch_id = t.switch_id
where s.kind = 'asterisk' and c.trunk is not null group by t.switch_id, c.trunk
on conflict do nothing;
