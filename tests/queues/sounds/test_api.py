"""`/queues/sounds`."""

import asyncio
import io
import wave

import pytest

from tests.support.api import Serving, Tenant, refused
from tests.support.sound_files import tone
from tongdai.db.pool import Connection
from tongdai.queues.sounds import receive
from tongdai.queues.sounds.model import MAX_FILES, MAX_TOTAL_MB

SOUNDS = "/v1/queues/sounds"
MUSIC: dict[str, str] = {"kind": "music", "name": "Nhạc chờ.mp3"}
WAV = {"content-type": "audio/wav"}


SHORT = tone()


async def upload(tenant: Tenant, content: bytes = SHORT, params: dict[str, str] = MUSIC) -> int:
    made = await tenant.done("PUT", SOUNDS, params=params, content=content, headers=WAV)
    return made["soundId"]


async def test_music_is_converted_listed_downloaded_and_deleted(tenant: Tenant) -> None:
    mp3 = await tenant.done(
        "PUT", SOUNDS, params=MUSIC, content=tone(1, 44_100, "MP3"), headers={"content-type": "audio/mpeg"}
    )
    (found,) = (await tenant.done("GET", SOUNDS))["data"]
    assert (found["soundId"], found["kind"], found["name"], found["language"]) == (
        mp3["soundId"], "music", "Nhạc chờ.mp3", None,
    )  # fmt: skip
    assert found["seconds"] == pytest.approx(1, abs=0.15)
    response = await tenant.get(f"{SOUNDS}/{mp3['soundId']}")
    assert response.headers["content-type"] == "audio/wav"
    assert len(response.content) == found["sizeBytes"]
    with wave.open(io.BytesIO(response.content)) as made:
        assert (made.getframerate(), made.getnchannels(), made.getsampwidth()) == (8000, 1, 2)
    await tenant.done("DELETE", f"{SOUNDS}/{mp3['soundId']}")
    refused(await tenant.get(f"{SOUNDS}/{mp3['soundId']}"), 404, "NOT_FOUND")
    assert (await tenant.done("GET", SOUNDS))["data"] == []


async def test_file_of_the_same_name_is_replaced(tenant: Tenant) -> None:
    first = await upload(tenant, tone(0.5))
    assert await upload(tenant, tone(1.0)) == first
    (found,) = (await tenant.done("GET", SOUNDS))["data"]
    assert found["seconds"] == pytest.approx(1, abs=0.01)


