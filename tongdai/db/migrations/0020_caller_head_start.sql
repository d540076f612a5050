-- The head start of a caller is its queue's at the time of a match, and in no row.
alter table caller drop column head_start_s;
