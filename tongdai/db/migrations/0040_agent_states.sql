-- Since when an agent was in which state: the state of a row lasts until the agent's next row. An agent without one never
-- signed in. Retention drops months, as of calls.

create table agent_state (
    tenant_id   bigint not null,
    agent_id    bigint not null,
    began_at    timestamptz not null,
    began_month date not null,
    state       text not null,
    reason      text,                          -- of a pause
    primary key (tenant_id, agent_id, began_at, began_month),
    check (began_month = date_trunc('month', began_at at time zone 'UTC')::date),
    check ((reason is not null) = (state = 'paused'))
) partition by list (began_month);
create table agent_state_other partition of agent_state default;
alter table agent_state alter column tenant_id set statistics 0;

insert into agent_state
select tenant_id, agent_id, state_since, date_trunc('month', state_since at time zone 'UTC')::date, state,
    case when state = 'paused' then pause_reason end
from agent where state <> 'offline';
