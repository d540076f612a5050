"""What the server's settings say of all campaigns, and the dialer's own times."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.dialer.core import Script

LEASE = timedelta(seconds=45)
"""Of a call that the switch may have. Longer than any request may be under way: what is not there then never comes."""
CLAIM_LEASE = timedelta(seconds=15)
"""Of one that is about to be dialled."""
WRITE_S = 3.0
"""How long a call waits for records that hang; what it was to write is written later."""
CALL, AGENT = "call", "agent"
"""The first argument of our channels."""


@dataclass(frozen=True, slots=True)
class Options:
    app: str
    trunk: str | None
    caller_id: str | None
    sound: str
    """What an agentless campaign without an audio file plays."""
    max_calls: int
    """On the switch at once, of all campaigns."""


def script_of(settings: CallSettings, options: Options) -> Script:
    if settings.mode is Mode.AGENTLESS or settings.queue_id is None:
        return Script(message=settings.audio_file or options.sound, sorry=None)
    return Script(message=None, sorry=settings.abandon_file)
