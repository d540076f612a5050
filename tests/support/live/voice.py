"""A voice of tones: each recorded part of an announcement is a tone of its own, which tells what a caller has heard."""

from collections.abc import Collection, Iterable

from tests.support.live import audio
from tests.support.live.tenant import LiveTenant
from tests.support.live.testbed import AGENT_HZ, CALLER_HZ, CUSTOMER_HZ, GREETING_HZ, MUSIC_HZ
from tongdai.queues.prompts import vietnamese

HOLD_HZ = 520
"""The tone of the uploaded hold music."""
HOLD = "hold.wav"
_HZ = {part: 1400 + 60 * n for n, part in enumerate(vietnamese.PARTS)}
_NAMES = {hz: part for part, hz in _HZ.items()} | {
    AGENT_HZ: "agent",
    CALLER_HZ: "caller",
    CUSTOMER_HZ: "customer",
    GREETING_HZ: "greeting",
    HOLD_HZ: "hold",
    MUSIC_HZ: "music",
}
TONES = _NAMES.keys()


def of_part(part: str, seconds: float = 0.3) -> list[int]:
    return audio.tone(_HZ[part], seconds)


async def upload(tenant: LiveTenant, parts: Collection[str], seconds: float = 0.3) -> None:
    """Upload the hold music, and these parts."""
    await _put(tenant, audio.wav(audio.tone(HOLD_HZ, 2)), {"kind": "music", "name": HOLD})
    for part in parts:
        prompt = {"kind": "prompt", "language": "vi", "name": part}
        await _put(tenant, audio.wav(of_part(part, seconds)), prompt)


async def _put(tenant: LiveTenant, content: bytes, named: dict[str, str]) -> None:
    headers = {"Content-Type": "audio/wav"}
    await tenant.call("PUT", "/v1/queues/sounds", params=named, content=content, headers=headers)


def words(tones: Iterable[Collection[int]]) -> list[str]:
    """Names of the tones that were heard one after the other: a part, or `hold`, `agent` and so on; `a+b` are mixed."""
    return ["+".join(sorted(_NAMES[hz] for hz in mixed)) for mixed in tones]
