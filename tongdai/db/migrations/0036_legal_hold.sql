-- A recording under a legal hold is deleted by nobody: neither by request, nor by age, nor with its customer.
alter table recording
    add column held_at timestamptz,
    add column hold_reason text check (length(hold_reason) between 1 and 500),
    add check ((held_at is null) = (hold_reason is null)),
    add check (held_at is null or state not in ('deleting', 'deleted'));
