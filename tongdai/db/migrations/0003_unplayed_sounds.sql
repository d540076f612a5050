-- Calls whose sound the switch did not play, and campaigns that paused themselves because of several in a row.

alter table call add column failure text check (failure in ('sound_not_played'));  -- null: nothing, or the network

alter table campaign add column pause_reason text check (pause_reason in ('sound_not_played'));  -- null: by request
