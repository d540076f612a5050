-- The legs of a live call besides those of the customer and of the agent whom the call was connected with first. A row is
-- committed before the switch is asked for the leg, and is there until the leg is hung up or out of the call.
create table call_party (
    tenant_id bigint not null references tenant,
    call_id   uuid not null,
    channel   text not null check (channel ~ '^[A-Za-z0-9_.-]{1,255}$'),
    switch_id smallint not null,               -- that carries the call
    kind      text not null check (kind in ('agent', 'number', 'phone')),
    agent_id  bigint,
    target    text not null check (length(target) between 1 and 64),  -- the number, in E.164, or the phone's endpoint
    state     text not null check (state in ('called', 'consulting', 'talking')),
    called_at timestamptz not null,
    primary key (tenant_id, call_id, channel),
    check ((kind = 'agent') = (agent_id is not null))
);
create index call_party_switch on call_party (switch_id);

-- One more agent is in a talk, beside the one whose talk it is.
alter table segment
    drop constraint segment_kind_check,
    add constraint segment_kind_check
        check (kind in ('menu', 'wait', 'talk', 'consult', 'hold', 'conference', 'wrap_up'));
