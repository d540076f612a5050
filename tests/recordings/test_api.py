"""`/v1/calls/{callId}/recording`: who gets which part of it, what the audit says, and what a call tells of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.api import Tenant, refused
from tests.support.callers import ended, talking
from tests.support.people import agent_of, person_of
from tests.support.recordings import AT, SOUND, stored_in, wanted_in
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, SwitchId
from tongdai.people.users.model import Role
from tongdai.recordings import retention, store
from tongdai.recordings.model import Failure, Recording, RecordingState, key_of
from tongdai.recordings.storage import DiskStorage, storage_in
from tongdai.settings.declarations import Settings

AUDIT = "select action, subject, detail from audit where tenant_id = $1 and action like 'recording.%' order by audit_id"


@pytest.fixture
def storage(settings: Settings) -> DiskStorage:
    return storage_in(settings.data_dir, settings.recordings_dir)


async def call_of(tenant: Tenant, conn: Connection, agent_id: int = 7) -> UUID:
    """A call of an agent that has ended."""
    queue_id = await tenant.queue()
    return await ended(conn, tenant.tenant_id, queue_id, began=AT, waited_s=5, agent_id=AgentId(agent_id))


async def wanted(tenant: Tenant, conn: Connection) -> Recording:
    return await wanted_in(conn, tenant.tenant_id, await call_of(tenant, conn))


async def stored(tenant: Tenant, conn: Connection, storage: DiskStorage, agent_id: int = 7) -> Recording:
    return await stored_in(conn, storage, tenant.tenant_id, await call_of(tenant, conn, agent_id))


async def shown(tenant: Tenant, call_id: UUID) -> Any:
    return (await tenant.done("GET", f"/v1/calls/{call_id}"))["recording"]


def path(recording: Recording) -> str:
    return f"/v1/calls/{recording.call_id}/recording"


async def test_call_tells_of_its_recording(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    recording = await stored(tenant, conn, storage)
    assert await shown(tenant, recording.call_id) == {
        "state": "stored", "startedAt": AT.isoformat().replace("+00:00", "Z"), "seconds": 2.5, "size": len(SOUND),
        "format": "mp3", "failure": None, "deletedAt": None, "deletion": None,
        "announcedMs": None, "legalHold": None,
    }  # fmt: skip


async def test_recording_is_sent_whole_or_in_parts(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    recording = await stored(tenant, conn, storage)
    whole = await tenant.call("GET", path(recording))
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert whole.headers["content-type"] == "audio/mpeg"
    assert whole.headers["content-length"] == str(len(SOUND))
    part = await tenant.call("GET", path(recording), headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, SOUND[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(SOUND)}"
    beyond = await tenant.call("GET", path(recording), headers={"Range": f"bytes={len(SOUND)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(SOUND)}")


async def test_audit_has_who_got_which_part(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    recording = await stored(tenant, conn, storage)
    await tenant.call("GET", path(recording))
    await tenant.call("GET", path(recording), headers={"Range": "bytes=10-19"})
    await tenant.done("DELETE", path(recording))
    rows = [tuple(row) for row in await conn.fetch(AUDIT, tenant.tenant_id)]
    subject = f"call {recording.call_id}"
    assert [(action, detail) for action, of, detail in rows if of == subject] == [
        ("recording.play", {}),
        ("recording.play", {"range": "bytes=10-19"}),
        ("recording.delete", None),
    ]


async def test_agent_hears_their_own_calls_alone(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    agent_id = await agent_of(tenant)
    own, others = await stored(tenant, conn, storage, agent_id), await stored(tenant, conn, storage, 99)
    agent = await person_of(tenant, Role.AGENT, agent_id)
    assert (await agent.call("GET", path(own))).status_code == 200
    assert (await agent.call("GET", path(others))).status_code == 403
    assert (await agent.call("DELETE", path(own))).status_code == 403


async def test_recording_that_is_not_stored_is_not_found(tenant: Tenant, conn: Connection) -> None:
    recording = await wanted(tenant, conn)
    assert refused(await tenant.call("GET", path(recording)), 404, "NOT_FOUND")
    assert refused(await tenant.call("DELETE", path(recording)), 400, "INVALID_STATE")
    await store.failed(conn, recording, Failure.DISK_FULL)
    assert refused(await tenant.call("DELETE", path(recording)), 404, "NOT_FOUND")
    found = await shown(tenant, recording.call_id)
    assert (found["state"], found["failure"], found["startedAt"]) == ("failed", "disk_full", None)


async def test_deleted_recording_leaves_that_it_was(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    recording = await stored(tenant, conn, storage)
    await tenant.done("DELETE", path(recording))
    assert await storage.read(key_of(recording, "mp3"), 0, 1) is None
    assert refused(await tenant.call("GET", path(recording)), 404, "NOT_FOUND")
    found = await shown(tenant, recording.call_id)
    assert (found["state"], found["deletion"], found["seconds"]) == ("deleted", "requested", 2.5)


async def test_file_that_is_missing_is_not_found(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    recording = await stored(tenant, conn, storage)
    await storage.delete(key_of(recording, "mp3"))
    assert refused(await tenant.call("GET", path(recording)), 404, "NOT_FOUND")


async def test_recordings_expire(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    """By their age; what says that they were deleted is forgotten with the days of calls."""
    recording = await stored(tenant, conn, storage)
    tenants: Sequence[Any] = [tenant.tenant_id]
    assert await retention.delete_expired(conn, storage, tenants, timedelta(days=36_500)) == 0
    assert await retention.delete_expired(conn, storage, tenants, timedelta(days=1)) == 1
    assert await storage.read(key_of(recording, "mp3"), 0, 1) is None
    found = await store.of_call(conn, tenant.tenant_id, recording.call_id)
    assert found is not None
    assert (found.state, found.deletion) == (RecordingState.DELETED, "expired")
    assert await store.forget_old(conn, tenants, timedelta(days=1)) == 1
    assert await store.of_call(conn, tenant.tenant_id, recording.call_id) is None


async def test_moves_are_guarded(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    """A move that comes late or twice changes nothing."""
    recording = await stored(tenant, conn, storage)
    assert not await store.started(conn, recording, AT)
    assert not await store.spooled(conn, recording)
    assert not await store.failed(conn, recording, Failure.NO_SOUND)
    assert not await store.deleted(conn, tenant.tenant_id, recording.call_id)
    over = await store.over(conn, SwitchId(1), [recording.call_id, uuid4()])
    assert [one.call_id for one in over] == [recording.call_id]


async def test_calls_of_queues_that_record_are_wanted_once(tenant: Tenant, conn: Connection) -> None:
    recorded, other = await tenant.queue("Recorded"), await tenant.queue("Other")
    await tenant.done("PATCH", f"/v1/queues/inbound/{recorded}/settings", json={"recording": "all"})
    calls = [await talking(conn, tenant.tenant_id, QueueId(queue), AgentId(7)) for queue in (recorded, other)]
    found = [one for one in await store.want(conn, SwitchId(1)) if one.tenant_id == tenant.tenant_id]
    assert [one.call_id for one in found] == calls[:1]
    assert not [one for one in await store.want(conn, SwitchId(1)) if one.tenant_id == tenant.tenant_id]
    open_ones = [one for one in await store.unfinished(conn, SwitchId(1)) if one.tenant_id == tenant.tenant_id]
    assert [(one.call_id, one.live) for one in open_ones] == [(calls[0], True)]


async def test_link_plays_a_recording_without_a_key(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    """Each use is in the audit, of who made the link."""
    recording = await stored(tenant, conn, storage)
    made = await tenant.done("POST", f"{path(recording)}/link", json={"seconds": 60})
    url = made["url"]
    whole = await tenant.api.client.get(url)
    assert (whole.status_code, whole.content) == (200, SOUND)
    part = await tenant.api.client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, SOUND[10:20])
    rows = await conn.fetch(AUDIT, tenant.tenant_id)
    assert [row["action"] for row in rows] == ["recording.link", "recording.play", "recording.play"]
    assert rows[0]["detail"]["expiresAt"].replace("+00:00", "Z") == made["expiresAt"]
    assert [row["detail"] for row in rows[1:]] == [{"link": True}, {"link": True, "range": "bytes=10-19"}]
    await tenant.done("DELETE", path(recording))
    refused(await tenant.api.client.get(url), 404, "NOT_FOUND")


async def test_link_of_another_call_or_signature_leads_nowhere(
    tenant: Tenant, conn: Connection, storage: DiskStorage
) -> None:
    recording, other = await stored(tenant, conn, storage), await stored(tenant, conn, storage)
    url = (await tenant.done("POST", f"{path(recording)}/link", json={}))["url"]
    for wrong in (url.replace(str(recording.call_id), str(other.call_id)), url[:-1], "/v1/recordings/1"):
        refused(await tenant.api.client.get(wrong), 404, "NOT_FOUND")


@pytest.mark.parametrize("seconds", [0, 9, 601])
async def test_link_is_for_ten_minutes_at_most(
    tenant: Tenant, conn: Connection, storage: DiskStorage, seconds: int
) -> None:
    recording = await stored(tenant, conn, storage)
    refused(await tenant.call("POST", f"{path(recording)}/link", json={"seconds": seconds}), 400, "INVALID_INPUT")


async def test_agent_makes_links_to_their_own_calls_alone(
    tenant: Tenant, conn: Connection, storage: DiskStorage
) -> None:
    agent_id = await agent_of(tenant)
    own, others = await stored(tenant, conn, storage, agent_id), await stored(tenant, conn, storage, 99)
    agent = await person_of(tenant, Role.AGENT, agent_id)
    assert (await agent.call("POST", f"{path(own)}/link", json={})).status_code == 200
    assert (await agent.call("POST", f"{path(others)}/link", json={})).status_code == 403
    refused(await tenant.call("POST", f"{path(await wanted(tenant, conn))}/link", json={}), 404, "NOT_FOUND")


async def test_recording_under_a_legal_hold_is_not_deleted(
    tenant: Tenant, conn: Connection, storage: DiskStorage
) -> None:
    """Neither by request, nor by its age; both are possible again when the hold has ended."""
    recording = await stored(tenant, conn, storage)
    tenants: Sequence[Any] = [tenant.tenant_id]
    await tenant.done("PUT", f"{path(recording)}/legal-hold", json={"reason": "Case 17"})
    assert (await shown(tenant, recording.call_id))["legalHold"]["reason"] == "Case 17"
    refused(await tenant.call("DELETE", path(recording)), 400, "INVALID_STATE")
    assert await retention.delete_expired(conn, storage, tenants, timedelta(days=1)) == 0
    assert (await tenant.call("GET", path(recording))).status_code == 200
    await tenant.done("DELETE", f"{path(recording)}/legal-hold")
    assert (await shown(tenant, recording.call_id))["legalHold"] is None
    await tenant.done("DELETE", f"{path(recording)}/legal-hold")
    assert await retention.delete_expired(conn, storage, tenants, timedelta(days=1)) == 1
    refused(await tenant.call("PUT", f"{path(recording)}/legal-hold", json={"reason": "late"}), 404, "NOT_FOUND")
    actions = [row["action"] for row in await conn.fetch(AUDIT, tenant.tenant_id)]
    assert actions == ["recording.hold", "recording.play", "recording.release"]


async def test_recording_on_its_way_is_kept_too(tenant: Tenant, conn: Connection) -> None:
    recording = await wanted(tenant, conn)
    await tenant.done("PUT", f"{path(recording)}/legal-hold", json={"reason": "Case 17"})
    await tenant.done("PUT", f"{path(recording)}/legal-hold", json={"reason": "Case 18"})
    assert (await shown(tenant, recording.call_id))["legalHold"]["reason"] == "Case 18"
    for wrong in ("", "x" * 501, "a\nb"):
        refused(await tenant.call("PUT", f"{path(recording)}/legal-hold", json={"reason": wrong}), 400, "INVALID_INPUT")


async def test_announcement_of_a_queue_is_that_of_its_recordings(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Announced")
    settings = {"recording": "all", "recordingAnnouncement": "tongdai/recorded"}
    await tenant.done("PATCH", f"/v1/queues/inbound/{queue_id}/settings", json=settings)
    call_id = await talking(conn, tenant.tenant_id, QueueId(queue_id), AgentId(7))
    [found] = [one for one in await store.want(conn, SwitchId(1)) if one.call_id == call_id]
    assert found.announcement == "tongdai/recorded"
    await store.failed(conn, found, Failure.DECLINED, 1200)
    found_later = await shown(tenant, call_id)
    assert (found_later["failure"], found_later["announcedMs"]) == ("declined", 1200)
