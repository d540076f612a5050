-- Every table of a tenant has tenant_id first in its primary key, unique keys, foreign keys and indexes: a reference
-- cannot cross tenants, and the tables shard by tenant as they are.

-- Switches -------------------------------------------------------------------------------------------------------------

-- An Asterisk, or the simulated switch. One process leads it at a time, and reports here what it knows of it.
create table switch (
    switch_id   smallint primary key,
    name        text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    kind        text check (kind in ('asterisk', 'simulated')),  -- null: nobody has led it yet
    description text,                          -- what it says it is
    app         text,                          -- the Stasis application
    host        text,                          -- where the leader runs
    connected   boolean not null default false,
    alive_at    timestamptz,                   -- the leader's heartbeat
    live_calls  integer not null default 0,
    placed_10s  integer not null default 0,    -- originates in the last 10 seconds
    created_at  timestamptz not null default now()
) with (fillfactor = 50);
insert into switch (switch_id, name) values (1, 'default');

-- Held dialing ---------------------------------------------------------------------------------------------------------

-- The last heartbeat of each switch's leader as a number that only grows, and the database that had it. What it does not
-- continue is a restored backup (dialing/core.py).
create table dialing_beat (
    switch_id         smallint primary key references switch,
    beat              bigint not null check (beat > 0),  -- at least the milliseconds since 1970
    beat_at           timestamptz not null,
    system_identifier bigint,                  -- of the cluster; null, as the next two: not known
    database_oid      bigint,
    timeline          bigint,
    accepted_file     text                     -- the beat file that a release accepted; null: the leader has written its own
) with (fillfactor = 50);

-- While a row is not released, nothing is dialled. They are kept: this is the audit of the installation.
create table dialing_hold (
    hold_id           bigint generated always as identity primary key,
    reason            text not null check (reason in ('operator', 'started_held', 'restored', 'other_database', 'went_back',
                                                      'directory_copied', 'beat_file_missing', 'not_continued',
                                                      'clock_behind')),
    switch_id         smallint,                -- whose leader found the reason
    calls_known_until timestamptz,             -- calls placed later may be missing here; null: none are
    held_at           timestamptz not null,
    held_by           bigint,                  -- a key; null: the command line, or a process
    request           text unique,             -- the Idempotency-Key that it came with
    released_at       timestamptz,
    released_by       bigint,                  -- likewise
    contacts          bigint,                  -- that may have been called since, as the release said
    file              text,                    -- the beat file that the leader found
    remembered        bigint                   -- the beat that it knew
);
create unique index dialing_hold_in_force on dialing_hold ((true)) where released_at is null;

-- Tenants and keys -----------------------------------------------------------------------------------------------------

create table tenant (
    tenant_id    bigint primary key check (tenant_id between 1 and 999999999999999999),
    name         text not null check (length(name) between 1 and 255),
    country      text not null default 'VN' check (country ~ '^[A-Z]{2}$'),
    zone         text not null default 'UTC' check (length(zone) between 1 and 64),
    tenant_limit integer check (tenant_limit > 0),
    route_limit  integer check (route_limit > 0),
    switch_id    smallint not null default 1 references switch,  -- that carries its new calls
    created_at   timestamptz not null default now()
);

