-- SIP accounts of agents' phones, which the leader of a switch makes on it. The password is not stored: it is made of the
-- installation's pepper and the salt.

create table phone_account (
    tenant_id   bigint not null references tenant,
    name        text not null check (name ~ '^[A-Za-z0-9_-]{1,64}$'),  -- the user name, and the endpoint
    agent_id    bigint not null,               -- no reference: it is removed from the switch after the agent
    switch_id   smallint not null references switch,
    salt        bytea not null check (length(salt) = 16),
    made_at     timestamptz not null default now(),
    password_at timestamptz not null default now(),  -- when the password was made
    removed_at  timestamptz,                   -- to be removed from the switch; the row goes when it is
    pushed_at   timestamptz,                   -- when the switch got it as it is; null: it has not
    problem     text,                          -- why the switch did not take it
    primary key (tenant_id, name)
);
create unique index phone_account_agent on phone_account (tenant_id, agent_id) where removed_at is null;
create index phone_account_switch on phone_account (switch_id);
