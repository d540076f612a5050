"""An erased number leaves no sound: neither in the storage, nor where a recording waits on a switch."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from tests.support.api import Tenant, refused
from tests.support.calls import a_call
from tests.support.recordings import AT, stored_in, wanted_in
from tongdai.contacts.numbers import customer_id
from tongdai.db.pool import Connection
from tongdai.recordings import retention, store
from tongdai.recordings.model import Recording, key_of
from tongdai.recordings.storage import DiskStorage, storage_in
from tongdai.settings.declarations import Settings

NUMBER, OTHER = "+84901234567", "+84907654321"


@pytest.fixture
def storage(settings: Settings) -> DiskStorage:
    return storage_in(settings.data_dir, settings.recordings_dir)


async def calls_of(tenant: Tenant, conn: Connection, number: str, count: int = 1) -> list[UUID]:
    campaign_id = await tenant.campaign()
    return [UUID(str(await a_call(conn, tenant.tenant_id, campaign_id, phone=number))) for _ in range(count)]


async def states(tenant: Tenant, recordings: Sequence[Recording]) -> list[tuple[str, str | None]]:
    found = [(await tenant.done("GET", f"/v1/calls/{one.call_id}"))["recording"] for one in recordings]
    return [(one["state"], one["failure"] or one["deletion"]) for one in found]


def path(tenant: Tenant, act: str) -> str:
    return f"/v1/customers/{customer_id.of(tenant.tenant_id)(int(NUMBER[1:]))}/{act}"


async def test_erasure_deletes_the_sound_of_a_number(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    """Sound of other numbers stays; what is not stored yet will not be."""
    [first], [other] = await calls_of(tenant, conn, NUMBER), await calls_of(tenant, conn, OTHER)
    recordings = [await stored_in(conn, storage, tenant.tenant_id, one) for one in (first, other)]
    waiting = await wanted_in(conn, tenant.tenant_id, (await calls_of(tenant, conn, NUMBER))[0])
    await store.started(conn, waiting, AT)
    await store.spooled(conn, waiting)
    receipt = await tenant.done("POST", path(tenant, "erase"), json={})
    assert (receipt["calls"], receipt["recordings"]) == (2, 2)
    assert await states(tenant, [*recordings, waiting]) == [
        ("deleted", "erased"),
        ("stored", None),
        ("failed", "erased"),
    ]
    assert await storage.read(key_of(recordings[0], "mp3"), 0, 1) is None
    assert await storage.read(key_of(recordings[1], "mp3"), 0, 1) is not None
    again = await tenant.done("POST", path(tenant, "erase"), json={})
    assert again["recordings"] == 0


async def test_file_that_erasure_left_is_deleted_later(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    """The process was killed between its commit and the deletion."""
    recording = await stored_in(conn, storage, tenant.tenant_id, (await calls_of(tenant, conn, NUMBER))[0])
    assert await store.erase(conn, tenant.tenant_id, [recording.call_id]) == 1
    assert await states(tenant, [recording]) == [("deleting", "erased")]
    sound = await tenant.call("GET", f"/v1/calls/{recording.call_id}/recording")
    assert sound.status_code == 404, "nobody gets it any more"
    await retention.delete_files(conn, storage, tenant.tenant_id)
    assert await states(tenant, [recording]) == [("deleted", "erased")]
    assert await storage.read(key_of(recording, "mp3"), 0, 1) is None


async def test_export_has_the_recordings_of_a_number(tenant: Tenant, conn: Connection, storage: DiskStorage) -> None:
    [call_id], [other] = await calls_of(tenant, conn, NUMBER), await calls_of(tenant, conn, OTHER)
    for one in (call_id, other):
        await stored_in(conn, storage, tenant.tenant_id, one)
    found = (await tenant.done("GET", path(tenant, "export")))["recordings"]
    assert [(one["callId"], one["state"], one["seconds"]) for one in found] == [(str(call_id), "stored", 2.5)]


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "on its way"])
async def test_number_with_a_recording_under_a_legal_hold_is_not_erased(
    tenant: Tenant, conn: Connection, storage: DiskStorage, is_stored: bool
) -> None:
    [call_id] = await calls_of(tenant, conn, NUMBER)
    if is_stored:
        await stored_in(conn, storage, tenant.tenant_id, call_id)
    else:
        await wanted_in(conn, tenant.tenant_id, call_id)
    held = f"/v1/calls/{call_id}/recording/legal-hold"
    await tenant.done("PUT", held, json={"reason": "Case 17"})
    before = await tenant.checksum()
    refused(await tenant.post(path(tenant, "erase"), {}), 400, "INVALID_STATE")
    assert await tenant.checksum() == before
    await tenant.done("DELETE", held)
    assert (await tenant.done("POST", path(tenant, "erase"), json={}))["recordings"] == 1
