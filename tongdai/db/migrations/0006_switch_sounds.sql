-- Whether switches have the sounds that campaigns play, as their leaders found by playing them to nobody.

create table switch_sound (
    switch_id  smallint not null references switch,
    name       text not null check (length(name) between 1 and 255),
    present    boolean,                        -- null: not checked yet, or the switch could not tell
    asked_at   timestamptz not null default now(),
    checked_at timestamptz,
    primary key (switch_id, name)
);