-- A directory, looked up before the tenant is known: the one table whose key does not begin with tenant_id.
create table api_key (
    key_id     bigint generated always as identity primary key,
    tenant_id  bigint references tenant,       -- null: a platform key, which names its tenant with each request
    name       text not null check (length(name) <= 255),
    hint       text not null,                  -- the first and last characters, to tell keys apart
    digest     bytea not null unique check (length(digest) = 32),
    scopes     text[] not null check (scopes <@ array['campaign', 'queue', 'agent', 'report', 'admin']),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
create index api_key_tenant on api_key (tenant_id, key_id);

-- The first response to a POST with an Idempotency-Key, kept for 24 hours.
create table idempotency_record (
    tenant_id  bigint not null references tenant,
    key        text not null check (length(key) between 1 and 255),
    digest     bytea not null,                 -- of method, path and body
    status     smallint,                       -- null only inside the transaction that does the work
    body       bytea,
    created_at timestamptz not null default now(),
    primary key (tenant_id, key)
);
create index idempotency_record_age on idempotency_record (created_at);

create table audit (
    tenant_id bigint not null references tenant,
    audit_id  bigint generated always as identity,
    at        timestamptz not null default now(),
    key_id    bigint,                          -- null: the operator, by the command line
    action    text not null,                   -- `campaign.start`
    subject   text not null,                   -- `campaign 1042`
    detail    jsonb,
    primary key (tenant_id, audit_id)
);

-- Facts of this installation, such as the fingerprint of the key pepper.
create table installation (
    name  text primary key,
    value text not null
);

-- Queues ---------------------------------------------------------------------------------------------------------------

create table inbound_queue (
    tenant_id         bigint not null references tenant,
    queue_id          bigint generated by default as identity,
    name              text not null check (length(name) between 1 and 255),
    number            text check (length(number) <= 32),
    strategy          smallint not null default 1 check (strategy in (1, 2, 3, 4, 99)),
    moh_file          text check (length(moh_file) between 1 and 255),
    max_wait_s        integer check (max_wait_s between 0 and 86400),
    announce_position boolean,
    agent_selector    text,
    created_at        timestamptz not null default now(),
    primary key (tenant_id, queue_id),
    unique (tenant_id, number)
);

-- Campaigns and contacts -----------------------------------------------------------------------------------------------

create table campaign (
    tenant_id        bigint not null references tenant,
    campaign_id      bigint generated by default as identity,
    name             text not null check (length(name) between 1 and 255),
    type             text not null check (type ~ '^[A-Z][A-Z0-9_]{0,63}$'),
    status           smallint not null default 1 check (status in (1, 2, 3, 4)),
    user_name        text check (length(user_name) <= 255),
    purpose          text not null default 'service' check (purpose in ('advertising', 'collection', 'service', 'survey')),
    mode             text not null default 'agentless'
        check (mode in ('agentless', 'preview', 'progressive', 'predictive')),
    queue_id         bigint,                   -- whose agents talk
    caller_id        text check (caller_id ~ '^\+?[0-9]{3,15}$'),
    trunk            text check (trunk ~ '^[A-Za-z0-9_-]{1,64}$'),
    audio_file       text check (length(audio_file) between 1 and 255),
    abandon_file     text check (length(abandon_file) between 1 and 255),
    ring_timeout_s   smallint not null default 30 check (ring_timeout_s between 15 and 60),
    max_calls        integer not null default 10 check (max_calls between 1 and 10000),
    calls_per_second integer not null default 5 check (calls_per_second between 1 and 200),
    preset           text not null default 'none' check (preset in ('none', 'us_telemarketing', 'vn_advertising')),
    windows          jsonb,                    -- null: those of the preset
    retries          jsonb,                    -- null: the defaults; what is named replaces these outcome by outcome
    contact_calls    integer check (contact_calls between 1 and 1000),       -- null: no frequency cap
    contact_period_h integer check (contact_period_h between 1 and 8760),    -- null: no end of the period
    number_calls     integer check (number_calls between 1 and 1000),        -- over all campaigns of the tenant
    number_period_h  integer check (number_period_h between 1 and 8760),
    abandon_cap      real not null default 3.0 check (abandon_cap between 0 and 100),  -- percent of live answers
    machine_detection text not null default 'off' check (machine_detection in ('off', 'hang_up')),
    priority         smallint not null default 0 check (priority between -100 and 100),
    created_at       timestamptz not null default now(),
    primary key (tenant_id, campaign_id),
    foreign key (tenant_id, queue_id) references inbound_queue,
    check ((number_calls is null) = (number_period_h is null)),
    check (contact_period_h is null or contact_calls is not null)
);
create index campaign_running on campaign (tenant_id, campaign_id) where status = 2;
create index campaign_queue on campaign (tenant_id, queue_id) where queue_id is not null;

create table contact_list (
    tenant_id   bigint not null,
    list_id     bigint generated by default as identity,
    campaign_id bigint not null,
    name        text not null check (length(name) between 1 and 255),
    created_at  timestamptz not null default now(),
    primary key (tenant_id, list_id),
    unique (tenant_id, campaign_id, list_id),
    unique (tenant_id, campaign_id, name),
    foreign key (tenant_id, campaign_id) references campaign
);

-- The time zones of contacts, numbered as they are met. Without a tenant, as a time zone belongs to nobody.
create table time_zone (
    zone smallint generated by default as identity primary key,
    name text not null unique check (length(name) <= 2000)  -- an IANA name; several, separated by commas; '': not known
);
insert into time_zone (zone, name) values (0, '');

-- Contacts are inserted by the million: a row costs itself and its index entries, and nothing else. Its list is locked by
-- who inserts it, and contact_counter's foreign key refuses a list of another campaign or tenant.
create table contact (
    tenant_id      bigint not null,
    contact_id     bigint generated by default as identity,
    campaign_id    bigint not null,
    list_id        bigint not null,
    number         bigint not null check (number between 1 and 999999999999999),  -- E.164 without the `+`
    created_at     timestamptz not null default now(),
    zone           smallint not null default 0,  -- in time_zone
    process_status smallint not null default 0 check (process_status in (0, 2)),  -- in call: it has a live call
    in_run         boolean not null default false,  -- see contact_run
    call_status    text check (call_status in ('answered', 'no_answer', 'busy', 'failed', 'invalid_number', 'machine',
                                               'abandoned', 'cancelled', 'lost', 'dnc', 'out_of_window')),
    name           text check (length(name) <= 255),
    external_id    text check (length(external_id) <= 128),
    attributes     jsonb,
    primary key (tenant_id, contact_id),
    unique (tenant_id, campaign_id, number)
) with (fillfactor = 90);  -- room for the new version of a row that a call changes
create index contact_list_status on contact (tenant_id, list_id, process_status, contact_id);
create index contact_external on contact (tenant_id, campaign_id, external_id) where external_id is not null;

-- A tenant, campaign or list that came after the last ANALYZE would be taken for one with a single row, and its rows
-- be read one by one through any index that begins with it. Without statistics each is taken for a part of the table.
alter table contact alter column tenant_id set statistics 0, alter column campaign_id set statistics 0,
    alter column list_id set statistics 0, alter column zone set statistics 0;

-- When contacts are due. A contact that is not processed is in exactly one of three places: in a run, in contact_due, or in a
-- live call. A run holds contacts that were inserted together and never claimed: those of the zone with an id from next_id
-- to last_id whose in_run is set. The claim moves next_id; a run ends with its last contact. Runs of a campaign and zone
-- are disjoint: who makes one holds the campaign's advisory lock from before its first id is taken.
create table contact_run (
    tenant_id   bigint not null,
    campaign_id bigint not null,
    zone        smallint not null references time_zone,
    first_id    bigint not null,
    next_id     bigint not null,
    last_id     bigint not null,
    contacts    integer not null check (contacts > 0),  -- that it still holds
    due_at      timestamptz not null default now(),
    primary key (tenant_id, campaign_id, zone, first_id),
    foreign key (tenant_id, campaign_id) references campaign,
    check (first_id <= next_id and next_id + contacts - 1 <= last_id)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0.05);

-- Contacts that are due at a time of their own: rescheduled, or not inserted with enough others of their zone.
create table contact_due (
    tenant_id   bigint not null,
    contact_id  bigint not null,
    campaign_id bigint not null,
    due_at      timestamptz not null,
    zone        smallint not null,
    primary key (tenant_id, contact_id)
) with (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.01, vacuum_index_cleanup = on);
create index contact_due_order on contact_due (tenant_id, campaign_id, zone, due_at, contact_id);
alter table contact_due alter column tenant_id set statistics 0, alter column campaign_id set statistics 0,
    alter column zone set statistics 0;

-- How many contacts of each state a list has, changed by the statement that changes the contacts. A count is the sum
-- over its shards: writers on different connections take different shards, so that none waits for another's commit.
create table contact_counter (
    tenant_id      bigint not null,
    campaign_id    bigint not null,
    list_id        bigint not null,
    process_status smallint not null,
    call_status    text not null,              -- '' before the first call
    shard          smallint not null,
    contacts       bigint not null,
    primary key (tenant_id, campaign_id, list_id, process_status, call_status, shard),
    foreign key (tenant_id, campaign_id, list_id) references contact_list (tenant_id, campaign_id, list_id)
);

-- How many contacts of a list have an id within a range of 2^span ids: `block` is contact_id >> span. From the sums over
-- a few dozen ranges of 2^20 ids, of 2^15 within one of them, and of 2^10 within one of those, a page deep in a long list
-- knows where it begins. Shards as in contact_counter.
create table contact_block (
    tenant_id bigint not null,
    list_id   bigint not null,
    span      smallint not null check (span in (10, 15, 20)),
    block     bigint not null,
    shard     smallint not null,
    contacts  integer not null,
    primary key (tenant_id, list_id, span, block, shard),
    foreign key (tenant_id, list_id) references contact_list
);

-- Imports --------------------------------------------------------------------------------------------------------------

create table import_job (
    tenant_id         bigint not null,
    job_id            bigint generated by default as identity,
    campaign_id       bigint not null,
    list_id           bigint,                  -- null: a dry run into a list that the campaign does not have
    list_name         text not null check (length(list_name) <= 255),
    dry_run           boolean not null default false,
    format            text not null default 'json' check (format in ('json', 'ndjson', 'csv', 'xlsx')),
    file_name         text check (length(file_name) <= 255),
    status            text not null default 'pending' check (status in ('pending', 'processing', 'done', 'failed')),
    total_rows        bigint not null,
    created_rows      bigint not null default 0,
    duplicate_rows    bigint not null default 0,
    failed_rows       bigint not null default 0,
    error_message     text,
    attempts          smallint not null default 0,  -- claims since the last chunk that was committed
    fence             bigint not null default 0,    -- grows with each claim; a chunk is written only under the newest
    lease_until       timestamptz,
    first_contact_id  bigint,                  -- the least id of the contacts it has created
    meets_known       boolean not null default false,  -- its last chunk had numbers that the campaign had before
    removed_rows      bigint not null default 0,
    undo_requested_at timestamptz,
    undone_at         timestamptz,
    keeps_seen        boolean not null default false,  -- import_seen may have rows of it
    rows_state        text not null default 'kept' check (rows_state in ('kept', 'dropping', 'dropped')),
    detected          jsonb,                   -- how its file was read; imports/detected.py
    created_at        timestamptz not null default now(),
    started_at        timestamptz,
    finished_at       timestamptz,
    primary key (tenant_id, job_id),
    foreign key (tenant_id, campaign_id) references campaign,
    foreign key (tenant_id, campaign_id, list_id) references contact_list (tenant_id, campaign_id, list_id),
    check (created_rows + duplicate_rows + failed_rows <= total_rows),
    check (status <> 'done' or created_rows + duplicate_rows + failed_rows = total_rows),
    check ((status in ('done', 'failed')) = (finished_at is not null)),
    check (list_id is not null or dry_run),
    check (removed_rows <= created_rows),
    check (not dry_run or removed_rows = 0),
    check (undo_requested_at is null or finished_at is not null),
    check (undone_at is null or undo_requested_at is not null)
);
create index import_job_campaign on import_job (tenant_id, campaign_id, job_id);
create index import_job_open on import_job (tenant_id, job_id)
    where undone_at is null and (finished_at is null or undo_requested_at is not null);
create index import_job_rows on import_job (finished_at) where rows_state <> 'dropped';
create index import_job_seen on import_job (tenant_id, job_id) where keeps_seen;

-- Rows of a job that are not imported yet; the transaction that imports a chunk deletes it.
create table import_chunk (
    tenant_id bigint not null,
    job_id    bigint not null,
    seq       integer not null,
    payload   bytea not null,                  -- the contacts; imports/chunk.py
    sent      bytea not null,                  -- what the rows said
    primary key (tenant_id, job_id, seq),
    foreign key (tenant_id, job_id) references import_job
);
alter table import_chunk alter column payload set storage external, alter column sent set storage external;

-- When a tenant's imports last had their turn.
create table import_turn (
    tenant_id bigint primary key references tenant,
    served_at timestamptz not null
);

-- The outcome of each row of a chunk, written by the transaction that imports the chunk.
create table import_outcome (
    tenant_id bigint not null,
    job_id    bigint not null,
    seq       integer not null,                -- of the chunk
    first_row bigint not null,                 -- the number that its first row has in the import, from 1
    created   integer not null,
    duplicate integer not null,
    failed    integer not null,
    sent      bytea not null,                  -- what the rows said; imports/chunk.py
    contacts  bytea not null,                  -- outcomes of its contacts; imports/outcomes/codec.py
    undone    boolean not null default false,
    taken_at  timestamptz not null default now(),  -- the created_at of the contacts that this transaction created
    primary key (tenant_id, job_id, seq),
    foreign key (tenant_id, job_id) references import_job
);
create index import_outcome_taken on import_outcome (tenant_id, taken_at);
alter table import_outcome
    alter column sent set storage external, alter column contacts set storage external;  -- compressed already

-- The numbers that a dry run has seen and that the campaign does not have. No foreign key: it would be checked for each
-- of a million rows.
create table import_seen (
    tenant_id bigint not null,
    job_id    bigint not null,
    number    bigint not null,                 -- as contact has it
    primary key (tenant_id, job_id, number)
);

-- Do-not-call lists ----------------------------------------------------------------------------------------------------

create table do_not_call_list (
    tenant_id   bigint not null references tenant,
    dnc_list_id bigint generated by default as identity,
    campaign_id bigint,                        -- null: for all campaigns of the tenant
    name        text not null check (length(name) between 1 and 255),
    entries     bigint not null default 0 check (entries >= 0),
    created_at  timestamptz not null default now(),
    primary key (tenant_id, dnc_list_id),
    unique (tenant_id, name),
    foreign key (tenant_id, campaign_id) references campaign
);

create table do_not_call (
    tenant_id   bigint not null,
    dnc_list_id bigint not null,
    phone       text not null check (phone ~ '^\+[1-9][0-9]{1,14}$'),
    reason      text check (length(reason) <= 255),
    expires_at  timestamptz,                   -- null: never
    created_at  timestamptz not null default now(),
    primary key (tenant_id, dnc_list_id, phone),
    foreign key (tenant_id, dnc_list_id) references do_not_call_list
);
create index do_not_call_phone on do_not_call (tenant_id, phone);
alter table do_not_call alter column tenant_id set statistics 0;

-- Agents ---------------------------------------------------------------------------------------------------------------

-- An agent who is not offline has a call of their phone connected, `channel_id`; whom they talk to is bridged with it.
create table agent (
    tenant_id   bigint not null references tenant,
    agent_id    bigint generated by default as identity,
    name        text not null check (length(name) between 1 and 255),
    endpoint    text not null check (endpoint ~ '^[A-Za-z0-9_-]{1,64}$'),
    queue_id    bigint not null,
    wrap_up_s   smallint not null default 10 check (wrap_up_s between 0 and 3600),
    state       text not null default 'offline'
        check (state in ('offline', 'calling', 'idle', 'reserved', 'talking', 'wrap_up', 'hanging_up')),
    state_since timestamptz not null default now(),
    channel_id  uuid,                          -- of the phone; null while `calling` until the dialer has begun to
    switch_id   smallint not null default 1,   -- that has the channel
    call_id     uuid,                          -- which the agent is reserved for or talks to
    sign_out_pending boolean not null default false, -- goes offline when the call ends
    offline_reason text
        check (offline_reason in ('signed_out', 'no_answer', 'busy', 'unreachable', 'phone_hung_up', 'lost')),
    created_at  timestamptz not null default now(),
    primary key (tenant_id, agent_id),
    unique (tenant_id, endpoint),
    foreign key (tenant_id, queue_id) references inbound_queue,
    check (state <> 'offline' or channel_id is null),
    check (not sign_out_pending or state in ('reserved', 'talking')),
    check (offline_reason is null or state = 'offline'),
    check (channel_id is not null or state in ('offline', 'calling')),
    check ((call_id is not null) = (state in ('reserved', 'talking')))
);
create index agent_queue on agent (tenant_id, queue_id, state, state_since);
create index agent_present on agent (tenant_id, agent_id) where state <> 'offline';
create index agent_call on agent (tenant_id, call_id) where call_id is not null;
create index agent_channel on agent (channel_id) where channel_id is not null;  -- an event names the channel alone

-- A contact that an agent looks at before it is called.
create table preview (
    tenant_id   bigint not null,
    agent_id    bigint not null,
    campaign_id bigint not null,
    contact_id  bigint not null,
    offered_at  timestamptz not null default now(),
    accepted_at timestamptz,
    primary key (tenant_id, agent_id),
    unique (tenant_id, contact_id),
    foreign key (tenant_id, agent_id) references agent on delete cascade,
    foreign key (tenant_id, contact_id) references contact on delete cascade,
    foreign key (tenant_id, campaign_id) references campaign
);
create index preview_accepted on preview (tenant_id, campaign_id, accepted_at) where accepted_at is not null;

-- Calls ----------------------------------------------------------------------------------------------------------------

-- The id of a call is the id of its channel. An outbound call is one of a campaign to a contact; the contact may be
-- deleted later, and the call stays. Its campaign exists: no campaign is ever deleted, and the claim, which alone makes
-- outbound calls, has looked at it. An inbound call came to a number that is a queue's.
--
-- Live calls are a partition of their own, small and in memory; the end of a call deletes it there and inserts it into
-- the partition of its month, in one statement. Retention drops months. calls/retention.py makes them ahead; a call whose
-- month is missing goes to call_other, and from there to its month when that is made.
create table call (
    tenant_id    bigint not null,
    call_id      uuid not null,
    ended_month  date not null default 'infinity',  -- the first of the month in which it ended (UTC); infinity: live
    switch_id    smallint not null default 1,  -- that carries it
    direction    text not null default 'outbound' check (direction in ('outbound', 'inbound')),
    campaign_id  bigint,
    contact_id   bigint,
    queue_id     bigint,                       -- of an inbound call
    called       text,                         -- likewise: the number that was called
    phone        text not null,                -- of whoever is called, or calls
    state        text not null default 'claimed'
        check (state in ('claimed', 'dialing', 'ringing', 'answered', 'ended')),
    outcome      text check (outcome in ('answered', 'no_answer', 'busy', 'failed', 'invalid_number', 'machine',
                                         'abandoned', 'cancelled', 'lost', 'dnc', 'out_of_window')),
    agent_id     bigint,
    opened_at    timestamptz not null default now(),
    dialled_at   timestamptz,                  -- from here on the switch may have it
    ringing_at   timestamptz,
    answered_at  timestamptz,
    connected_at timestamptz,                  -- heard an agent, or the audio file
    ended_at     timestamptz,
    hangup_cause smallint,                     -- Q.850
    sip_status   smallint,                     -- SIP
    amd_verdict  text check (amd_verdict in ('human', 'machine', 'unsure', 'unavailable')),  -- null: not asked for
    amd_cause    text,                         -- Asterisk's AMDCAUSE, or what it lacks
    amd_ms       integer,                      -- how long the detection took
    dial_until   timestamptz not null,         -- where the calling window closes; 'infinity'
    lease_until  timestamptz not null,         -- without a heartbeat until then: lost
    due_again_at timestamptz,                  -- when its contact is to be called again; null: it is not
    primary key (tenant_id, call_id, ended_month),
    check (ended_month = coalesce(date_trunc('month', ended_at at time zone 'UTC')::date, 'infinity')),
    check ((state = 'ended') = (ended_at is not null)),
    check ((state = 'ended') = (outcome is not null)),
    check (dialled_at is not null or state in ('claimed', 'ended')),
    check (answered_at is not null or connected_at is null),
    check ((amd_verdict is null) = (amd_ms is null)),
    check ((direction = 'outbound') = (campaign_id is not null)),
    check ((direction = 'outbound') = (contact_id is not null)),
    check ((direction = 'inbound') = (queue_id is not null)),
    check ((direction = 'inbound') = (called is not null))
) partition by list (ended_month);
create table live_call partition of call for values in ('infinity')
    with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);
