-- A contact is in a call while an attempt of it is live; its own row says so no more. A contact's number never changes,
-- and one attempt of a number is live at a time: so is one of a contact, without an index of its own.
drop index attempt_live;

-- Each call leaves a dead entry where the index of those that are due begins, which each claim passes by: 50,000 take it
-- a millisecond. Of a large table they would be a fifth of it before they were removed, and be left in the indexes
-- where they are on few pages.
alter table contact set (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01,
    vacuum_index_cleanup = on);
