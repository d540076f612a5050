from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ari_server import AriServer
from tests.switch.conftest import APP, connected
from tongdai import __version__
from tongdai.switch import commands
from tongdai.switch.commands import Duplicate, Placed, Refused
from tongdai.switch.commands.names import SoundUrl, media_of
from tongdai.switch.events import ChannelDestroyed, PlaybackFinished, StasisStart
from tongdai.switch.interface import Ari, Reply, SwitchRefused
from tongdai.switch.simulated.callees import Response, always

DIGITS = "84901234567"
INJECTIONS = [
    "", "+84901234567", "0901234567", "84901234567&PJSIP/1900", "84901234567@evil.host", "${SHELL(id)}",
    "８４９０１２３４５６７",
    "84901234567\n", " 84901234567", "12345", "8" * 16, "84901234567/n", "84901234567,5", "8490x234567",
]  # fmt: skip


@pytest.mark.parametrize("digits", INJECTIONS)
def test_only_e164_digits_are_dialled(digits: str) -> None:
    with pytest.raises(ValueError, match="not a number to dial"):
        commands.endpoint_of(digits, "trunk")


@given(st.text())
def test_endpoint_is_refused_or_digits_at_trunk(text: str) -> None:
    try:
        endpoint = commands.endpoint_of(text, "trunk")
    except ValueError:
        return
    assert endpoint == f"PJSIP/{text}@trunk"
    assert text.isascii()
    assert text.isdigit()


@pytest.mark.parametrize("trunk", ["", "a b", "t@evil", "trunk/x", "trünk", "trunk\n", "a" * 65])
def test_trunk_is_a_plain_name(trunk: str) -> None:
    with pytest.raises(ValueError, match="not a trunk"):
        commands.endpoint_of(DIGITS, trunk)


@pytest.mark.parametrize(
    "number", ["", "12", "Bank <1900>", '"x" <84901>', "84901\r\nX-Evil: 1", "+", "8" * 16, "٣٣٣٣"]
)
def test_caller_id_is_digits(number: str) -> None:
    with pytest.raises(ValueError, match="not a caller id"):
        commands.caller_id_of(number)


@pytest.mark.parametrize(
    "path", ["", "../../etc/passwd", "a/../b", "http://127.0.0.1/", "a,b", "a b", "a//b", "a&b", "C:\\x", ".a"]
)
def test_sound_is_a_plain_path(path: str) -> None:
    with pytest.raises(ValueError, match="not a sound"):
        commands.sound_of(path)


@pytest.mark.parametrize(
    "url",
    [
        "", "greeting", "file:///etc/passwd", "ftp://h/a.wav", "http://h", "http://h/", "http://h/../a.wav", "http://h//a",
        "http://u:p@h/a.wav", "http://h/a,b.wav", "http://h/a.wav?x=1", "http://h/a b", "http://h:123456/a.wav",
    ],
)  # fmt: skip
def test_url_of_a_sound_is_a_plain_one(url: str) -> None:
    with pytest.raises(ValueError, match="not the URL of a sound"):
        media_of(SoundUrl(url))


def test_text_is_the_url_of_a_sound_only_if_we_say_so() -> None:
    url = "https://tongdai.internal:8443/api/v1/sounds/1-2-ab.wav"
    assert media_of(SoundUrl(url)) == f"sound:{url}"
    with pytest.raises(ValueError, match="not a sound"):
        media_of(url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "Local/s@evil"}, {"endpoint": "PJSIP/84901234567@t/sip:x"}, {"app_args": ["a,b"]},
        {"app_args": ["a\nb"]}, {"caller_id": "x"}, {"app": "a&b"},
    ],
)  # fmt: skip
async def test_nothing_that_is_not_plain_reaches_the_switch(server: AriServer, wrong: dict[str, object]) -> None:
    async with connected(server) as listener:
        values: dict[str, Any] = {"endpoint": commands.endpoint_of(DIGITS, "trunk"), "app": APP} | wrong
        with pytest.raises(ValueError, match="not a"):
            await commands.originate(listener.ari, "c1", **values)
    assert not server.asterisk.ledger.calls


async def originate(ari: Ari, channel_id: str, digits: str = DIGITS, **options: Any) -> commands.Originated:
    return await commands.originate(
        ari, channel_id, commands.endpoint_of(digits, "trunk"), APP, ["call", channel_id], "+84281234", **options
    )


async def test_call_is_placed_answered_played_to_and_hung_up(server: AriServer) -> None:
    async with connected(server, always(Response.ANSWERED, 0.01)) as listener:
        ari = listener.ari
        assert await originate(ari, "c/1") == Placed()
        assert (await listener.wait_for(StasisStart, "c/1")).args == ("call", "c/1")
        assert await commands.play(ari, "c/1", "p1", "greeting")
        assert [c.channel_id for c in await commands.channels(ari)] == ["c/1"]
        assert (await commands.channel(ari, "c/1")) is not None
        assert await commands.hang_up(ari, "c/1", 21)
        assert (await listener.wait_for(ChannelDestroyed, "c/1")).cause == 21
        assert not listener.of(PlaybackFinished)[0].done
        assert not await commands.hang_up(ari, "c/1")
        assert not await commands.play(ari, "c/1", "p2", "greeting")
        assert await commands.channel(ari, "c/1") is None
        assert await commands.channels(ari) == []
    assert server.asterisk.ledger.calls[0].caller_id == "+84281234"


