"""The commands for calls that come in, on a simulated switch behind a websocket."""

from typing import Any

import pytest

from tests.support.ari_server import AriServer
from tests.switch.conftest import APP, connected
from tongdai.call_outcome import Refusal
from tongdai.switch import commands
from tongdai.switch.commands import Bridge, SoundUrl
from tongdai.switch.events import INBOUND, ChannelDestroyed, ChannelDtmfReceived, PlaybackFinished, StasisStart
from tongdai.switch.simulated.callees import Response, always

CALLED, CALLER = "842871001234", "84901234567"


async def test_caller_is_known_before_the_answer_then_waits_with_music_and_is_hung_up(server: AriServer) -> None:
    async with connected(server) as listener:
        ari, call = listener.ari, server.asterisk.call_in(CALLED, CALLER)
        started = await listener.wait_for(StasisStart)
        assert (started.args, started.state, started.caller) == ((INBOUND, CALLED), "Ring", CALLER)
        assert (started.endpoint, started.replaces) == ("carrier", None)
        channel_id = started.channel_id
        listed = await commands.channel(ari, channel_id)
        assert listed is not None
        assert (listed.state, listed.endpoint, listed.caller, listed.called) == ("Ring", "carrier", CALLER, CALLED)
        assert await commands.subscribe_to_channel(ari, APP, channel_id)
        assert await commands.ring(ari, channel_id)
        assert await commands.answer(ari, channel_id)
        assert await commands.answer(ari, channel_id), "idempotent"
        assert await commands.start_music(ari, channel_id, "hold-1")
        assert await commands.stop_music(ari, channel_id)
        assert await commands.hang_up(ari, channel_id)
        assert (await listener.wait_for(ChannelDestroyed, channel_id)).cause == 16
        assert call.ended_by == "us"
        assert call.answered_at is not None
        for gone in (commands.answer, commands.ring, commands.start_music, commands.stop_music, commands.hang_up):
            assert not await gone(ari, channel_id)
        assert not await commands.subscribe_to_channel(ari, APP, channel_id)


@pytest.mark.parametrize("why", list(Refusal))
async def test_call_is_refused_before_its_answer(server: AriServer, why: Refusal) -> None:
    async with connected(server) as listener:
        call = server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.subscribe_to_channel(listener.ari, APP, channel_id)
        assert await commands.refuse(listener.ari, channel_id, why)
        assert (await listener.wait_for(ChannelDestroyed)).cause == why
        assert not await commands.refuse(listener.ari, channel_id, why)
    assert (call.answered_at, call.cause) == (None, why)


async def test_several_sounds_are_played_in_a_language_and_can_be_stopped(server: AriServer) -> None:
    server.asterisk.sounds = {"sound:you-are": 1.0, "sound:digits/5": 1.0}
    async with connected(server) as listener:
        server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.play(listener.ari, channel_id, "p1", "nonesuch", "you-are", "digits/5", language="vi")
        assert await commands.playing(listener.ari, "p1")
        assert await commands.stop_playing(listener.ari, "p1")
        assert (await listener.wait_for(PlaybackFinished)).done
        assert not await commands.stop_playing(listener.ari, "p1")
        assert await commands.play(listener.ari, channel_id, "p2", "nonesuch")
        assert not (await listener.wait_for(PlaybackFinished, count=2)).done


async def test_part_of_a_sound_that_is_fetched_is_skipped_and_the_ledger_tells_what_was_played(
    server: AriServer,
) -> None:
    url = "http://tongdai:8080/v1/sounds/1.wav"
    server.asterisk.sounds = {f"sound:{url}": 60.0, "sound:digits/5": 0.05}
    async with connected(server) as listener:
        call = server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.play(listener.ari, channel_id, "p1", SoundUrl(url), "digits/5", from_ms=59_950)
        assert (await listener.wait_for(PlaybackFinished)).done
        (played,) = call.sounds
        assert played.sounds == (f"sound:{url}", "sound:digits/5")
        assert played.until is not None


async def test_caller_who_is_bridged_while_a_sound_plays_is_a_violation(server: AriServer) -> None:
    async with connected(server, always(Response.ANSWERED, 0.01)) as listener:
        server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.answer(listener.ari, channel_id)
        assert await commands.play(listener.ari, channel_id, "p1", "greeting")
        await commands.originate(listener.ari, "agent", commands.agent_endpoint_of("a1"), APP, ["agent"], "1900")
        await listener.wait_for(StasisStart, "agent")
        await commands.create_bridge(listener.ari, "b1")
        assert await commands.add_to_bridge(listener.ari, "b1", channel_id, "agent")
        assert "bridged while a sound plays" in server.asterisk.ledger.violations[0]


