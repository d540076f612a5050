"""The rows of the ACD that hold music and announcements are made of."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.acd.store import Pace
from tongdai.calls.inbound.model import InboundCall
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules

SOUND = """
insert into sound_file (tenant_id, kind, language, name, size, data) values ($1, $2, $3, $4, $5, 'x') returning sound_id
"""


async def test_sounds_of_a_queue_are_its_music_and_the_prompts_in_its_language(
    conn: Connection, store: PostgresAcdStore, tenant_id: TenantId, rules: QueueRules
) -> None:
    for kind, language, name in (
        ("music", "", "a.wav"), ("music", "", "b.wav"), ("prompt", "vi", "hai"), ("prompt", "en", "two"),
    ):  # fmt: skip
        await conn.execute(SOUND, tenant_id, kind, language, name, 16_044)
    found = await store.sounds(tenant_id, replace(rules, hold_music="b.wav", language="vi"))
    assert found.music is not None
    assert found.music.seconds == 1
    assert [*found.prompts] == ["hai"]
    other = await store.sounds(tenant_id, replace(rules, hold_music="a.wav", language="en"))
    assert other.music is not None
    assert other.music.sound_id != found.music.sound_id
    assert [*other.prompts] == ["two"]
    assert (await store.sounds(tenant_id, rules)).music is None
    assert (await store.sounds(TenantId(tenant_id + 1), replace(rules, hold_music="a.wav"))).music is None


TALKED = """
insert into segment (tenant_id, call_id, kind, started_at, ended_at, ended_month, queue_id, agent_id)
select $1, $2, k.kind, $3::timestamptz - k.began, $3::timestamptz - k.began + k.lasts,
    date_trunc('month', ($3::timestamptz - k.began + k.lasts) at time zone 'UTC')::date, $4, 1
from (
    values ('talk', interval '200 s', interval '60 s'), ('wrap_up', interval '140 s', interval '30 s')
) k (kind, began, lasts)
"""


async def test_pace_of_a_queue_is_how_long_calls_took_and_who_serves_them(
    conn: Connection, store: PostgresAcdStore, tenant_id: TenantId, queue_id: QueueId, agent_id: AgentId, at: datetime
) -> None:
    assert await store.pace(tenant_id, queue_id) == Pace(None, 1)
    for _ in range(2):
        await conn.execute(TALKED, tenant_id, uuid4(), at, queue_id)
    assert await store.pace(tenant_id, queue_id) == Pace(90, 1)
    pause = "update agent set state = 'paused', pause_reason = 'lunch' where tenant_id = $1 and agent_id = $2"
    await conn.execute(pause, tenant_id, agent_id)
    assert await store.pace(tenant_id, queue_id) == Pace(90, 0)


async def test_place_that_was_announced_is_kept(
    store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    await store.announced(call, 2)
    row = await store.join(call, rules, 0, at)
    assert row is not None
    assert row.announced is None, "the caller was in no queue"
    await store.announced(call, 2)
    await store.announced(call, 1)
    (found,) = [one for one in await store.active() if one.call.call_id == call.call_id]
    assert found.caller is not None
    assert found.caller.announced == 1
