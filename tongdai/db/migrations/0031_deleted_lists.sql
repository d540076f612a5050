-- A list without contacts may be deleted. Its imports, which have ended, keep its name.
alter table import_job
    drop constraint import_job_check3,  -- check (list_id is not null or dry_run)
    add constraint import_job_list check (list_id is not null or dry_run or finished_at is not null);
