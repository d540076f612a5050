"""`GET /v1/sounds/…`: a switch gets the file of a signed path, without a key."""

import pytest

from tests.support.api import PEPPER, Api, Tenant, refused
from tests.support.sound_files import tone
from tongdai.db.pool import Connection
from tongdai.ids import SoundId, TenantId
from tongdai.queues.sounds import signed

SOUNDS = "/v1/queues/sounds"


@pytest.fixture
async def sound_id(tenant: Tenant) -> SoundId:
    made = await tenant.done(
        "PUT",
        SOUNDS,
        params={"kind": "music", "name": "a.wav"},
        content=tone(),
        headers={"content-type": "audio/wav"},
    )
    return made["soundId"]


@pytest.fixture
async def path(tenant: Tenant, sound_id: SoundId, conn: Connection) -> str:
    digest = await conn.fetchval(
        "select digest from sound_file where tenant_id = $1 and sound_id = $2", tenant.tenant_id, sound_id
    )
    return signed.path_of(PEPPER.encode(), TenantId(tenant.tenant_id), sound_id, digest)


async def test_signed_path_leads_to_the_file(api: Api, tenant: Tenant, sound_id: SoundId, path: str) -> None:
    response = await api.client.get(path)
    assert response.status_code == 200
    assert response.content == (await tenant.get(f"{SOUNDS}/{sound_id}")).content
    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["cache-control"] == "private, max-age=86400, immutable"
    head = await api.client.head(path)
    assert (head.status_code, head.content) == (200, b"")


async def test_path_of_a_deleted_file_leads_nowhere(api: Api, tenant: Tenant, sound_id: SoundId, path: str) -> None:
    await tenant.done("DELETE", f"{SOUNDS}/{sound_id}")
    refused(await api.client.get(path), 404, "NOT_FOUND")


async def test_path_without_a_right_signature_leads_nowhere(
    api: Api, tenant: Tenant, other_tenant: Tenant, path: str
) -> None:
    theirs = path.replace(str(tenant.tenant_id), str(other_tenant.tenant_id))
    last = "0" if path[-5] != "0" else "1"
    for wrong in (theirs, f"{path[:-5]}{last}.wav", "/v1/sounds/31", "/v1/sounds/31.wav"):
        refused(await api.client.get(wrong), 404, "NOT_FOUND")
