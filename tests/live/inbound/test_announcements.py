"""Callers who wait hear their place and the expected wait in Vietnamese, from uploaded parts, and music between."""

from tests.support.live import voice
from tests.support.live.headset import Headset
from tests.support.live.hotline import Hotline

LONG_S = 8


async def announcing(hotline: Hotline) -> None:
    """After the first call: how long calls take is not asked again for some seconds."""
    await hotline.change(announce_position="1", moh_file_id=voice.HOLD)
    await hotline.settings(language="vi", announceEverySec=600)


async def busy(hotline: Hotline) -> tuple[int, str]:
    """An agent who has served one caller, in less than a minute, and talks to another: the agent and the call."""
    agent_id = await hotline.tenant.signing_in(hotline.queue_id, "Announced")
    hotline.rings("84901120001")
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    hotline.rings("84901120002")
    return agent_id, await hotline.talking(agent_id)


def said(worn: Headset) -> list[str]:
    """The sounds from the first announcement on, by name."""
    heard = voice.words(worn.tones)
    return heard[1:] if heard[:1] == ["hold"] else heard


async def test_place_and_wait_are_said_and_a_better_place_later_and_the_music_continues(hotline: Hotline) -> None:
    await voice.upload(hotline.tenant, ["next", "position", "hai", "wait-short"])
    agent_id, talk = await busy(hotline)
    await announcing(hotline)
    first = await hotline.listens("84901120003")
    await hotline.waiting("84901120003")
    second = await hotline.listens("84901120004")
    await hotline.waiting("84901120003", "84901120004")
    await first.hears(lambda _: said(first) == ["next", "wait-short", "hold"], "the next one")
    await second.hears(lambda _: said(second) == ["position", "hai", "wait-short", "hold"], "the second one")
    await hotline.hang_up(talk, agent_id)
    await first.hears(lambda _: said(first) == ["next", "wait-short", "hold", "agent"], "the agent")
    before = ["position", "hai", "wait-short", "hold"]
    await second.hears(lambda _: said(second) == [*before, "next", "wait-short", "hold"], "the better place", 30)
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    await second.hears(lambda _: said(second) == [*before, "next", "wait-short", "hold", "agent"], "the agent")
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    await hotline.tenant.signed_out(agent_id)


async def test_agent_who_becomes_free_ends_the_announcement(hotline: Hotline) -> None:
    await voice.upload(hotline.tenant, ["next", "wait-short"], LONG_S)
    agent_id, talk = await busy(hotline)
    await announcing(hotline)
    worn = await hotline.listens("84901120005")
    await worn.hears(lambda _: said(worn) == ["next"], "the announcement")
    await hotline.hang_up(talk, agent_id)
    await worn.hears(lambda _: said(worn)[-1:] == ["agent"], "the agent")
    assert said(worn) == ["next", "agent"], "without the rest of the announcement, and without music"
    [heard] = [one.seconds for one in worn.heard if voice.words([one.tones]) == ["next"]]
    assert heard < LONG_S - 1
    await hotline.hang_up(await hotline.talking(agent_id), agent_id)
    await hotline.tenant.signed_out(agent_id)
