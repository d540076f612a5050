"""A recording that is stored is published by its transaction, once."""

from uuid import uuid4

from tests.support.recordings import AT, wanted_in
from tongdai.db.pool import Connection, Pool
from tongdai.ids import SwitchId, TenantId
from tongdai.recordings.model import StoredFile
from tongdai.telephony.recordings.store import PostgresRecordings
from tongdai.webhooks import store as webhooks
from tongdai.webhooks.model import Body, Event, Target

WAITING = "select event, data from webhook_outbox where tenant_id = $1"


async def test_stored_recording_is_ready_and_published_once(pool: Pool, conn: Connection, tenant_id: TenantId) -> None:
    target = Target("https://crm.example.com/t", "", (Event.RECORDING_READY,), Body.TONGDAI)
    assert await webhooks.create(conn, tenant_id, target, "key 1", uuid4().bytes, None) is not None
    recordings = PostgresRecordings(pool, SwitchId(1))
    recording = await wanted_in(conn, tenant_id, uuid4())
    await recordings.started(recording, AT, None)
    await recordings.spooled(recording)
    assert await conn.fetch(WAITING, tenant_id) == []
    file = StoredFile("a/b.mp3", 2.5, 400)
    assert await recordings.stored(recording, file)
    assert not await recordings.stored(recording, file)
    (waiting,) = await conn.fetch(WAITING, tenant_id)
    path = f"/v1/calls/{recording.call_id}/recording"
    assert (waiting["event"], waiting["data"]) == (
        "recording.ready",
        {"callId": str(recording.call_id), "seconds": 2.5, "size": 400, "path": path},
    )
