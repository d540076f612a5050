-- Imports that update the contacts whose numbers the campaign has. An updated row is a duplicate too, in these counts.
alter table import_job
    add column update_existing boolean not null default false,
    add column updated_rows bigint not null default 0,
    add constraint import_job_updated_rows check (updated_rows <= duplicate_rows);
alter table import_outcome add column updated integer not null default 0;
