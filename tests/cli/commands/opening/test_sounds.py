"""`tongdai queue sound`."""

import json
import wave
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.programs import complaint_of, output_of
from tests.support.sound_files import tone
from tongdai.db.pool import Connection

OF_TENANT = ("--tenant", "8")


@pytest.fixture
async def folder(tmp_path: Path, two_tenants: Connection) -> Path:
    await two_tenants.execute("delete from sound_file")
    (tmp_path / "waiting.mp3").write_bytes(tone(1, 44_100, "MP3"))
    (tmp_path / "muoi.wav").write_bytes(tone())
    (tmp_path / "text.wav").write_text("no sound at all")
    return tmp_path


def listed(run: Run, tenant: str = "8") -> list[dict[str, object]]:
    return json.loads(output_of(run("queue", "sound", "list", "--tenant", tenant, "--json")))


def test_music_is_added_listed_saved_and_deleted(run: Run, folder: Path) -> None:
    sound_id, name = output_of(run("queue", "sound", "add", *OF_TENANT, str(folder / "waiting.mp3"))).split()
    assert name == "waiting.mp3"
    (found,) = listed(run)
    assert (found["soundId"], found["kind"], found["name"], found["language"]) == (
        int(sound_id), "music", "waiting.mp3", None,
    )  # fmt: skip
    assert output_of(run("queue", "sound", "save", *OF_TENANT, sound_id, str(folder / "saved.wav"))) == ""
    with wave.open(str(folder / "saved.wav")) as saved:
        assert saved.getframerate() == 8000
    assert output_of(run("queue", "sound", "delete", *OF_TENANT, sound_id)) == ""
    assert listed(run) == []


def test_file_is_stored_by_the_name_that_is_given(run: Run, folder: Path) -> None:
    add = ("queue", "sound", "add", *OF_TENANT, "--name", "hold.wav", str(folder / "waiting.mp3"))
    assert output_of(run(*add)).split()[1] == "hold.wav"
    assert "--name is for one file" in complaint_of(run(*add, str(folder / "muoi.wav")), 2)
    (found,) = listed(run)
    assert (found["kind"], found["name"]) == ("music", "hold.wav")


def test_prompts_are_named_by_their_parts(run: Run, folder: Path) -> None:
    output_of(run("queue", "sound", "add", *OF_TENANT, "--language", "vi", str(folder / "muoi.wav")))
    (found,) = listed(run)
    assert (found["kind"], found["name"], found["language"]) == ("prompt", "muoi", "vi")
    assert listed(run, "5") == []


def test_nothing_is_stored_when_one_file_cannot_be_read(run: Run, folder: Path) -> None:
    add = ("queue", "sound", "add", *OF_TENANT)
    music = str(folder / "waiting.mp3")
    assert "cannot be read as WAV or MP3" in complaint_of(run(*add, music, str(folder / "text.wav")), 1)
    assert "cannot read" in complaint_of(run(*add, music, str(folder / "none.wav")), 1)
    assert "must be a part of announcements in vi" in complaint_of(run(*add, "--language", "vi", music), 1)
    assert listed(run) == []


async def test_hold_music_of_a_queue_is_kept(run: Run, folder: Path, two_tenants: Connection) -> None:
    sound_id = output_of(run("queue", "sound", "add", *OF_TENANT, str(folder / "waiting.mp3"))).split()[0]
    queue_id = output_of(run("queue", "create", *OF_TENANT, "--name", "Music")).strip()
    update = "update inbound_queue set moh_file = 'waiting.mp3' where tenant_id = 8 and queue_id = $1"
    await two_tenants.execute(update, int(queue_id))
    complaint = complaint_of(run("queue", "sound", "delete", *OF_TENANT, sound_id), 1)
    assert f"sound {sound_id} is the hold music of queue {queue_id}" in complaint
    assert "not found" in complaint_of(run("queue", "sound", "delete", "--tenant", "5", sound_id), 1)
    assert "not found" in complaint_of(run("queue", "sound", "save", "--tenant", "5", sound_id, str(folder / "s")), 1)
    complaint = complaint_of(run("queue", "sound", "rename", *OF_TENANT, sound_id, "b.wav"), 1)
    assert f"sound {sound_id} is the hold music of queue {queue_id}" in complaint


def test_a_sound_is_renamed(run: Run, folder: Path) -> None:
    sound_id = output_of(
        run("queue", "sound", "add", *OF_TENANT, "--name", "a.wav", str(folder / "waiting.mp3"))
    ).split()[0]
    output_of(run("queue", "sound", "add", *OF_TENANT, "--name", "b.wav", str(folder / "muoi.wav")))
    rename = ("queue", "sound", "rename", *OF_TENANT)
    assert output_of(run(*rename, sound_id, "c.wav")) == ""
    assert sorted(str(one["name"]) for one in listed(run)) == ["b.wav", "c.wav"]
    assert "another sound file of the name 'b.wav'" in complaint_of(run(*rename, sound_id, "b.wav"), 1)
    assert "name must be a file name" in complaint_of(run(*rename, sound_id, "a/b"), 1)
    assert "not found" in complaint_of(run("queue", "sound", "rename", "--tenant", "5", sound_id, "d.wav"), 1)
