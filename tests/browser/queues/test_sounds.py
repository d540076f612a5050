"""Sounds: uploaded by drop, heard, renamed and deleted, and where each is used."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened, act, assert_accessible, in_dialog
from tests.support.sound_files import tone

DROPPED = """async ([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, {type: "audio/wav"}));
  const place = document.querySelector("input[type=file]").parentElement;
  place.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: data}));
}"""


@pytest.fixture
def music(api: httpx2.Client) -> Iterator[int]:
    """Hold music of ten seconds."""
    query = {"kind": "music", "name": "Thử nhạc.wav"}
    sent = api.put("/queues/sounds", params=query, content=tone(10), headers={"Content-Type": "audio/wav"})
    sound_id = sent.json()["soundId"]
    yield sound_id
    api.delete(f"/queues/sounds/{sound_id}")


def test_a_file_is_dropped_renamed_and_deleted(opened: Opened) -> None:
    page = opened("/sounds")
    expect(page.get_by_role("button", name="Upload")).to_be_disabled()
    page.evaluate(DROPPED, ["Tết.wav", list(tone(0.5))])
    name = page.get_by_role("form", name="Upload").get_by_label("Name")
    expect(name).to_have_value("Tết.wav")
    name.fill("Tết 2027.wav")
    act(page, "Upload")
    row = page.get_by_role("table", name="Sounds").get_by_role("row").filter(has_text="Tết 2027.wav")
    expect(row).to_contain_text("Hold music")
    expect(row).to_contain_text("0:01")
    expect(row).to_contain_text("No queue")
    act(page, "Rename: Tết 2027.wav")
    page.get_by_role("dialog").get_by_label("Name").fill("a/b")
    in_dialog(page, "Rename")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("name must be a file name")
    page.get_by_role("dialog").get_by_label("Name").fill("Xuân.wav")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is called Xuân.wav now")).to_be_visible()
    page.get_by_role("searchbox").fill("xuan")
    act(page, "Delete: Xuân.wav")
    in_dialog(page, "Delete")
    expect(page.get_by_role("button", name="Play: Xuân.wav")).to_have_count(0)


def test_a_prompt_is_named_by_its_part(opened: Opened, api: httpx2.Client) -> None:
    page = opened("/sounds")
    form = page.get_by_role("form", name="Upload")
    form.get_by_label("For").select_option("Announcements")
    form.get_by_label("Sound file").set_input_files({"name": "muoi.wav", "mimeType": "audio/wav", "buffer": tone()})
    expect(form.get_by_label("Name")).to_have_value("muoi")
    act(page, "Upload")
    row = page.get_by_role("table", name="Sounds").get_by_role("row").filter(has_text="muoi")
    expect(row).to_contain_text("Announcements in Vietnamese")
    found = api.get("/queues/sounds?kind=prompt").json()["data"]
    assert [(one["name"], one["language"]) for one in found] == [("muoi", "vi")]
    api.delete(f"/queues/sounds/{found[0]['soundId']}")


def test_what_is_no_sound_is_refused(opened: Opened) -> None:
    page = opened("/sounds")
    form = page.get_by_role("form", name="Upload")
    form.get_by_label("Sound file").set_input_files({"name": "x.wav", "mimeType": "audio/wav", "buffer": b"text"})
    act(page, "Upload")
    expect(form.get_by_role("alert")).to_contain_text("cannot be read as WAV or MP3")
    expect(form.get_by_label("Name")).to_have_value("x.wav")


def test_music_is_heard_in_the_browser(opened: Opened, music: int) -> None:
    page = opened("/sounds")
    act(page, "Play: Thử nhạc.wav")
    player = page.get_by_label("Player: Thử nhạc.wav")
    expect(player).to_be_visible()
    expect(player).to_have_js_property("readyState", 4)
    assert player.evaluate("audio => Math.round(audio.duration)") == 10


def test_music_of_a_queue_names_it_and_stays(opened: Opened, api: httpx2.Client, music: int) -> None:
    queue_id = api.post("/queues/inbound", json={"callinName": "Có nhạc"}).json()["callinId"]
    assert api.put(f"/queues/inbound/{queue_id}", json={"moh_file_id": "Thử nhạc.wav"}).is_success
    page = opened("/sounds")
    row = page.get_by_role("table", name="Sounds").get_by_role("row").filter(has_text="Thử nhạc.wav")
    expect(row.get_by_role("link", name="Có nhạc")).to_be_visible()
    act(page, "Delete: Thử nhạc.wav")
    in_dialog(page, "Delete")
    expect(page.get_by_text(f"Cannot delete the hold music of queue {queue_id}")).to_be_visible()
    page.keyboard.press("Escape")
    act(page, "Rename: Thử nhạc.wav")
    page.get_by_role("dialog").get_by_label("Name").fill("khác.wav")
    in_dialog(page, "Rename")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Cannot rename the hold music of queue")
    assert api.delete(f"/queues/inbound/{queue_id}").is_success


def test_a_tenant_without_sounds_reads_what_callers_hear(opened: Opened) -> None:
    page = opened("/sounds", "stranger")
    expect(page.get_by_text("There is no sound yet")).to_be_visible()


def test_a_viewer_hears_and_may_not_act(opened: Opened, music: int) -> None:
    page = opened("/sounds", "viewer")
    expect(page.get_by_role("button", name="Play: Thử nhạc.wav")).to_be_visible()
    for name in ("Upload", "Rename: Thử nhạc.wav", "Delete: Thử nhạc.wav"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "play"), [("en-GB", "Play"), ("vi-VN", "Nghe")])
def test_it_is_accessible(opened: Opened, music: int, scheme: str, locale: str, play: str) -> None:
    page = opened("/sounds", "owner", color_scheme=scheme, locale=locale)
    act(page, f"{play}: Thử nhạc.wav")
    expect(page.locator("audio")).to_be_visible()
    assert_accessible(page)
