-- An account that is used in a browser is on the switch only while a browser holds it.
alter table phone_account
    add column browser    boolean not null default false,
    add column holding    uuid,                -- the connection of the browser that has it
    add column session_id bigint,              -- whose; no reference: an ended session is no reason to keep an account
    add column held_until timestamptz,         -- unless the connection extends it
    add constraint phone_account_held check (
        num_nulls(holding, session_id, held_until) in (0, 3) and (browser or holding is null)
    );
create index phone_account_browser on phone_account (switch_id) where browser;