create table call_other partition of call default;
-- A call has one id while it is live, and a number is in one call at a time.
create unique index live_call_number on live_call (tenant_id, phone);
-- A live call is in no index of the ended ones: its steps are HOT updates, but for who is connected with an agent.
-- The two that a claim and an end ask for have a condition of their own: a query that says `ended_month < 'infinity'`
-- alone cannot be planned through another index in the order of opening, which reads every call of the tenant. Without
-- statistics the planner takes that for the same.
create index call_contact on call (tenant_id, contact_id, opened_at) where ended_month < 'infinity';
create index call_number on call (tenant_id, phone, opened_at) where ended_month < 'infinity';
create index call_campaign on call (tenant_id, campaign_id, opened_at, call_id) where ended_at is not null;
create index call_newest on call (tenant_id, opened_at, call_id) where ended_at is not null;
create index call_ended on call (tenant_id, ended_at, call_id) where ended_at is not null;
create index call_agent on call (tenant_id, agent_id, opened_at, call_id)
    where agent_id is not null and ended_at is not null;
create index call_outcome on call (tenant_id, campaign_id, outcome, opened_at, call_id)
    where ended_at is not null;
alter table call alter column tenant_id set statistics 0, alter column campaign_id set statistics 0;
alter table live_call alter column tenant_id set statistics 0, alter column campaign_id set statistics 0;

