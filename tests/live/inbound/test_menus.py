"""Keypad menus in front of a queue: keys by RTP (RFC 4733), a wrong one, none at all, a menu below another."""

from tests.support.live import voice
from tests.support.live.hotline import Hotline, hotline_of
from tests.support.live.scenarios import HUNG_UP
from tests.support.live.tenant import Fields

GREETING, INVALID = "custom/greeting", "custom/message"
"""Both are the same tone, of 2 s and 6 s."""


async def menu(hotline: Hotline, options: dict[str, Fields], **more: object) -> int:
    sent = {"name": "Keys", "greeting": "custom/long", "timeoutSec": 1, "repeats": 1, "options": options} | more
    menu_id: int = (await hotline.tenant.call("POST", "/v1/queues/menus", sent))["menuId"]
    return menu_id


def queue(hotline: Hotline) -> Fields:
    return {"kind": "queue", "queueId": hotline.queue_id}


async def test_key_during_the_greeting_ends_it_and_leads_to_the_queue(hotline: Hotline) -> None:
    caller = "84901130001"
    other = await hotline_of(hotline.tenant, hotline.recorder)
    await hotline.settings(menuId=await menu(hotline, {"1": queue(hotline), "2": queue(other)}))
    worn = await hotline.listens(caller)
    await worn.hears(lambda tones: voice.words(tones) == ["greeting"], "the greeting")
    await hotline.waiting()
    await worn.press("2")
    await other.waiting(caller)
    await hotline.waiting()
    await worn.hears(lambda tones: voice.words(tones) == ["greeting", "music"], "the music, without the greeting")


async def test_menu_below_a_menu_is_reached_by_its_key(hotline: Hotline) -> None:
    caller = "84901130002"
    below = await menu(hotline, {"#": queue(hotline)}, name="Below", greeting="custom/message")
    await hotline.settings(menuId=await menu(hotline, {"*": {"kind": "menu", "menuId": below}}))
    worn = await hotline.listens(caller)
    await worn.hears(lambda tones: voice.words(tones) == ["greeting"], "the greeting")
    await worn.press("*#")
    await hotline.waiting(caller)
    await worn.hears(lambda tones: voice.words(tones)[-1:] == ["music"], "the music")


async def test_wrong_key_and_none_have_the_greeting_again_and_then_the_caller_goes_elsewhere(hotline: Hotline) -> None:
    caller = "84901130003"
    hotline.testbed.add_sound("tongdai/vi/invalid-key", voice.of_part("invalid-key", 1))
    greeted: Fields = {"greeting": "custom/greeting", "repeats": 2, "otherwise": queue(hotline)}
    await hotline.settings(menuId=await menu(hotline, {"1": {"kind": "hang_up"}}, **greeted))
    worn = await hotline.listens(caller)
    await worn.hears(lambda tones: voice.words(tones) == ["greeting"], "the greeting")
    await worn.press("7")
    await worn.hears(lambda tones: voice.words(tones) == ["greeting", "invalid-key"], "that the key is wrong")
    await hotline.waiting(caller)
    again = ["greeting", "invalid-key", "greeting", "greeting", "music"]
    await worn.hears(lambda tones: voice.words(tones) == again, "the greeting twice more, and the music")


async def test_caller_who_presses_nothing_is_hung_up_where_nothing_else_is_set(hotline: Hotline) -> None:
    caller = "84901130004"
    await hotline.settings(menuId=await menu(hotline, {"1": queue(hotline)}, greeting="custom/greeting", repeats=0))
    somebody = hotline.rings(caller)
    await hotline.noted(somebody, caller, HUNG_UP)
    live = await hotline.tenant.call("GET", f"/v1/queues/inbound/{hotline.queue_id}/live")
    assert (live["today"]["offered"], live["today"]["abandoned"]) == (0, 0)
