-- Agents of several queues, with skills and pauses; phones that ring for each call; a state that follows the call.

-- The index of agents by their queue has the name of the table of members.
drop index agent_queue;

-- The queues whose calls an agent takes: `agent.queue_id`, and others.
create table agent_queue (
    tenant_id bigint not null,
    agent_id  bigint not null,
    queue_id  bigint not null,
    position  smallint not null default 1 check (position between 1 and 1000),  -- in the queue's order of agents
    primary key (tenant_id, agent_id, queue_id),
    foreign key (tenant_id, agent_id) references agent on delete cascade,
    foreign key (tenant_id, queue_id) references inbound_queue
);
create index agent_queue_members on agent_queue (tenant_id, queue_id, agent_id);
insert into agent_queue (tenant_id, agent_id, queue_id) select tenant_id, agent_id, queue_id from agent;

create table agent_skill (
    tenant_id bigint not null,
    agent_id  bigint not null,
    skill     text not null check (length(skill) between 1 and 64),
    level     smallint not null default 1 check (level between 1 and 10),
    primary key (tenant_id, agent_id, skill),
    foreign key (tenant_id, agent_id) references agent on delete cascade
);

alter table agent
    drop constraint agent_state_check,
    drop constraint agent_check,   -- offline: no channel
    drop constraint agent_check1,  -- sign-out pending: in a call
    drop constraint agent_check2,  -- a reason: offline
    drop constraint agent_check3,  -- no channel: offline or calling
    drop constraint agent_check4;  -- a call: reserved or talking
alter table agent
    add column mode text not null default 'nailed_up' check (mode in ('nailed_up', 'ring')),
    add column team_id bigint check (team_id > 0),  -- the tenant's own number of a team
    add column next_state text check (next_state in ('paused', 'offline')), -- when the call or the wrap-up ends
    add column pause_reason text check (length(pause_reason) between 1 and 64),
    add column wrap_up_until timestamptz,
    add column missed smallint not null default 0,  -- offers without an answer since the last call
    add column phone_reachable boolean not null default true,  -- as the switch last reported
    add column busy_elsewhere boolean not null default false,  -- the phone is in a call that is not ours
    add column worked_on date,         -- the tenant's day of the two that follow
    add column calls_today integer not null default 0,
    add column talk_s_today integer not null default 0;
update agent set next_state = 'offline' where sign_out_pending;
update agent set wrap_up_until = state_since + make_interval(secs => wrap_up_s) where state = 'wrap_up';
alter table agent
    drop column sign_out_pending,
    add constraint agent_state_check check (state in (
        'offline', 'calling', 'idle', 'reserved', 'alerting', 'talking', 'wrap_up', 'paused', 'unreachable', 'hanging_up'
    )),
    add constraint agent_channel_when check (case
        when state = 'offline' then channel_id is null
        when state = 'calling' then mode = 'nailed_up'
        when mode = 'nailed_up' then channel_id is not null
        -- a phone that rings for each call has a channel for that call alone
        else state <> 'hanging_up' and (channel_id is not null) = (state in ('alerting', 'talking'))
    end),
    add constraint agent_call_when check ((call_id is not null) = (state in ('reserved', 'alerting', 'talking'))),
    add constraint agent_offline_reason_when check (offline_reason is null or state = 'offline'),
    add constraint agent_next_state_when
        check (next_state is null or state in ('calling', 'reserved', 'alerting', 'talking', 'wrap_up')),
    add constraint agent_pause_reason_when
        check ((pause_reason is not null) = (state = 'paused' or coalesce(next_state = 'paused', false))),
    add constraint agent_wrap_up_until_when check (wrap_up_until is null or state = 'wrap_up');

create index agent_idle on agent (tenant_id, state_since, agent_id) where state = 'idle';
create index agent_endpoint on agent (endpoint);  -- an event of the switch names the phone alone
