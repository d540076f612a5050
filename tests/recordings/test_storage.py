"""Files of recordings on a disk: complete or not there, read in parts, deleted once."""

from pathlib import Path

import pytest

from tongdai.recordings.storage import DiskStorage, storage_in

KEY = "7/2026/03/10/a.mp3"


@pytest.fixture
def storage(tmp_path: Path) -> DiskStorage:
    return DiskStorage(tmp_path / "recordings")


async def put(storage: DiskStorage, content: bytes) -> None:
    file = storage.work / "made"
    file.write_bytes(content)
    await storage.put(KEY, file)
    assert not file.exists()


async def part(storage: DiskStorage, first: int, length: int) -> bytes | None:
    pieces = await storage.read(KEY, first, length)
    return None if pieces is None else b"".join([piece async for piece in pieces])


async def test_file_is_read_in_parts(storage: DiskStorage) -> None:
    content = bytes(range(256)) * 4000
    await put(storage, content)
    assert await part(storage, 0, len(content)) == content
    assert await part(storage, 700_000, 5) == content[700_000:700_005]
    assert await part(storage, len(content) - 3, 100) == content[-3:]


async def test_file_replaces_another(storage: DiskStorage) -> None:
    await put(storage, b"first")
    await put(storage, b"second")
    assert await part(storage, 0, 100) == b"second"


async def test_file_is_deleted_once_or_twice(storage: DiskStorage) -> None:
    await put(storage, b"sound")
    await storage.delete(KEY)
    await storage.delete(KEY)
    assert await part(storage, 0, 1) is None


async def test_folder_is_private_to_its_user(storage: DiskStorage, tmp_path: Path) -> None:
    await put(storage, b"sound")
    assert (tmp_path / "recordings").stat().st_mode & 0o077 == 0


async def test_key_does_not_lead_out_of_the_folder(storage: DiskStorage) -> None:
    with pytest.raises(AssertionError):
        await storage.delete("../other")


def test_folder_is_in_the_data_directory_unless_set(tmp_path: Path) -> None:
    assert storage_in(str(tmp_path), None).work == tmp_path / "recordings/work"
    assert storage_in(str(tmp_path), str(tmp_path / "own")).work == tmp_path / "own/work"