async def test_keys_that_are_pressed_are_events(server: AriServer) -> None:
    async with connected(server) as listener:
        call = server.asterisk.call_in(CALLED, CALLER, keys=((0.01, "1"), (0.02, "#")))
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.answer(listener.ari, channel_id)
        await listener.wait_for(ChannelDtmfReceived, channel_id, 2)
        assert [event.digit for event in listener.of(ChannelDtmfReceived)] == ["1", "#"]
    assert call.keys == "1#"


async def test_caller_is_answered_unless_they_are(server: AriServer) -> None:
    async with connected(server) as listener:
        call = server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.subscribe_to_channel(listener.ari, APP, channel_id)
        assert await commands.ensure_answered(listener.ari, channel_id)
        assert await commands.play(listener.ari, channel_id, "p1", "custom/long")
        assert await commands.ensure_answered(listener.ari, channel_id)
        assert await commands.hang_up(listener.ari, channel_id)
        await listener.wait_for(ChannelDestroyed, channel_id)
        assert not await commands.ensure_answered(listener.ari, channel_id)
    assert call.answered_at is not None
    assert not server.asterisk.ledger.violations


async def test_caller_is_held_muted_listened_to_and_bridged(server: AriServer) -> None:
    async with connected(server, always(Response.ANSWERED, 0.01)) as listener:
        ari = listener.ari
        server.asterisk.call_in(CALLED, CALLER)
        channel_id = (await listener.wait_for(StasisStart)).channel_id
        assert await commands.answer(ari, channel_id)
        assert await commands.hold(ari, channel_id)
        assert await commands.unhold(ari, channel_id)
        assert await commands.mute(ari, channel_id, "both")
        assert await commands.unmute(ari, channel_id)
        assert await commands.set_variable(ari, channel_id, "QUEUE", "7")
        assert await commands.variable(ari, channel_id, "QUEUE") == "7"
        assert await commands.variable(ari, channel_id, "OTHER") is None
        await commands.create_bridge(ari, "b1")
        assert await commands.add_to_bridge(ari, "b1", channel_id)
        assert await commands.bridges(ari) == [Bridge("b1", (channel_id,), "tongdai")]
        assert await commands.snoop(ari, channel_id, "s1", APP, ["snoop"], spy="both", whisper="none")
        assert (await listener.wait_for(StasisStart, "s1")).args == ("snoop",)
        assert await commands.subscribe_to_channel(ari, APP, "s1")
        assert await commands.hang_up(ari, "s1")
        await listener.wait_for(ChannelDestroyed, "s1")
        assert await commands.remove_from_bridge(ari, "b1", channel_id)
        assert not await commands.remove_from_bridge(ari, "b1", channel_id)
        assert not await commands.remove_from_bridge(ari, "b2", channel_id)
        assert await commands.bridges(ari) == [Bridge("b1", (), "tongdai")]
        assert await commands.hang_up(ari, channel_id)
        assert not await commands.snoop(ari, channel_id, "s2", APP, spy="in", whisper="none")
        assert not await commands.mute(ari, channel_id)
        assert not await commands.hold(ari, channel_id)
        assert not await commands.set_variable(ari, channel_id, "QUEUE", "7")
        assert await commands.variable(ari, channel_id, "QUEUE") is None


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (commands.start_music, ("c", "a&b")), (commands.start_music, ("c", "../x")),
        (commands.set_variable, ("c", "SHELL(id)", "1")), (commands.set_variable, ("c", "X", "${SHELL(id)}")),
        (commands.set_variable, ("c", "", "1")), (commands.variable, ("c", "CURL(http://x)")),
        (commands.play, ("c", "p", "fine", "../secret")), (commands.endpoint, ("a/b",)),
        (commands.subscribe_to_phone, (APP, "a b")),
    ],
)  # fmt: skip
async def test_nothing_that_could_be_executed_reaches_the_switch(
    server: AriServer, command: Any, arguments: tuple[str, ...]
) -> None:
    async with connected(server) as listener:
        with pytest.raises(ValueError, match="not a"):
            await command(listener.ari, *arguments)


@pytest.mark.parametrize("tag", ["", "VI", "../vi", "vi/..", "v", "vi_"])
def test_language_is_a_plain_tag(tag: str) -> None:
    with pytest.raises(ValueError, match="not a language"):
        commands.language_of(tag)
    assert commands.language_of("en_GB") == "en_GB"
