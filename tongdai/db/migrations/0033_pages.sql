-- A page of a browser that is loaded again has no call of the former one: the phone is called anew.
alter table phone_account
    add column page uuid;                      -- that has the account, or had it last; null: it is gone, or has no name
alter table agent
    add column page uuid,                      -- at which the phone's channel was called; null: it is in no browser
    add column page_lost_at timestamptz;       -- since when that page is gone; null: it is not, or was given up
