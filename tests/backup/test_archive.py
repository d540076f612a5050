"""The file of a backup: whole under its name or not there, private, and refused when anything in it was changed."""

import asyncio
import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tongdai.backup import archive
from tongdai.backup.model import FORMAT, Dump, Manifest, Migration, Pepper
from tongdai.errors import OperatorError

DUMP = b"rows of a table\n" * 20
PEPPER = b"0123456789abcdef"


class Silent:
    def step(self, description: str, total: int | None = None) -> None: ...

    def done(self, bytes_done: int) -> None: ...


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def manifest(dump: Dump) -> Manifest:
    return Manifest(
        format=FORMAT,
        tongdai="1.2.3",
        taken_at=datetime(2026, 11, 28, tzinfo=UTC),
        postgresql=180006,
        schema="public",
        migrations=[Migration(1, "baseline", "ab" * 32)],
        tables={"contact": 20},
        dump=dump,
        pepper=Pepper("cd" * 32, included=True),
    )


async def write(path: Path, *, replace: bool = False, dump: bytes = DUMP) -> None:
    with archive.created(path, replace=replace) as writer:
        written = await writer.dump(chunks(dump[:100], dump[100:]))
        writer.pepper(PEPPER)
        writer.finish(manifest(written))


def read(path: Path) -> tuple[Manifest, bytes, bytes | None]:
    with archive.opened(path) as reader:
        reader.verify(Silent())
        return reader.manifest, b"".join(reader.dump()), reader.pepper()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def fail_half_way(path: Path) -> None:
    with archive.created(path, replace=True) as writer:
        await writer.dump(chunks(b"half"))
        raise KeyboardInterrupt


async def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    await write(path)
    found, dump, pepper = read(path)
    assert (dump, pepper, found.tables) == (DUMP, PEPPER, {"contact": 20})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["database.dump", "key.pepper", "manifest.json"]
        assert {info.external_attr >> 16 for info in file.infolist()} == {0o600}


@pytest.fixture(params=["unnamed", "hidden"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system that has files without a name, and one that has none."""
    if request.param == "hidden":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no files without a name")
    return request.param


async def test_file_has_its_name_when_it_is_whole(tmp_path: Path, file_system: str) -> None:
    path = tmp_path / "a.backup"
    with archive.created(path, replace=False) as writer:
        written = await writer.dump(chunks(DUMP))
        assert len(names(tmp_path)) == (0 if file_system == "unnamed" else 1)
        assert not path.exists()
        writer.pepper(PEPPER)
        writer.finish(manifest(written))
    assert names(tmp_path) == ["a.backup"]
    assert read(path)[1] == DUMP


@pytest.mark.usefixtures("file_system")
async def test_failure_leaves_nothing_or_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    for before in (None, DUMP):
        with pytest.raises(KeyboardInterrupt):
            await fail_half_way(path)
        assert names(tmp_path) == ([] if before is None else ["a.backup"])
        if before is None:
            await write(path)
    assert read(path)[1] == DUMP


@pytest.mark.usefixtures("file_system")
async def test_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    await write(path)
    with pytest.raises(OperatorError, match=r"a\.backup exists: choose another name, or replace it with --force"):
        await write(path, dump=b"other")
    assert read(path)[1] == DUMP
    await write(path, replace=True, dump=b"other")
    assert read(path)[1] == b"other"
    assert names(tmp_path) == ["a.backup"]


async def test_nothing_but_a_file_is_replaced(tmp_path: Path) -> None:
    """A device would become a file for the whole system."""
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OperatorError, match="is no file: name one"):
            await write(other, replace=True)
    assert (tmp_path / "pipe").is_fifo()


async def test_link_is_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "a.backup", tmp_path / "link"
    link.symlink_to(path)
    await write(link)
    await write(link, replace=True, dump=b"other")
    assert link.is_symlink()
    assert read(path)[1] == b"other"


@pytest.mark.usefixtures("file_system")
async def test_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"

    async def another_takes_the_name() -> AsyncIterator[bytes]:
        yield DUMP
        path.write_text("another's")

    with pytest.raises(OperatorError, match="exists"), archive.created(path, replace=False) as writer:
        writer.finish(manifest(await writer.dump(another_takes_the_name())))
    assert path.read_text() == "another's"
    assert names(tmp_path) == ["a.backup"]


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file of this process may grow beyond: the system refuses the write as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("size", [1 << 20, (4 << 20) + 200], ids=["in the dump", "in the manifest"])
async def test_file_that_cannot_grow_is_an_error_and_leaves_nothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.backup"
    with full_at(size), pytest.raises(OperatorError) as refused:
        await write(path, dump=bytes(4 << 20))
    assert str(refused.value) == f"cannot write {path}: {os.strerror(errno.EFBIG)}"
    assert names(tmp_path) == []


async def test_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"cannot write .*nowhere/a: No such file or directory"):
        await write(tmp_path / "nowhere" / "a")


KILLED = """
import asyncio, sys
from pathlib import Path
from tongdai.backup import archive

async def chunks():
    yield b"x" * 1_000_000
    print("half", flush=True)
    sys.stdin.read()

async def main(path):
    with archive.created(path, replace=True) as writer:
        await writer.dump(chunks())

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="elsewhere a hidden file is left")
def test_killed_process_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert names(tmp_path) == []


# Files that are no backup, or no longer


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    asyncio.run(write(whole))
    content = whole.read_bytes()
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(OperatorError, match=r"cut: it is (not whole|no backup)"):
            read(cut)


def test_every_changed_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    whole, changed = tmp_path / "whole", tmp_path / "changed"
    asyncio.run(write(whole))
    content, expected = bytearray(whole.read_bytes()), read(whole)
    refused = 0
    for place in range(len(content)):
        for flip in (0x01, 0x80):
            content[place] ^= flip
            changed.write_bytes(content)
            content[place] ^= flip
            refused += _refused(changed, expected)
    assert refused > 2 * (len(DUMP) + len(PEPPER)), "all of the dump and the pepper, and most of the rest"


def _refused(changed: Path, expected: object) -> bool:
    """Whether a changed file is refused by name; else it has what was written, as where its date was changed."""
    try:
        found = read(changed)
    except OperatorError as error:
        return str(changed) in str(error)
    assert found == expected
    return False


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no backup of Tongdai"),
        (b"SELECT 1;\n" * 50, "it is no backup of Tongdai"),
        (b"PGDMP\x01\x10\x00\x04" + bytes(200), "it was written by pg_dump itself, and is restored by pg_restore"),
    ],
)
def test_other_file_is_named_for_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(OperatorError) as refused:
        read(path)
    assert str(refused.value) == f"cannot restore {path}: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": 2, "tongdai": "9.0"}', "it has format 2, and this version reads 1: restore it with Tongdai 9.0"),
        ('{"colour": "red"}', "its manifest is none of Tongdai's"),
        ("[]", "its manifest is none of Tongdai's"),
        ('{"format": 1, "tongdai": "1.0"}', "is damaged"),
        ("not JSON", "is damaged"),
    ],
)
def test_manifest_of_another_kind_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "other"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("manifest.json", text)
    with pytest.raises(OperatorError) as refused:
        read(path)
    assert said in str(refused.value)


def test_other_zip_and_missing_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other", "w") as file:
        file.writestr("holiday.jpg", "sun")
    with pytest.raises(OperatorError, match="other: it is no backup of Tongdai"):
        read(tmp_path / "other")
    with pytest.raises(OperatorError, match=r"cannot read .*missing: No such file"):
        read(tmp_path / "missing")
