-- The leader of a switch reads once a second which accounts are not known to be there.
create index phone_account_changed on phone_account (switch_id) where pushed_at is null;