-- The parts of a call: with whom it was, and for how long. An open one is in a partition of its own, as a live call is;
-- a wrap-up outlasts its call. The waits and talks of an answered call follow each other without a gap.
create table segment (
    tenant_id   bigint not null,
    call_id     uuid not null,
    kind        text not null check (kind in ('menu', 'wait', 'talk', 'consult', 'hold', 'wrap_up')),
    started_at  timestamptz not null,
    ended_month date not null default 'infinity',  -- as in call
    queue_id    bigint,
    agent_id    bigint,                        -- null: nobody yet, or the audio file
    ended_at    timestamptz,
    primary key (tenant_id, call_id, started_at, kind, ended_month),
    check (ended_month = coalesce(date_trunc('month', ended_at at time zone 'UTC')::date, 'infinity')),
    check (ended_at >= started_at),
    check (kind not in ('consult', 'hold', 'wrap_up') or agent_id is not null)
) partition by list (ended_month);
create table open_segment partition of segment for values in ('infinity')
    with (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.1);
create table segment_other partition of segment default;
create index open_segment_agent on open_segment (tenant_id, agent_id) where agent_id is not null;
create index segment_agent on segment (tenant_id, agent_id, started_at) where agent_id is not null and ended_at is not null;
create index segment_queue on segment (tenant_id, queue_id, started_at) where queue_id is not null and ended_at is not null;
alter table segment alter column tenant_id set statistics 0;
alter table open_segment alter column tenant_id set statistics 0;

-- Since when there are rows: months before were dropped.
create table call_retention (
    table_name text primary key,
    since      timestamptz not null
);

-- A campaign's calls by the hour in which they ended and their outcome. Shards as in contact_counter.
create table call_hour (
    tenant_id   bigint not null,
    campaign_id bigint not null,
    hour        timestamptz not null,
    outcome     text not null,
    shard       smallint not null,
    calls       bigint not null,               -- ended calls
    placed      bigint not null,               -- of these: the switch was asked to call
    answered    bigint not null,               -- of these: answered, machines too
    ring_s      double precision not null,     -- from dialling to answer, of the answered
    talk_s      double precision not null,     -- from connection to end
    primary key (tenant_id, campaign_id, hour, outcome, shard),
    foreign key (tenant_id, campaign_id) references campaign
);
