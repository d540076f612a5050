"""A row of a tenant in each table that needs nothing but the tenant, or one of its queues."""

OF_TENANT = (
    "insert into do_not_call_list (tenant_id, name) values ($1, 'L')",
    """insert into do_not_call (tenant_id, dnc_list_id, phone)
       select tenant_id, dnc_list_id, '+84901234567' from do_not_call_list where tenant_id = $1""",
    "insert into calling_hours (tenant_id, windows) values ($1, '[]')",
    "insert into default_opening_hours (tenant_id) values ($1)",
    "insert into opening_hours (tenant_id, queue_id) select $1, min(queue_id) from inbound_queue where tenant_id = $1",
    "insert into queue_setting (tenant_id, queue_id) select $1, min(queue_id) from inbound_queue where tenant_id = $1",
    "insert into menu values ($1, default, 'M', null, 5, 2, '{}', null)",
    "insert into sound_file (tenant_id, kind, name, size, data) values ($1, 'music', 'A', 0, '')",
    "insert into holiday (tenant_id, day, name) values ($1, '2027-01-01', 'A')",
    "insert into called_number (number, tenant_id, national) values ($1::bigint, $1::bigint, '1')",
    "insert into sip_endpoint (switch_id, name, kind, tenant_id) values (1, $1::bigint::text, 'phone', $1)",
    "insert into phone_account values ($1, 'p' || $1::bigint, 1, 1, decode(repeat('00', 16), 'hex'))",
    "insert into call_act (tenant_id, call_id, switch_id, kind) values ($1, gen_random_uuid(), 1, 'hold')",
    "insert into call_control (tenant_id, call_id, switch_id) values ($1, gen_random_uuid(), 1)",
    """insert into call_event (tenant_id, call_id, at, kind, menu_id)
       values ($1, gen_random_uuid(), now(), 'menu', 1)""",
    """insert into recording (tenant_id, call_id, switch_id, channel, wanted_at)
       values ($1, gen_random_uuid(), 1, 'c', now())""",
    """insert into call_party (tenant_id, call_id, channel, switch_id, kind, target, state, called_at)
       values ($1, gen_random_uuid(), 'c', 1, 'phone', 'p', 'called', now())""",
    """insert into caller (tenant_id, call_id, queue_id, arrived_at, joined_at)
       select $1, gen_random_uuid(), min(queue_id), now(), now() from inbound_queue where tenant_id = $1""",
    """insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at)
       select tenant_id, call_id, queue_id, 1, now() from caller where tenant_id = $1""",
    """insert into callback (tenant_id, queue_id, phone, called, source, arrived_at, due_at, expires_at)
       select $1, min(queue_id), '+84901234567', '', 'api', now(), now(), now() from inbound_queue
       where tenant_id = $1""",
    "insert into wrap_up_code (tenant_id, name) values ($1, 'Sold')",
    "insert into pause_reasons values ($1, '{Lunch}')",
    """insert into wallboard (tenant_id, name, hint, digest, tiles, queue_ids, thresholds, theme)
       values ($1, 'W', '', sha256(int8send($1::bigint)), '{waiting}', '{}', '{}', 'dark')""",
    """insert into webhook (tenant_id, url, events, body, salt)
       values ($1, 'https://a.example', '{call.ended}', 'vendor', decode(repeat('00', 16), 'hex'))""",
    """insert into webhook_lease (tenant_id, webhook_id, fence, lease_until)
       select tenant_id, webhook_id, 1, now() from webhook where tenant_id = $1""",
    """insert into webhook_outbox (tenant_id, webhook_id, event, occurred_at, data)
       select tenant_id, webhook_id, 'call.ended', now(), '{}' from webhook where tenant_id = $1""",
    """insert into webhook_delivery (tenant_id, webhook_id, delivery_id, ended_day, ended_at, state, message_id, event,
           occurred_at, data, created_at, attempts)
       select tenant_id, webhook_id, 1, '2026-03-10', now(), 'failed', gen_random_uuid(), 'call.ended', now(), '{}',
           now(), 1
       from webhook where tenant_id = $1""",
    """insert into wrap_up_rule (tenant_id, queue_id, mode)
       select $1, min(queue_id), 'optional' from inbound_queue where tenant_id = $1""",
    """insert into user_account (tenant_id, name, login, role)
       values ($1, 'A', 'a' || $1::bigint || '@example.com', 'owner')""",
    """insert into user_session (user_id, tenant_id, digest, expires_at, address, user_agent)
       select user_id, tenant_id, sha256(user_id::text::bytea), now(), '', '' from user_account where tenant_id = $1""",
    """insert into password_reset (digest, user_id, tenant_id, expires_at)
       select sha256(user_id::text::bytea), user_id, tenant_id, now() from user_account where tenant_id = $1""",
    "insert into agent_state values ($1, 1, now(), date_trunc('month', now() at time zone 'UTC')::date, 'idle')",
    "insert into team (tenant_id, team_id, name) values ($1, 1, 'A')",
    "insert into report_kept values ($1, now(), now())",
    "insert into report_open_quarter values ($1, now())",
    "insert into queue_quarter values ($1, now(), 1, true, '{}', '{}', '{}', '{}', 0, 0, 0, 0, 0, 0, 0)",
    "insert into contact_change (tenant_id, first_id, last_id) values ($1, 1, 1)",
    "insert into import_turn (tenant_id, served_at) values ($1, now())",
    "insert into idempotency_record (tenant_id, key, digest) values ($1, 'k', '')",
)
