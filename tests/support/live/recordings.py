"""Recordings of the audio that Asterisk gets from a channel or sends to it."""

import uuid
from pathlib import Path

from tests.support.live import audio
from tests.support.live.testbed import AGENT, AGENT_HZ, APP, CUSTOMER_HZ, Testbed
from tests.support.servers import eventually
from tests.support.switch import Listener
from tongdai.switch import commands
from tongdai.switch.events import StasisStart

RECORDER = "recorder"
"""A Stasis application that only records."""
LOUD, SILENT = 2000, 300
"""Amplitudes. The tones have 8000."""
ENOUGH = 12_000
"""A number of samples: 1.5 s."""


async def record(listener: Listener, channel_id: str, direction: str, name: str, app: str = APP) -> str:
    """Start to record the audio that comes `in` from a channel or goes `out` to it.

    Returns the id of the snoop channel, whose events go to `app`, the application of the listener.
    """
    snoop = f"snoop-{uuid.uuid4()}"
    made = await listener.ari.request("POST", f"channels/{channel_id}/snoop/{snoop}", {"spy": direction, "app": app})
    assert made.status == 200, made
    await listener.wait_for(StasisStart, snoop)
    began = await listener.ari.request("POST", f"channels/{snoop}/record", {"name": name, "format": "wav"})
    assert began.status == 201, began
    return snoop


async def recorded(listener: Listener, testbed: Testbed, snoop: str, name: str) -> list[int]:
    """Stop a recording and hang up its snoop channel; return the samples."""
    assert (await listener.ari.request("POST", f"recordings/live/{name}/stop")).status == 204
    assert await commands.hang_up(listener.ari, snoop)

    path = testbed.recording(name)
    await eventually(lambda: audio.is_wav(path), 10, "the end of the recording", poll_s=0.05)
    return audio.read_wav(path)


async def overheard(
    listener: Listener, testbed: Testbed, *of: tuple[str, str], after_s: float = 0, app: str = RECORDER
) -> list[list[int]]:
    """Record each (channel, direction) at the same time, and return the 1.5 s that begin after `after_s`."""
    names = [uuid.uuid4().hex for _ in of]
    snoops = [await record(listener, *one, name, app) for one, name in zip(of, names, strict=True)]
    least = 2 * (ENOUGH + round(after_s * audio.RATE))
    for name in names:
        path = testbed.recording(name)
        await eventually(lambda path=path: _size(path) > least, after_s + 15, f"1.5 s of sound: {of}")
    return [(await recorded(listener, testbed, *one))[-ENOUGH:] for one in zip(snoops, names, strict=True)]


async def hear_each_other(listener: Listener, testbed: Testbed, agent: str, customer: str, app: str = RECORDER) -> None:
    """Assert that the agent's channel and one of the `talkers` hear each other, and not themselves."""
    by_agent, by_customer = await overheard(listener, testbed, (agent, "out"), (customer, "out"), app=app)
    assert audio.loudness(by_agent, CUSTOMER_HZ) > LOUD
    assert audio.loudness(by_agent, AGENT_HZ) < SILENT
    assert audio.loudness(by_customer, AGENT_HZ) > LOUD
    assert audio.loudness(by_customer, CUSTOMER_HZ) < SILENT


async def phone_of(listener: Listener) -> str:
    """The channel of the agent's phone."""
    [phone] = [ch.channel_id for ch in await commands.channels(listener.ari) if ch.name.startswith(f"PJSIP/{AGENT}-")]
    return phone


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
