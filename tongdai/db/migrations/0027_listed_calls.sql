-- Lists of calls by queue, and of callers and callbacks by direction. A second index of these without the outcome would
-- look as cheap to the planner where the outcome is given.

create index call_queue on call (tenant_id, queue_id, opened_at, call_id)
    where queue_id is not null and ended_at is not null;
create index call_direction on call (tenant_id, direction, outcome, opened_at, call_id)
    where campaign_id is null and ended_at is not null;
-- The newest calls to contacts are read without passing by those of callers.
drop index call_newest;
create index call_newest on call (tenant_id, opened_at, call_id) where campaign_id is not null and ended_at is not null;