async def test_channel_id_in_use_is_a_duplicate_and_unknown_trunk_is_refused(server: AriServer) -> None:
    async with connected(server, always(Response.NO_ANSWER)) as listener:
        assert await originate(listener.ari, "c1") == Placed()
        assert await originate(listener.ari, "c1", "84901234568") == Duplicate()
        elsewhere = commands.endpoint_of(DIGITS, "nowhere")
        assert await commands.originate(listener.ari, "c2", elsewhere, APP) == Refused(500, "Allocation failed")
        assert not await commands.play(listener.ari, "c1", "p1", "greeting"), "it has not been answered"


async def test_version_is_what_the_switch_says(server: AriServer) -> None:
    async with connected(server) as listener:
        assert await commands.version(listener.ari) == __version__


@pytest.mark.parametrize("body", [None, [], {}, {"system": None}, {"system": {"version": 22}}, {"system": {}}])
async def test_version_that_cannot_be_read_is_refused(body: object) -> None:
    with pytest.raises(SwitchRefused, match="unreadable version"):
        await commands.version(cast("Ari", Answering(body)))


async def test_version_is_shown_in_printable_characters() -> None:
    body = {"system": {"version": "22.9.0\x1b[31m" + "x" * 99}}
    assert await commands.version(cast("Ari", Answering(body))) == "22.9.0?[31m" + "x" * 53


async def test_agent_and_customer_are_bridged(server: AriServer) -> None:
    server.asterisk.phones["agent1"] = always(Response.ANSWERED, 0.01)
    async with connected(server, always(Response.ANSWERED, 0.01)) as listener:
        ari = listener.ari
        await originate(ari, "customer")
        await commands.originate(ari, "agent", commands.agent_endpoint_of("agent1"), APP)
        await listener.wait_for(StasisStart, "customer")
        await listener.wait_for(StasisStart, "agent")
        await commands.create_bridge(ari, "b1")
        await commands.create_bridge(ari, "b1")
        assert await commands.add_to_bridge(ari, "b1", "customer", "agent")
        assert not await commands.add_to_bridge(ari, "b1", "nobody")
        assert not await commands.add_to_bridge(ari, "b2", "customer")
        assert await commands.hang_up(ari, "customer")
        assert await commands.channel(ari, "agent") is not None, "the agent stays"
        assert await commands.destroy_bridge(ari, "b1")
        assert not await commands.destroy_bridge(ari, "b1")
    assert all(call.bridged_at is not None for call in server.asterisk.ledger.calls)


async def test_switch_that_answers_500_refuses_and_does_not_hurt(server: AriServer) -> None:
    async with connected(server) as listener:
        server.failing = True
        assert await originate(listener.ari, "c1") == Refused(500, "Internal Server Error")
        with pytest.raises(SwitchRefused, match="500"):
            await commands.channels(listener.ari)
        with pytest.raises(SwitchRefused, match="500"):
            await commands.hang_up(listener.ari, "c1")
        server.failing = False
        assert await commands.channels(listener.ari) == []


class Answering:
    """A switch of one reply."""

    up = True

    def __init__(self, body: object, status: int = 200) -> None:
        self._reply = Reply(status, body)

    async def request(self, *_: object, **__: object) -> Reply:
        return self._reply


@pytest.mark.parametrize("body", [None, {}, "x", [None], [{"id": 7}], [{"name": "x"}], [{"id": "c1"}, 7]])
async def test_listing_that_cannot_be_read_whole_is_refused(body: object) -> None:
    with pytest.raises(SwitchRefused, match="unreadable"):
        await commands.channels(cast("Ari", Answering(body)))


async def test_message_of_a_refusal_is_short_and_printable() -> None:
    refused = await originate(cast("Ari", Answering({"message": "bad\r\n\x1b[31m" + "x" * 999}, 400)), "c1")
    assert refused == Refused(400, ("bad???[31m" + "x" * 999)[:200])


class Modules:
    """A switch that runs these modules."""

    up = True

    def __init__(self, status: int, body: object) -> None:
        self.reply = Reply(status, body)

    async def request(self, *_: object, **__: object) -> Reply:
        return self.reply


def _running(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "status": "Running"} for name in names]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, None, "res_ari_asterisk"),
        (200, _running(*commands.NEEDED_MODULES[1:]), "not running: chan_pjsip.so"),
        (200, [*_running(*commands.NEEDED_MODULES[1:]), {"name": "chan_pjsip.so", "status": "Not Running"}], "chan_pj"),
        (200, [], "res_ari_channels.so"),
        (200, {"chan_pjsip.so": "Running"}, "unreadable"),
        (500, {"message": "no"}, "no"),
    ],
)
async def test_switch_that_lacks_a_module_is_refused_by_its_name(status: int, body: object, said: str) -> None:
    with pytest.raises(SwitchRefused, match=said):
        await commands.require_modules(cast("Ari", Modules(status, body)))


async def test_switch_with_all_modules_will_do() -> None:
    await commands.require_modules(cast("Ari", Modules(200, _running("app_amd.so", *commands.NEEDED_MODULES))))
