-- An archived campaign is hidden from lists, and never runs: nothing of it is dialled.
alter table campaign
    add column archived_at timestamptz,
    add constraint campaign_archived check (archived_at is null or status <> 2);
