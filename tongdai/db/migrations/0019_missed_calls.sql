-- Callers whom nobody answered: who sees to them, and when that was done.
alter table call
    add column seen_to_by bigint,              -- an agent
    add column seen_to_since timestamptz,
    add column closed_at timestamptz,          -- nothing is to be done any more
    add constraint call_seen_to check ((seen_to_by is null) = (seen_to_since is null));
create index call_missed on call (tenant_id, opened_at, call_id)
    where direction = 'inbound' and connected_at is null and ended_at is not null;