async def test_prompt_is_of_a_part_and_a_language(tenant: Tenant) -> None:
    prompt = {"kind": "prompt", "name": "muoi", "language": "vi"}
    await upload(tenant)
    sound_id = await upload(tenant, params=prompt)
    (found,) = (await tenant.done("GET", f"{SOUNDS}?kind=prompt"))["data"]
    assert found["soundId"] == sound_id
    assert prompt.items() <= found.items()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kind": "ring"}, "kind must be one of music, prompt"),
        ({"name": "../../etc/passwd"}, "name must be a file name"),
        ({"name": "a\\b"}, "name must be a file name"),
        ({"name": "http:x"}, "name must be a file name"),
        ({"name": ".."}, "name must be a file name"),
        ({"name": "a\x00"}, "name must be a file name"),
        ({"name": "x" * 256}, "name must be a file name"),
        ({"language": "vi"}, "language is for prompts"),
        ({"kind": "prompt", "name": "muoi"}, "language must be one of vi, en for a prompt"),
        (
            {"kind": "prompt", "name": "muoi", "language": "fr"},
            "language must be one of vi, en for a prompt, not 'fr'",
        ),
        ({"kind": "prompt", "name": "muoi", "language": "en"}, "name must be a part of announcements in en"),
        ({"path": "/etc"}, "path"),
    ],
)
async def test_name_that_cannot_be_stores_nothing(tenant: Tenant, params: dict[str, str], message: str) -> None:
    before = await tenant.checksum()
    response = await tenant.call("PUT", SOUNDS, params=MUSIC | params, content=tone(), headers=WAV)
    assert message in refused(response, 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


@pytest.mark.parametrize(
    ("content", "headers", "status", "message"),
    [
        (b"", WAV, 400, "cannot be read as WAV or MP3"),
        (b"no sound at all" * 100, WAV, 400, "cannot be read as WAV or MP3"),
        (b"{}", {"content-type": "application/json"}, 415, "expected audio/wav or audio/mpeg"),
        (b"x" * (30 * 1024 * 1024 + 1), WAV, 413, "larger than 30 MB"),
    ],
    ids=["empty", "garbage", "json", "large"],
)
async def test_garbage_is_refused(
    tenant: Tenant, content: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    before = await tenant.checksum()
    response = await tenant.call("PUT", SOUNDS, params=MUSIC, content=content, headers=headers)
    assert message in refused(response, status, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_tenant_has_a_limited_number_of_files(tenant: Tenant, conn: Connection) -> None:
    fill = """
    insert into sound_file (tenant_id, kind, name, size, data)
    select $1, 'music', 'n' || n, 0, '' from generate_series(1, $2) n
    """
    await conn.execute(fill, tenant.tenant_id, MAX_FILES)
    response = await tenant.call("PUT", SOUNDS, params=MUSIC, content=tone(), headers=WAV)
    assert "has 500 sound files" in refused(response, 400, "INVALID_STATE")


async def test_tenant_has_limited_space(tenant: Tenant, conn: Connection) -> None:
    fill = "insert into sound_file (tenant_id, kind, name, size, data) values ($1, 'music', 'large', $2, '')"
    await conn.execute(fill, tenant.tenant_id, MAX_TOTAL_MB * 1024 * 1024 - 10)
    response = await tenant.call("PUT", SOUNDS, params=MUSIC, content=SHORT, headers=WAV)
    assert "would have more than 200 MB" in refused(response, 400, "INVALID_STATE")
    await upload(tenant, params=MUSIC | {"name": "large"})  # in place of that one


async def test_hold_music_of_a_queue_is_not_deleted(tenant: Tenant) -> None:
    sound_id = await upload(tenant)
    queues = [await tenant.queue(f"Q{n}", moh_file_id=MUSIC["name"]) for n in range(2)]
    named = ", ".join(f"queue {one}" for one in queues)
    response = await tenant.call("DELETE", f"{SOUNDS}/{sound_id}")
    assert refused(response, 400, "INVALID_STATE") == f"Cannot delete the hold music of {named}"
    for queue in queues:
        await tenant.done("PUT", f"/v1/queues/inbound/{queue}", json={"moh_file_id": "other.wav"})
    await tenant.done("DELETE", f"{SOUNDS}/{sound_id}")


async def test_hold_music_of_another_tenant_is_deleted(tenant: Tenant, other_tenant: Tenant) -> None:
    await other_tenant.queue("Q", moh_file_id=MUSIC["name"])
    await tenant.done("DELETE", f"{SOUNDS}/{await upload(tenant)}")


async def test_files_of_one_tenant_are_no_others(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = await upload(other_tenant)
    assert (await tenant.done("GET", SOUNDS))["data"] == []
    mine = await upload(tenant)
    assert mine != theirs
    for method in ("GET", "DELETE"):
        refused(await tenant.call(method, f"{SOUNDS}/{theirs}"), 404, "NOT_FOUND")
    assert len((await other_tenant.done("GET", SOUNDS))["data"]) == 1


async def test_files_that_are_received_have_the_space_of_their_tenant(tenant: Tenant, serving: Serving) -> None:
    async with serving(tenant_spool_mb=1) as client:
        response = await client.put(SOUNDS, params=MUSIC, content=tone(40), headers=WAV | tenant.key.headers)
        assert "already have 1 MB" in refused(response, 507, "FAIL")
        response = await client.put(SOUNDS, params=MUSIC, content=SHORT, headers=WAV | tenant.key.headers)
        assert response.status_code == 200


async def test_files_of_a_tenant_are_converted_one_at_a_time(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    running, convert = asyncio.Lock(), receive.to_wav

    async def alone(*arguments: object) -> bytes:
        assert not running.locked(), "another file of the tenant is being converted"
        async with running:
            return await convert(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(receive, "to_wav", alone)
    await asyncio.gather(*(upload(tenant, params=MUSIC | {"name": f"{n}.wav"}) for n in range(4)))


async def test_sound_is_renamed_and_keeps_its_contents(tenant: Tenant) -> None:
    sound_id = await upload(tenant)
    before = (await tenant.get(f"{SOUNDS}/{sound_id}")).content
    await tenant.done("PATCH", f"{SOUNDS}/{sound_id}", json={"name": "Mới.wav"})
    (found,) = (await tenant.done("GET", SOUNDS))["data"]
    assert (found["soundId"], found["name"]) == (sound_id, "Mới.wav")
    assert (await tenant.get(f"{SOUNDS}/{sound_id}")).content == before
    prompt = await upload(tenant, params={"kind": "prompt", "name": "muoi", "language": "vi"})
    response = await tenant.call("PATCH", f"{SOUNDS}/{prompt}", json={"name": "Mới.wav"})
    assert "name must be a part of announcements in vi" in refused(response, 400, "INVALID_INPUT")


async def test_sound_in_use_and_name_that_is_taken_are_not_renamed(tenant: Tenant, other_tenant: Tenant) -> None:
    sound_id, _ = await upload(tenant), await upload(tenant, params=MUSIC | {"name": "b.wav"})
    theirs = await upload(other_tenant, params=MUSIC | {"name": "c.wav"})
    path = f"{SOUNDS}/{sound_id}"
    taken = await tenant.call("PATCH", path, json={"name": "b.wav"})
    assert "another sound file of the name 'b.wav'" in refused(taken, 400, "INVALID_STATE")
    for name in ("", "../c.wav", ".."):
        response = await tenant.call("PATCH", path, json={"name": name})
        assert "name must be a file name" in refused(response, 400, "INVALID_INPUT")
    queue_id = await tenant.queue()
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}", json={"moh_file_id": MUSIC["name"]})
    before = await tenant.checksum()
    used = await tenant.call("PATCH", path, json={"name": "c.wav"})
    assert f"the hold music of queue {queue_id}" in refused(used, 400, "INVALID_STATE")
    refused(await tenant.call("PATCH", f"{SOUNDS}/{theirs}", json={"name": "d.wav"}), 404, "NOT_FOUND")
    assert await tenant.checksum() == before
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}", json={"moh_file_id": None})
    await tenant.done("PATCH", path, json={"name": "c.wav"})  # which another tenant has, too
