-- The announcement of a recording: the name of a sound of the switch; without one there is none.
alter table queue_setting add column recording_announcement text check (length(recording_announcement) between 1 and 255);
alter table campaign add column recording_announcement text check (length(recording_announcement) between 1 and 255);
alter table recording
    add column announcement text,              -- that is played before; null: none
    add column announced_ms integer check (announced_ms >= 0),  -- for how long it was played, which the switch confirmed
    add check (announced_ms is null or announcement is not null),
    -- Nothing is recorded of customers who did not hear it, or declined.
    add check (announcement is null or announced_ms > 0 or state in ('wanted', 'failed')),
    drop constraint recording_failure_check,
    add constraint recording_failure_check check (failure in (
        'call_ended', 'no_sound', 'refused', 'disk_full', 'unreadable', 'erased', 'not_announced', 'declined'));
