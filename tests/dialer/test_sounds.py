"""Whether the switch has the sounds of campaigns, and campaigns that are not dialled while it does not."""

import asyncio

import pytest

from tests.support.dialer_scene import OPTIONS, Scene, play
from tongdai.calls.model import Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import played
from tongdai.campaigns.settings.values import Mode
from tongdai.dialer.options import treatment_of
from tongdai.ids import QueueId
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import Faults
from tongdai.testing.memory_store.store import MemoryStore

QUEUE = QueueId(7)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("queue_id", [None, QUEUE])
@pytest.mark.parametrize("audio", [None, "offer"])
@pytest.mark.parametrize("sorry", [None, "sorry"])
def test_sound_that_is_checked_is_the_one_that_is_played(
    mode: Mode, queue_id: QueueId | None, audio: str | None, sorry: str | None
) -> None:
    settings = CallSettings(mode=mode, queue_id=queue_id, audio_file=audio, abandon_file=sorry)
    treatment, sound = treatment_of(settings, OPTIONS), played(settings)
    checked = None if sound is None else sound.name or OPTIONS.sound
    assert checked == (treatment.message or treatment.abandon_message)
    assert (sound is not None and sound.wire == "audioFile") == (treatment.message is not None)


SILENT, OTHER = CallSettings(audio_file="nonesuch"), CallSettings(audio_file="offer")


def test_campaign_whose_sound_is_missing_is_not_dialled_until_it_is_there() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 5.0}
        s.campaign(3, SILENT)
        s.campaign(3, OTHER)
        s.start(check_sounds=True)
        await s.until(lambda: len(s.store.over) == 3)
        await asyncio.sleep(30)
        assert len(s.calls()) == 3
        assert s.store.sounds == {"nonesuch": False, "offer": True}
        s.simulated.sounds["sound:nonesuch"] = 5.0
        await s.until(lambda: len(s.store.over) == 6, within_s=30)
        assert s.outcomes() == [Outcome.ANSWERED] * 6
        assert s.store.sounds["nonesuch"]

    play(scene)


def test_sound_that_goes_while_its_campaign_runs_is_missed_by_one_person() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 5.0}
        s.campaign(600, CallSettings(audio_file="offer", max_calls=1))
        s.start(check_sounds=True)
        await s.until(lambda: len(s.store.over) == 2)
        s.simulated.sounds.clear()
        await s.until(lambda: s.store.sounds["offer"] is False)
        await asyncio.sleep(120)
        assert s.outcomes() == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.FAILED]
        assert len(s.calls()) == 3
        s.simulated.sounds["sound:offer"] = 5.0
        await s.until(lambda: len(s.store.over) == 6)
        assert s.outcomes()[3:] == [Outcome.ANSWERED] * 3

    play(scene)


class SlowStore(MemoryStore):
    """A database that makes a round of checks take some seconds."""

    async def sounds_asked(self) -> list[str]:
        await asyncio.sleep(3)
        return await super().sounds_asked()


def test_nobody_is_called_for_a_sound_that_somebody_did_not_hear_until_it_was_checked() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 5.0}
        s.campaign(600, CallSettings(audio_file="offer", max_calls=2, calls_per_second=50))
        s.start(check_sounds=True)
        await s.until(lambda: len(s.store.over) == 2)
        s.simulated.sounds.clear()
        s.simulated.callee = always(Response.ANSWERED, after_s=0.01)
        await s.until(lambda: s.store.sounds["offer"] is False)
        await asyncio.sleep(20)
        # The two calls that were under way, and not a third, at which the campaign would have paused itself.
        assert s.outcomes().count(Outcome.FAILED) <= 2
        s.simulated.sounds["sound:offer"] = 5.0
        await s.until(lambda: s.outcomes().count(Outcome.ANSWERED) == 8)

    play(scene, store=SlowStore)


def test_what_is_asked_for_is_checked_and_nobody_hears_it() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 60.0, "sound:blip": 0.01}
        s.start(check_sounds=True)
        await s.until(lambda: s.ari.up)
        s.store.asked_sounds = ["offer", "nonesuch", "blip", "not a sound"]
        await s.until(lambda: s.store.sounds)
        assert s.store.sounds == {"offer": True, "nonesuch": False, "blip": True, "not a sound": None}
        assert (s.calls(), s.simulated._bridges, s.simulated._to_bridges, s.simulated._subscribed) == ([], {}, {}, {})

    play(scene)


def test_sounds_that_callers_wait_for_are_found_and_not_recorded() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {"sound:offer": 60.0}
        s.start(check_sounds=True)
        await s.until(lambda: s.ari.up)
        assert await s.dialer._sounds.present(["offer", "nonesuch"]) == {"offer": True, "nonesuch": False}
        assert (s.store.sounds, s.simulated._bridges) == ({}, {})
        s.dialer._sounds.enabled = False
        assert await s.dialer._sounds.present(["nonesuch"]) == {"nonesuch": True}

    play(scene)


def test_what_cannot_be_found_out_is_not_taken_for_missing() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {}
        s.start(Faults(error=1.0), check_sounds=True)
        s.store.asked_sounds = ["nonesuch"]
        await s.until(lambda: s.store.sounds)
        assert s.store.sounds == {"nonesuch": None}

    play(scene)


def test_sounds_are_not_checked_where_the_operator_says_so() -> None:
    async def scene(s: Scene) -> None:
        s.simulated.sounds = {}
        s.campaign(1, SILENT)
        s.start(check_sounds=False)
        await s.until(lambda: s.store.over)
        assert s.outcomes() == [Outcome.FAILED]
        assert s.store.sounds == {}

    play(scene)
