"""Hold music and announcements, as callers hear them in a running telephony process on the simulated switch."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.support import dialer_scene
from tests.support.dialer_scene import QUEUE, Scene, between
from tongdai.acd.audio.switch_prompts import RECHECK_S
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome
from tongdai.ids import MenuId, QueueId, SoundId, TenantId
from tongdai.queues.menus.model import Menu
from tongdai.queues.model import Destination, DestinationKind, QueueRules, Strategy
from tongdai.queues.prompts.vietnamese import PARTS
from tongdai.queues.prompts.vietnamese import number as parts_of_number
from tongdai.queues.sounds.model import QueueSounds, StoredFile
from tongdai.switch.simulated.client import Faults
from tongdai.switch.simulated.ledger import Played, SimulatedCaller

FRONT = MenuId(3)
NUMBER, OTHER_NUMBER = "02873001234", "02873005678"
OTHER = QueueId(8)
RULES = QueueRules(queue_id=QUEUE, name="Sales", join_empty=True, leave_empty_after_s=None, language="vi")
ANNOUNCED = replace(RULES, announce_position=True)
MUSIC = StoredFile(SoundId(1), b"m" * 32, 50.0)
MUSIC_URL = "sound:http://tongdai:8080/v1/sounds/1.wav"
VI = {f"sound:tongdai/vi/{part}": 1.0 for part in PARTS}


def link(tenant_id: TenantId, file: StoredFile) -> str:
    del tenant_id
    return f"http://tongdai:8080/v1/sounds/{file.sound_id}.wav"


async def started(s: Scene, rules: QueueRules, faults: Faults | None = None, *, check_sounds: bool = False) -> None:
    s.acd.queues[rules.queue_id], s.acd.numbers[NUMBER] = rules, rules.queue_id
    s.simulated.sounds = s.simulated.sounds or {MUSIC_URL: 50.0, **VI}
    s.start(faults, check_sounds=check_sounds)
    await s.until(lambda: s.ari.up)


async def call_in(s: Scene, person: int, *, number: str = NUMBER, talk_s: float | None = 30) -> SimulatedCaller:
    caller = s.simulated.call_in(number, f"8490{person:07d}", talk_s=talk_s)
    await s.until(lambda: caller.answered_at)
    return caller


def play(scene: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    """Run a scene; asserts that no sound waited for another one, as playbacks of a channel do."""

    async def checked(s: Scene) -> None:
        await scene(s)
        for caller in s.simulated.ledger.callers:
            for before, after in pairwise(caller.sounds):
                assert before.until is not None
                assert before.until <= after.since

    dialer_scene.play(checked)


def is_music(played: Played) -> bool:
    return played.sounds[0] == MUSIC_URL


def said(caller: SimulatedCaller) -> list[tuple[str, ...]]:
    """The announcements that a caller heard, each as its parts."""
    return [
        tuple(sound.rpartition("/")[2] for sound in played.sounds) for played in caller.sounds if not is_music(played)
    ]


def places(caller: SimulatedCaller) -> list[int | None]:
    """The places that a caller heard; None: was asked to stay on the line."""
    words = {("position", *parts_of_number(place)): place for place in range(2, 40)} | {("next",): 1}
    return [
        max(((len(parts), place) for parts, place in words.items() if one[: len(parts)] == parts), default=(0, None))[1]
        for one in said(caller)
    ]


def test_uploaded_music_is_repeated_until_the_bridge() -> None:
    async def scene(s: Scene) -> None:
        s.link, s.acd.files = link, QueueSounds(music=MUSIC)
        await started(s, replace(RULES, hold_music="a.wav"))
        caller = await call_in(s, 1)
        await asyncio.sleep(1500)
        assert [{*played.sounds} for played in caller.sounds] == [{MUSIC_URL}] * 3
        for before, after in pairwise(caller.sounds):
            assert between(before.until, after.since).total_seconds() < 0.5
        s.agents(1)
        await s.until(lambda: caller.talks)
        assert caller.sounds[-1].until is not None
        assert caller.music_s == 0

    play(scene)


@pytest.mark.parametrize("without", ["link", "file", "fetching"])
def test_music_of_the_switch_is_heard_where_the_file_cannot_be(without: str) -> None:
    async def scene(s: Scene) -> None:
        s.link = None if without == "link" else link
        s.acd.files = QueueSounds(music=None if without == "file" else MUSIC)
        if without == "fetching":
            s.simulated.sounds = VI
        await started(s, replace(RULES, hold_music="a.wav"))
        caller = await call_in(s, 1)
        await asyncio.sleep(100)
        assert len(caller.sounds) == (without == "fetching"), "it is tried once"
        s.simulated.leave(caller)
        await s.until(lambda: s.acd.over)
        assert caller.music_s == pytest.approx(100, abs=2)

    play(scene)


def test_music_goes_on_where_it_was_after_an_announcement() -> None:
    async def scene(s: Scene) -> None:
        s.link, s.acd.files = link, QueueSounds(music=MUSIC)
        await started(s, replace(ANNOUNCED, hold_music="a.wav"))
        caller = await call_in(s, 1)
        await asyncio.sleep(40)
        first, announcement, second = caller.sounds[:3]
        assert (is_music(first), is_music(announcement), is_music(second)) == (True, False, True)
        assert between(first.until, announcement.since).total_seconds() < 0.5
        assert between(announcement.until, second.since).total_seconds() < 0.5

    play(scene)


def test_first_announcement_always_comes_and_names_the_place() -> None:
    async def scene(s: Scene) -> None:
        await started(s, ANNOUNCED)
        callers = [await call_in(s, person) for person in range(1, 23)]
        await asyncio.sleep(5)
        assert [places(caller)[0] for caller in callers] == list(range(1, 23))
        assert said(callers[20])[0] == ("position", "hai", "muoi-ngang", "mot-sac")
        for caller in callers:
            assert between(caller.answered_at, caller.sounds[0].since).total_seconds() < 2.5

    play(scene)


def test_expected_wait_is_announced_where_one_is_known() -> None:
    async def scene(s: Scene) -> None:
        await started(s, ANNOUNCED)
        s.acd.handling_s = 100
        s.agents(2)
        await s.until(lambda: all(state is AgentState.IDLE for state in s.states()))
        for person in range(2):
            await call_in(s, person, talk_s=500)
        waiting = [await call_in(s, person) for person in range(2, 6)]
        await asyncio.sleep(4)
        assert said(waiting[0])[0] == ("next", "wait-short")
        assert said(waiting[3])[0] == ("position", "bon", "wait", "bon", "minutes"), "4 x 100 s / 2 agents"

    play(scene)


def test_no_place_is_worse_than_the_one_before_and_two_are_15_seconds_apart() -> None:
    async def scene(s: Scene) -> None:
        s.acd.queues[OTHER] = replace(ANNOUNCED, queue_id=OTHER)
        await started(s, replace(ANNOUNCED, announce_every_s=15))
        s.agents(2, wrap_up_s=5)
        callers = [await call_in(s, person, talk_s=25) for person in range(12)]
        await asyncio.sleep(20)
        s.acd.queues[QUEUE] = replace(s.acd.queues[QUEUE], strategy=Strategy.VIP)  # re-keys, and changes no order
        callers += [await call_in(s, person, talk_s=25) for person in range(12, 20)]
        await s.until(lambda: len(s.acd.over) == 20, within_s=900)
        for caller in callers:
            announced_places = [place for place in places(caller) if place is not None]
            assert announced_places == sorted(announced_places, reverse=True)
            announced = [played for played in caller.sounds if not is_music(played)]
            for before, after in pairwise(announced):
                assert between(before.until, after.since).total_seconds() >= 15
        assert max(len(places(caller)) for caller in callers) > 5

    play(scene)


def test_no_worse_place_is_announced_when_others_come_before() -> None:
    async def scene(s: Scene) -> None:
        await started(s, ANNOUNCED)
        normal = await call_in(s, 1)
        await call_in(s, 2)
        third = await call_in(s, 3)
        await asyncio.sleep(5)
        assert places(third) == [3]
        # Somebody who was sent on from another queue keeps their earlier arrival, and comes first.
        s.acd.queues[OTHER] = replace(
            RULES, queue_id=OTHER, max_wait_s=20, overflow=Destination(DestinationKind.QUEUE, str(QUEUE))
        )
        s.acd.numbers[OTHER_NUMBER] = OTHER
        late = [await call_in(s, person, number=OTHER_NUMBER) for person in (4, 5)]
        s.acd.queues[QUEUE] = replace(ANNOUNCED, strategy=Strategy.NORMAL)
        await asyncio.sleep(60)
        assert places(late[0])[0] == 4
        assert {*places(normal)} == {1}
        assert {*places(third)} == {3}

    play(scene)


def test_announcement_delays_no_offer_and_ends_at_the_bridge() -> None:
    async def scene(s: Scene) -> None:
        await started(s, ANNOUNCED)
        s.simulated.sounds = {**VI, "sound:tongdai/vi/next": 15.0}
        s.agents(1, wrap_up_s=1)
        await s.until(lambda: s.states() == [AgentState.IDLE])
        first = await call_in(s, 1, talk_s=8)
        await s.until(lambda: first.talks)
        second = await call_in(s, 2)
        await s.until(lambda: second.sounds)
        assert said(second) == [("next",)]
        await s.until(lambda: second.talks)
        began = second.talks[0].began_at
        assert between(second.sounds[0].since, began).total_seconds() < 14, "it was playing"
        assert between(second.sounds[0].until, began).total_seconds() < 0.5
        assert between(first.ended_at, began).total_seconds() < 3
        await s.until(lambda: second.ended_at)
        assert len(second.sounds) == 1, "nothing begins while they talk"

    play(scene)


def test_maximum_wait_ends_during_an_announcement() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(ANNOUNCED, max_wait_s=60, announce_every_s=15))
        s.simulated.sounds = dict.fromkeys(VI, 9.0)
        caller = await call_in(s, 1)
        await s.until(lambda: s.acd.over)
        assert between(caller.answered_at, caller.ended_at).total_seconds() == pytest.approx(60, abs=1)
        assert [ending.outcome for ending in s.acd.over.values()] == [InboundOutcome.OVERFLOW]

    play(scene)


def test_announcement_with_a_missing_part_is_not_played_in_pieces() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {name: 1.0 for name in VI if name != "sound:tongdai/vi/hai"}
        await started(s, ANNOUNCED, check_sounds=True)
        first, second = await call_in(s, 1), await call_in(s, 2)
        await asyncio.sleep(5)
        assert (said(first), said(second)) == ([("next",)], [("please-wait",)])
        del s.simulated.sounds["sound:tongdai/vi/please-wait"]
        await asyncio.sleep(120)
        third = await call_in(s, 3)
        await asyncio.sleep(5)
        assert places(third) == [3]
        fourth = await call_in(s, 4)
        del s.simulated.sounds["sound:tongdai/vi/position"]
        await asyncio.sleep(RECHECK_S + 60)
        heard = len(said(second))
        await asyncio.sleep(60)
        assert len(said(second)) == heard, "there is nothing to be said"
        assert fourth.ended_at is None

    play(scene)


def test_own_voice_of_the_tenant_is_heard_and_that_of_the_switch_when_it_cannot_be_fetched() -> None:
    own = {part: StoredFile(SoundId(number), b"p" * 32, 1.0) for number, part in enumerate(("next", "please-wait"), 7)}

    async def scene(s: Scene) -> None:
        s.link, s.acd.files = link, QueueSounds(prompts=own)
        s.simulated.sounds = {**VI, "sound:http://tongdai:8080/v1/sounds/7.wav": 1.0}
        await started(s, ANNOUNCED)
        first = await call_in(s, 1)
        await asyncio.sleep(5)
        assert [played.sounds for played in first.sounds] == [("sound:http://tongdai:8080/v1/sounds/7.wav",)]
        s.simulated.sounds = VI
        second = await call_in(s, 2)
        s.simulated.leave(first)
        await asyncio.sleep(20)
        assert second.ended_at is None
        third = await call_in(s, 3)
        s.simulated.leave(second)
        await asyncio.sleep(30)
        assert ("next",) in said(third)

    play(scene)


def test_restart_raises_no_announced_place_and_leaves_nothing_playing() -> None:
    async def scene(s: Scene) -> None:
        s.link, s.acd.files = link, QueueSounds(music=MUSIC)
        await started(s, replace(ANNOUNCED, hold_music="a.wav"))
        callers = [await call_in(s, person, talk_s=5) for person in range(20)]
        await asyncio.sleep(5)
        await s.stop()
        await asyncio.sleep(3)
        s.simulated.leave(callers.pop(3))
        s.start()
        await asyncio.sleep(30)
        s.agents(1, wrap_up_s=1)
        await s.until(lambda: len(s.acd.over) == 20, within_s=900)
        for number, caller in enumerate(callers):
            announced_places = [place for place in places(caller) if place is not None]
            assert len(announced_places) >= 2, number
            assert announced_places == sorted(announced_places, reverse=True)
        began = [caller.talks[0].began_at for caller in callers]
        assert began == sorted(began)

    play(scene)


@pytest.mark.parametrize("restarts", [1, 3])
def test_greeting_of_a_process_that_is_gone_neither_goes_on_nor_ends_the_one_of_the_next(restarts: int) -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", timeout_s=5, repeats=0)
        s.simulated.sounds = {"sound:welcome": 10.0}
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await call_in(s, 1)
        for number in range(restarts):
            await s.until(lambda heard=number + 1: len(caller.sounds) == heard)
            await asyncio.sleep(6)
            await s.stop()
            s.start()
        await s.until(lambda: caller.ended_at)
        assert len(caller.sounds) == restarts + 1
        last = caller.sounds[-1]
        assert between(last.since, last.until).total_seconds() == pytest.approx(10, abs=0.5)
        assert between(last.until, caller.ended_at).total_seconds() == pytest.approx(5, abs=1)

    play(scene)


def test_greeting_that_is_left_over_ends_where_the_menu_has_none_now() -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", timeout_s=60)
        s.simulated.sounds = {"sound:welcome": 50.0}
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await call_in(s, 1)
        await s.until(lambda: caller.sounds)
        await s.stop()
        s.acd.menu[FRONT] = replace(s.acd.menu[FRONT], greeting=None)
        s.start()
        await asyncio.sleep(10)
        assert caller.ended_at is None
        (only,) = caller.sounds
        assert between(only.since, only.until).total_seconds() < 10

    play(scene)


def test_keys_that_mean_nothing_are_answered_however_many_there_are() -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", repeats=9)
        s.simulated.sounds = {"sound:welcome": 10.0, "sound:tongdai/vi/invalid-key": 1.0}
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await call_in(s, 1)
        for _ in range(8):
            s.simulated.press(caller, "7")
        await s.until(lambda: len(caller.sounds) == 17)
        assert caller.sounds[-1].sounds == ("sound:welcome",)
        await s.until(lambda: caller.sounds[-1].until)
        assert caller.ended_at is None

    dialer_scene.play(scene)


def test_music_and_announcements_come_back_whatever_the_switch_loses() -> None:
    async def scene(s: Scene) -> None:
        s.link, s.acd.files = link, QueueSounds(music=MUSIC)
        faults = Faults(
            event_lost=0.2, request_lost=0.05, reply_lost=0.05, error=0.05, event_late=0.2, event_doubled=0.2
        )
        await started(s, replace(ANNOUNCED, hold_music="a.wav"), faults)
        callers = [await call_in(s, person) for person in range(5)]
        await asyncio.sleep(1200)
        for caller in callers:
            quiet = [between(one.until, two.since).total_seconds() for one, two in pairwise(caller.sounds) if one.until]
            assert max(quiet) < 60
            assert len(said(caller)) > 10

    play(scene)
