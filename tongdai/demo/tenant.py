"""The demo tenant, which the samples of the API show: a campaign, two contact lists, queues and a key.

Two more campaigns are running (calls.py)."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tongdai.campaigns.model import DEFAULT_TYPE
from tongdai.contacts.model import number_of
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers import store as time_zone_store
from tongdai.contacts.numbers.time_zones import zone_of
from tongdai.db.pool import Connection
from tongdai.demo import calls as demo_calls
from tongdai.demo import queues as demo_queues
from tongdai.demo import secret_file
from tongdai.http.principal import Scope
from tongdai.ids import QueueId, TenantId
from tongdai.imports.chunk import Sent, encode_sent
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes.codec import ChunkOutcome
from tongdai.numbers import store as numbers
from tongdai.numbers.core import read
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store

TENANT = TenantId(20260310)
TENANT_NAME = "AloHub"
ZONE = "Asia/Ho_Chi_Minh"
CAMPAIGN = 1042
CAMPAIGN_NAME = "Khao sat khach hang"
LISTS = ((501, "Danh sach thang 4", 150), (502, "Default List", 30))
"""Lists: id, name, number of contacts."""
FIRST_CONTACT = 88001
FIRST_PERSON = ("+84901234567", "Nguyen Van A")
QUEUES = (
    (1001226, "test", None, 1, "waiting.wav", 120, None),
    (1001227, "Chăm sóc khách hàng", "19006363", 1, "waiting.wav", 300, True),
    (1001228, "Khách hàng VIP", "19006364", 2, "vip.wav", 0, False),
    (1001229, "Giờ hành chính", "19006365", 1, "waiting.wav", 300, True),
)
"""Queues: id, name, number, strategy, hold music, longest wait in seconds, whether the position is announced."""

JOB = 5
JOB_CREATED = 99
"""Contacts created by a finished import into the first list; one of its rows repeated the first number."""

KEY_FILE = "demo.key"
SCOPES = frozenset(Scope)

_SEED = 20260310
_TAKEN = {FIRST_PERSON[0], "+84901000001", "+84901000002"}  # the last two are new ones in the samples of the API
_NETWORKS = (
    "32", "33", "34", "35", "36", "37", "38", "39", "70", "76", "77", "78", "79", "81", "82", "83", "84", "85",
    "86", "88", "89", "90", "91", "93", "94", "96", "97", "98",
)  # fmt: skip
_FAMILY = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương",
    "Lý",
)  # fmt: skip
_NAMES = (
    (
        ("Văn", "Hữu", "Đức", "Minh", "Quang", "Công", "Thành"),
        ("An", "Bình", "Cường", "Dũng", "Hải", "Hùng", "Khánh", "Long", "Nam", "Phúc", "Quân", "Sơn", "Tuấn", "Việt"),
    ),
    (
        ("Thị", "Ngọc", "Thu", "Thanh", "Kim", "Mỹ", "Bích"),
        ("Anh", "Chi", "Dung", "Hạnh", "Hoa", "Hương", "Lan", "Linh", "Mai", "Nga", "Oanh", "Phượng", "Trang", "Yến"),
    ),
)
"""Middle and given names, male and female."""


async def prepare(conn: Connection, settings: Settings, *, reset: bool = False) -> str:
    """Create the demo tenant if it is missing, or again with `reset`, and return a key with every scope.

    An existing tenant with the demo's id is taken for the demo: it is left as it is, and deleted by `reset`.
    """
    async with conn.transaction():
        if reset:
            await _delete(conn)
        await _create(conn)
        await demo_calls.sign_in(conn, TENANT)
    return await _key(conn, settings)


# Referring rows first. The first statement makes requests of the tenant wait for what follows.
LOCK_TENANT = "select tenant_id from tenant where tenant_id = $1 for update"
TABLES = (
    "phone_account", "wrap_up_rule", "wrap_up_code", "pause_reasons",
    "preview", "agent_state", "agent_skill", "agent_queue", "agent", "callback", "offer", "caller", "call_party",
    "call_control", "call_act", "call_event", "recording", "segment", "call", "call_hour", "do_not_call",
    "do_not_call_list",
    "queue_quarter", "report_open_quarter", "report_kept",
    "audit", "idempotency_record",
    "import_turn", "import_chunk", "import_outcome", "import_seen", "import_job",
    "contact_block", "contact_change", "contact_counter", "contact_due", "contact_run", "contact",
    "contact_list", "campaign", "calling_hours",
    "queue_setting", "menu", "sound_file", "holiday", "opening_hours", "default_opening_hours", "inbound_queue",
    "called_number", "sip_endpoint", "password_reset", "user_session", "user_account", "team", "wallboard",
    "webhook_delivery", "webhook_outbox", "webhook_lease", "webhook",
    "api_key", "tenant",
)  # fmt: skip


async def _delete(conn: Connection) -> None:
    await conn.execute(LOCK_TENANT, TENANT)
    for table in TABLES:
        await conn.execute(f"delete from {table} where tenant_id = $1", TENANT)  # noqa: S608 - our own names
    await conn.execute("select pg_notify($1, '')", store.KEYS_CHANGED)


CREATE_CAMPAIGN = """
insert into campaign (tenant_id, campaign_id, name, type, status, trunk, preset) values ($1, $2, $3, $4, 1, $5, 'none')
"""
CREATE_LIST = "insert into contact_list (tenant_id, campaign_id, list_id, name) values ($1, $2, $3, $4)"
CREATE_CONTACTS = """
insert into contact (tenant_id, campaign_id, list_id, contact_id, number, name, zone)
values ($1, $2, $3, $4, $5, $6, $7)
"""
CREATE_DUE = """
insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
select $1::bigint, contact_id, campaign_id, created_at, zone from contact where tenant_id = $1
"""
CREATE_COUNTERS = """
insert into contact_counter (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
select $1::bigint, campaign_id, list_id, process_status, coalesce(call_status, ''), 0, count(*)
from contact where tenant_id = $1 group by 1, 2, 3, 4, 5
"""
CREATE_BLOCKS = """
insert into contact_block (tenant_id, list_id, span, block, shard, contacts)
select $1::bigint, list_id, span, contact_id >> span, 0, count(*)
from contact cross join (values (10), (15), (20)) spans (span) where tenant_id = $1 group by 1, 2, 3, 4
"""
CREATE_QUEUES = """
insert into inbound_queue (tenant_id, queue_id, name, number, strategy, moh_file, max_wait_s, announce_position)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
CREATE_JOB = """
insert into import_job (tenant_id, campaign_id, job_id, list_id, list_name, total_rows, created_rows, duplicate_rows,
    status, started_at, finished_at)
values ($1, $2, $3, $4, $5, $6 + 1, $6, 1, 'done', now(), now())
"""
CREATE_OUTCOME = """
insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts)
values ($1, $2, 0, 1, $3, 1, 0, $4, $5)
"""
# Nobody takes a value of the sequences, which are about to be set, until the transaction ends.
LOCK_SEQUENCES = """
lock table campaign, contact_list, contact, import_job, inbound_queue in share row exclusive mode
"""
MOVE_SEQUENCE = """
select setval(s.sequence, greatest($3, coalesce(pg_sequence_last_value(s.sequence), 0)))
from (select pg_get_serial_sequence($1, $2)::regclass as sequence) s
"""


async def _create(conn: Connection) -> None:
    if await store.create_tenant(conn, TENANT, TENANT_NAME, "VN", ZONE) is None:
        return
    await conn.execute(LOCK_SEQUENCES)
    await conn.execute(CREATE_CAMPAIGN, TENANT, CAMPAIGN, CAMPAIGN_NAME, DEFAULT_TYPE, demo_calls.TRUNK)
    placed = [list_id for list_id, _, contacts in LISTS for _ in range(contacts)]
    everybody = _people()
    people = list(islice(everybody, len(placed)))
    await _create_contacts(conn, placed, people)
    await _create_job(conn, people[:JOB_CREATED])
    await conn.executemany(CREATE_QUEUES, [(TENANT, *queue) for queue in QUEUES])
    for number in filter(None, (queue[2] for queue in QUEUES)):
        await _give(conn, number)
    for table, column, highest in (
        ("campaign", "campaign_id", CAMPAIGN),
        ("contact_list", "list_id", LISTS[-1][0]),
        ("contact", "contact_id", FIRST_CONTACT + len(people) - 1),
        ("import_job", "job_id", JOB),
        ("inbound_queue", "queue_id", QUEUES[-1][0]),
    ):
        await conn.execute(MOVE_SEQUENCE, table, column, highest)
    await demo_queues.set_up(conn, TENANT, normal=QueueId(1001227), vip=QueueId(1001228), office=QueueId(1001229))
    await demo_calls.create(conn, TENANT, [QueueId(queue[0]) for queue in QUEUES if queue[2]], everybody)


async def _give(conn: Connection, text: str) -> None:
    """Give a queue's number to the demo, unless another tenant has it."""
    number = read(text, "VN")
    assert not isinstance(number, phone.NumberFault)
    await numbers.give(conn, TENANT, number, None, None)


async def _create_contacts(conn: Connection, placed: list[int], people: list[tuple[str, str]]) -> None:
    """Fill the lists; `placed` is the list of each person."""
    for list_id, name, _ in LISTS:
        await conn.execute(CREATE_LIST, TENANT, CAMPAIGN, list_id, name)
    zones = await time_zone_store.numbers(conn, {zone_of(number) for number, _ in people})
    await conn.executemany(
        CREATE_CONTACTS,
        [
            (TENANT, CAMPAIGN, list_id, FIRST_CONTACT + place, number_of(number), name, zones[zone_of(number)])
            for place, (list_id, (number, name)) in enumerate(zip(placed, people, strict=True))
        ],
    )
    await conn.execute(CREATE_DUE, TENANT)
    await conn.execute(CREATE_COUNTERS, TENANT)
    await conn.execute(CREATE_BLOCKS, TENANT)


async def _create_job(conn: Connection, people: list[tuple[str, str]]) -> None:
    numbers = [phone.formatted(number, "VN") for number, _ in people]
    sent = Sent([*numbers, numbers[0]], None, [], [(len(people), 0)])
    outcome = ChunkOutcome(codec.CREATED * len(people), range(FIRST_CONTACT, FIRST_CONTACT + len(people)))
    await conn.execute(CREATE_JOB, TENANT, CAMPAIGN, JOB, *LISTS[0][:2], len(people))
    await conn.execute(CREATE_OUTCOME, TENANT, JOB, len(people), encode_sent(sent), codec.encode(outcome))


def _people() -> Iterator[tuple[str, str]]:
    """Distinct numbers with names, the same each time."""
    yield FIRST_PERSON
    chance, taken = random.Random(_SEED), set(_TAKEN)  # noqa: S311 - nothing secret
    while True:
        number = phone.normalise(f"0{chance.choice(_NETWORKS)}{chance.randrange(10**7):07}", "VN")
        if not isinstance(number, phone.NumberFault) and number not in taken:
            taken.add(number)
            middle, given = chance.choice(_NAMES)
            yield number, f"{chance.choice(_FAMILY)} {chance.choice(middle)} {chance.choice(given)}"


async def _key(conn: Connection, settings: Settings) -> str:
    """The key of the last start, or a new one if that is lost, expired, revoked or of another database."""
    data_dir = Path(settings.data_dir)
    pepper = key_format.load_pepper(settings.key_pepper, data_dir)
    await store.check_pepper(conn, key_format.fingerprint(pepper))
    value = secret_file.read(data_dir / KEY_FILE)
    found = await store.find_key(conn, key_format.digest(value, pepper)) if key_format.well_formed(value) else None
    if found and found.usable(datetime.now(UTC)) and (found.tenant_id, found.scopes) == (TENANT, SCOPES):
        return value
    value = key_format.generate()
    async with conn.transaction():
        await store.create_key(
            conn,
            TENANT,
            name="demo",
            hint=key_format.hint(value),
            digest=key_format.digest(value, pepper),
            scopes=SCOPES,
            expires_at=None,
            by=None,
        )
        secret_file.write(data_dir / KEY_FILE, value)
    return value
