-- Recordings of calls. Whether calls are recorded is a setting of queues and campaigns.
alter table queue_setting add column recording text not null default 'off' check (recording in ('off', 'all'));
alter table campaign add column recording text not null default 'off' check (recording in ('off', 'all'));

-- The recording of a call, one at most; `wanted` is committed before the switch is asked to record.
create table recording (
    tenant_id  bigint not null references tenant,
    call_id    uuid not null,
    switch_id  smallint not null,              -- that carries the call, and has the sound until it is stored
    channel    text not null,                  -- the customer's
    state      text not null default 'wanted'
        check (state in ('wanted', 'recording', 'spooled', 'stored', 'deleting', 'failed', 'deleted')),
    wanted_at  timestamptz not null,
    started_at timestamptz,                    -- the switch records
    failure    text check (failure in ('call_ended', 'no_sound', 'refused', 'disk_full', 'unreadable', 'erased')),
    file_key   text,                           -- in the storage
    seconds    real check (seconds >= 0),
    size       bigint check (size >= 0),       -- bytes
    deleted_at timestamptz,
    deletion   text check (deletion in ('expired', 'requested', 'erased')),
    primary key (tenant_id, call_id),
    check ((state = 'failed') = (failure is not null)),
    check ((state in ('stored', 'deleting', 'deleted')) = (file_key is not null)),
    check ((file_key is null) = (seconds is null) and (file_key is null) = (size is null)),
    check ((state = 'deleted') = (deleted_at is not null)),
    check ((state in ('deleting', 'deleted')) = (deletion is not null)),
    check (started_at is not null or state in ('wanted', 'failed'))
);
create index recording_open on recording (switch_id, wanted_at) where state in ('wanted', 'recording', 'spooled');
create index recording_age on recording (tenant_id, wanted_at, call_id) where state = 'stored';
create index recording_deleting on recording (tenant_id, call_id) where state = 'deleting';
create index recording_over on recording (tenant_id, wanted_at, call_id) where state in ('failed', 'deleted');
