-- Every row of an import accounted for, imports that only tell what they would do, and imports that can be undone.

alter table import_job
    alter column list_id drop not null,  -- null: a dry run into a list that the campaign does not have
    -- With a default: the version before makes jobs without one.
    add column list_name text not null default '' check (length(list_name) <= 255),
    add column dry_run boolean not null default false,
    add column format text not null default 'json' check (format in ('json', 'ndjson', 'csv', 'xlsx')),
    add column file_name text check (length(file_name) <= 255),
    add column first_contact_id bigint,  -- the least id of the contacts it has made
    add column removed_rows bigint not null default 0,
    add column undo_requested_at timestamptz,
    add column undone_at timestamptz,
    add column keeps_seen boolean not null default false,  -- import_seen may have rows of it
    add column rows_state text not null default 'kept' check (rows_state in ('kept', 'dropping', 'dropped')),
    add foreign key (tenant_id, campaign_id) references campaign,
    add check (list_id is not null or dry_run),
    add check (removed_rows <= created_rows),
    add check (not dry_run or removed_rows = 0),
    add check (undo_requested_at is null or finished_at is not null),
    add check (undone_at is null or undo_requested_at is not null);

update import_job j set list_name = l.name from contact_list l
where l.tenant_id = j.tenant_id and l.campaign_id = j.campaign_id and l.list_id = j.list_id;
-- Of what is taken in already, the outcomes were not written down.
update import_job set rows_state = 'dropping'
where finished_at is not null or created_rows + duplicate_rows + failed_rows > 0;

drop index import_job_open;
create index import_job_open on import_job (tenant_id, job_id)
    where undone_at is null and (finished_at is null or undo_requested_at is not null);
create index import_job_rows on import_job (finished_at) where rows_state <> 'dropped';
create index import_job_seen on import_job (tenant_id, job_id) where keeps_seen;

-- What became of the rows of a chunk, written by the transaction that takes it in.
create table import_outcome (
    tenant_id bigint not null,
    job_id    bigint not null,
    seq       integer not null,       -- of the chunk
    first_row bigint not null,        -- the number that its first row has in the import, from 1
    created   integer not null,
    duplicate integer not null,
    failed    integer not null,
    payload   bytea not null,         -- imports/outcomes.py
    undone    boolean not null default false,
    taken_at  timestamptz not null default now(),  -- the created_at of the contacts that this transaction made
    primary key (tenant_id, job_id, seq),
    foreign key (tenant_id, job_id) references import_job
);
create index import_outcome_taken on import_outcome (tenant_id, taken_at);
-- Compressed already.
alter table import_outcome alter column payload set storage external;

-- The numbers that a dry run has come upon and that the campaign does not have. No foreign key: it would be checked for
-- each of a million rows.
create table import_seen (
    tenant_id bigint not null,
    job_id    bigint not null,
    phone     text not null,
    primary key (tenant_id, job_id, phone)
);
