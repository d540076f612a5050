-- What changed since a reader was here last (decision 0074): the transaction in which each row changed last.

-- '0': before this migration. No index has it: ranges of ids in contact_change do for a million rows of an import.
alter table contact add column changed_in xid8 not null default '0';
alter table contact alter column changed_in set default pg_current_xact_id();
-- Which contacts a transaction changed. Of a range, those whose changed_in is the same; of a deleted one, all.
create table contact_change (
    tenant_id  bigint not null,
    changed_in xid8 not null default pg_current_xact_id(),
    first_id   bigint not null,
    last_id    bigint not null check (last_id >= first_id),
    deleted    boolean not null default false,
    primary key (tenant_id, changed_in, first_id, last_id, deleted)
);
alter table contact_change alter column tenant_id set statistics 0;

alter table call add column changed_in xid8 not null default '0';
alter table call alter column changed_in set default pg_current_xact_id();
create index call_changed on call (tenant_id, changed_in, call_id) where ended_at is not null;

-- Before which transaction nothing was open any more, by the minute: where a reader begins who asks for what changed
-- since an instant. '-infinity': changes before that transaction are no longer known.
create table change_clock (
    database text not null,                    -- whose transactions they are
    at       timestamptz not null,
    position xid8 not null,
    primary key (database, at)
);
