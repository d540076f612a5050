"""The beat file says of which file it is the content: a copy of it is detected."""

import json
import shutil
from pathlib import Path

import pytest

from tongdai.dialing.beat_file import FOLDER, BeatFile
from tongdai.dialing.model import MISSING, Identity, Remembered

BEAT = Remembered(1_773_000_000_000, Identity(1, 2, 3))
NAME = f"{FOLDER}/default.json"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    BeatFile(made, "default").write(BEAT)
    return made


def copied(data_dir: Path) -> bool:
    return BeatFile(data_dir, "default").read().copied


def test_what_was_written_is_read_by_another_process(data_dir: Path) -> None:
    found = BeatFile(data_dir, "default").read()
    assert (found.remembered, found.copied) == (BEAT, False)
    assert (data_dir / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (data_dir / FOLDER).iterdir()] == ["default.json"]


def test_switches_have_files_of_their_own(data_dir: Path) -> None:
    assert BeatFile(data_dir, "hanoi").read().file == MISSING


def test_directory_that_was_moved_is_no_copy(data_dir: Path) -> None:
    moved = data_dir.rename(data_dir.with_name("moved"))
    assert not copied(moved)


def test_copied_directory_is_noticed(data_dir: Path) -> None:
    copy = data_dir.with_name("copy")
    shutil.copytree(data_dir, copy)
    assert copied(copy)
    assert not copied(data_dir)


def test_copy_over_the_directory_itself_is_noticed(data_dir: Path) -> None:
    """A backup that is copied back in place keeps the inodes of the files that it overwrites, and ext4 gives each
    second file the inode of the last but one."""
    backup = data_dir.with_name("backup")
    shutil.copytree(data_dir, backup)
    file = BeatFile(data_dir, "default")
    for _ in range(2):
        file.write(BEAT)
        before = (data_dir / NAME).stat().st_ino
        shutil.copyfile(backup / NAME, data_dir / NAME)
        assert (data_dir / NAME).stat().st_ino == before
        found = file.read()
        if found.file.endswith(":0"):
            pytest.skip("this file system has no generations of inodes")
        assert found.copied


def test_what_a_crash_left_half_written_is_no_file(data_dir: Path) -> None:
    (data_dir / FOLDER / "default.new").write_text("half")
    file = BeatFile(data_dir, "default")
    assert file.read().remembered == BEAT
    file.write(BEAT)
    assert file.read().remembered == BEAT


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", json.dumps({"beat": "x"}).encode()])
def test_file_that_cannot_be_read_is_missing(data_dir: Path, content: bytes) -> None:
    (data_dir / NAME).write_bytes(content)
    found = BeatFile(data_dir, "default").read()
    assert (found.remembered, found.file) == (None, MISSING)
