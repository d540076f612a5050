-- Only errors of its own rows end an import: attempts that ended without one (a killed process, a database that was
-- unavailable) are counted apart.
alter table import_job add column errors smallint not null default 0;
comment on column import_job.errors is 'errors of the next chunk itself since the last chunk that was committed';
comment on column import_job.attempts is 'claims since then that ended in nothing, as when the process was killed';
