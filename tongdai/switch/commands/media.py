"""The audio of a channel: sounds, music on hold, ringing; mute and hold."""

from typing import Literal

from tongdai.switch.commands.names import KEYS, MUSIC_CLASS, Sound, checked, language_of, media_of, sound_of
from tongdai.switch.commands.requests import expect, path, unless_gone
from tongdai.switch.interface import Ari

Direction = Literal["in", "out", "both"]
"""`in`: what the channel says; `out`: what it hears."""


async def play(
    ari: Ari, channel_id: str, playback_id: str, *sounds: Sound, language: str | None = None, from_ms: int = 0
) -> bool:
    """Play sounds one after the other; PlaybackFinished tells the end of the last, with `done` false where it does not
    exist: one before it that does not exist is skipped. `language`: the folder that is searched first; `from_ms`: how
    much of the first is skipped. Playbacks of a channel wait for each other: stop one to have the next heard at once.

    Music on hold ends, and does not come back by itself. A channel that is not answered hears them as early media.
    False when there is no such channel, or it is not ours yet.
    """
    uri = path("channels", channel_id, "play", playback_id)
    body: dict[str, object] = {"media": [media_of(sound) for sound in sounds]}
    if from_ms:
        body["offsetms"] = from_ms
    if language is not None:
        body["lang"] = language_of(language)
    return await unless_gone(ari, "POST", uri, body=body)


async def play_to_bridge(ari: Ari, bridge_id: str, playback_id: str, sound: str) -> bool:
    """Likewise to whoever is in a bridge, which may be nobody. False when there is no such bridge."""
    uri = path("bridges", bridge_id, "play", playback_id)
    return await unless_gone(ari, "POST", uri, body={"media": [sound_of(sound)]})


async def stop_playing(ari: Ari, playback_id: str) -> bool:
    """False when that playback is over, or never began."""
    return await unless_gone(ari, "DELETE", path("playbacks", playback_id))


async def playing(ari: Ari, playback_id: str) -> bool:
    """False when that playback is over, or never began."""
    reply = await ari.request("GET", path("playbacks", playback_id))
    if reply.status == 404:
        return False
    expect(reply)
    return True


async def start_music(ari: Ari, channel_id: str, music_class: str | None = None) -> bool:
    """Play music on hold, in a bridge too, until it is stopped or a sound is played; in place of another class. Without
    an error a class that does not exist is the default one. False when there is no such channel."""
    query = None if music_class is None else {"mohClass": checked(MUSIC_CLASS, music_class, "a class of music")}
    return await unless_gone(ari, "POST", path("channels", channel_id, "moh"), query)


async def stop_music(ari: Ari, channel_id: str) -> bool:
    return await unless_gone(ari, "DELETE", path("channels", channel_id, "moh"))


async def ring(ari: Ari, channel_id: str) -> bool:
    """Tell an inbound channel that is not answered that somebody's phone rings (180). False when it is gone."""
    return await unless_gone(ari, "POST", path("channels", channel_id, "ring"))


async def hold(ari: Ari, channel_id: str) -> bool:
    """Put the far end on hold: it hears the music of its own class. False when it is gone."""
    return await unless_gone(ari, "POST", path("channels", channel_id, "hold"))


async def unhold(ari: Ari, channel_id: str) -> bool:
    return await unless_gone(ari, "DELETE", path("channels", channel_id, "hold"))


async def mute(ari: Ari, channel_id: str, direction: Direction = "in") -> bool:
    """Stays while the channel changes bridges. False when it is gone."""
    return await unless_gone(ari, "POST", path("channels", channel_id, "mute"), {"direction": direction})


async def unmute(ari: Ari, channel_id: str, direction: Direction = "in") -> bool:
    return await unless_gone(ari, "DELETE", path("channels", channel_id, "mute"), {"direction": direction})


async def send_dtmf(ari: Ari, channel_id: str, keys: str) -> bool:
    """Press keys for the far end to hear; `w` is a pause. False when the channel is gone."""
    query = {"dtmf": checked(KEYS, keys, "keys")}
    return await unless_gone(ari, "POST", path("channels", channel_id, "dtmf"), query)
