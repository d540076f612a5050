-- What happened in a call beside its segments: the keys of a caller in a menu, and what supervisors did.
create table call_event (
    tenant_id bigint not null references tenant,
    call_id   uuid not null,
    at        timestamptz not null,
    kind      text not null check (kind in ('menu', 'key', 'otherwise', 'listen', 'whisper', 'barge', 'leave', 'take_over',
                                            'phone_answered', 'phone_left', 'transfer', 'hang_up')),
    menu_id   bigint,                          -- the menu that the caller heard
    key       text,                            -- that the caller pressed
    to_kind   text,                            -- where it led: a destination; null: nowhere
    to_target text,
    endpoint  text,                            -- the supervisor's phone
    act_id    uuid,                            -- of an act: the request, and who asked for it
    key_id    bigint,
    user_id   bigint,
    primary key (tenant_id, call_id, at, kind)
);
create index call_event_age on call_event (tenant_id, at);
