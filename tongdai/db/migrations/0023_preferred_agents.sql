-- The agent whom a caller is offered to first: who talked with the number last.

alter table queue_setting add column preferred_agent_days smallint  -- null: nobody
    check (preferred_agent_days between 1 and 365);
alter table queue_setting add column preferred_agent_patience_s integer not null default 30
    check (preferred_agent_patience_s between 1 and 3600);
