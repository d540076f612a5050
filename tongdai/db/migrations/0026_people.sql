-- People who sign in with a password: their accounts, sessions and teams, and changes that name them as authors.

-- A login names one tenant's user in the whole installation: like keys, users are found before their tenant is known.
create table user_account (
    user_id     bigint generated always as identity primary key,
    tenant_id   bigint not null references tenant,
    name        text not null check (length(name) between 1 and 255),
    login       text not null unique           -- an e-mail address in small letters, or a number in E.164
                check (length(login) <= 254 and (login ~ '^\+[1-9][0-9]{6,14}$' or (login ~ '^[^@\s]+@[^@\s]+$' and login = lower(login)))),
    role        text not null check (role in ('owner', 'supervisor', 'agent', 'viewer')),
    agent_id    bigint check (agent_id > 0),   -- no reference: a table that every node has refers to none that is distributed
    team_ids    bigint[] not null default '{}',
    language    text check (language in ('en', 'vi')),
    password    text,                          -- its Argon2id hash; null: none was set yet
    created_at  timestamptz not null default now(),
    disabled_at timestamptz,
    check (role <> 'agent' or agent_id is not null)
);
create index user_account_tenant on user_account (tenant_id, user_id);

create table user_session (
    session_id bigint generated always as identity primary key,
    user_id    bigint not null references user_account on delete cascade,
    tenant_id  bigint not null references tenant,
    digest     bytea not null unique check (length(digest) = 32),  -- of its token, with the pepper
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at   timestamptz,
    seen_at    timestamptz not null default now(),
    address    text not null,                  -- of the last request that was noted, as is the next
    user_agent text not null
);
create index user_session_user on user_session (user_id, session_id);
create index user_session_tenant on user_session (tenant_id);
create index user_session_age on user_session (expires_at);

-- Wrong passwords of the last minutes, by which sign-ins are limited.
create table sign_in_failure (
    failure_id bigint generated always as identity primary key,
    login      bytea not null,                 -- its digest: people type passwords there
    address    text not null,
    at         timestamptz not null default now()
);
create index sign_in_failure_address on sign_in_failure (address, at);
create index sign_in_failure_age on sign_in_failure (at);

-- One-time links by which users set a password.
create table password_reset (
    digest     bytea primary key check (length(digest) = 32),
    user_id    bigint not null unique references user_account on delete cascade,  -- the last link alone is valid
    tenant_id  bigint not null references tenant,
    expires_at timestamptz not null
);
create index password_reset_tenant on password_reset (tenant_id);

create table team (
    tenant_id bigint not null references tenant,
    team_id   bigint not null check (team_id > 0),
    name      text not null check (length(name) between 1 and 255),
    primary key (tenant_id, team_id),
    unique (tenant_id, name)
);
insert into team (tenant_id, team_id, name)
select distinct tenant_id, team_id, 'Team ' || team_id from agent where team_id is not null;

alter table audit add column user_id bigint;     -- the author who is no key; both null: the operator
alter table call_act add column user_id bigint;  -- likewise
