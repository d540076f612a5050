-- Boards for televisions, which show the figures of queues to whoever has the token.
create table wallboard (
    wallboard_id bigint generated always as identity primary key,
    tenant_id    bigint not null references tenant,
    name         text not null check (length(name) between 1 and 255),
    hint         text not null,
    digest       bytea not null unique check (length(digest) = 32),  -- of its token, with the pepper
    tiles        text[] not null check (cardinality(tiles) > 0),
    queue_ids    bigint[] not null,             -- empty: all
    thresholds   jsonb not null,
    language     text check (language in ('en', 'vi')),              -- null: the browser's
    theme        text not null check (theme in ('dark', 'light')),
    user_id      bigint,                        -- who made it; null: a key
    created_at   timestamptz not null default now(),
    seen_at      timestamptz                    -- when it was shown last, to half a minute
);
create index wallboard_tenant on wallboard (tenant_id, wallboard_id);
