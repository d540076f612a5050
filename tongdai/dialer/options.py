"""Options of the dialer that hold for all campaigns, and its own times."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import MachineDetection, Mode
from tongdai.dialer.call.model import Treatment

LEASE = timedelta(seconds=45)
"""The lease of a call that the switch may have: longer than any request takes, so that no channel comes after it."""
CLAIM_LEASE = timedelta(seconds=15)
"""The lease of a call that is about to be dialled."""
WRITE_S = 3.0
"""For one record of a call, when the database hangs; it is written later."""
CALL, AGENT = "call", "agent"
"""The first argument of a channel that we originate."""


@dataclass(frozen=True, slots=True)
class Options:
    app: str
    trunk: str | None
    caller_id: str | None
    sound: str
    """Played by an agentless campaign without an audio file."""
    max_calls: int
    """At once, of all campaigns."""


def treatment_of(settings: CallSettings, options: Options) -> Treatment:
    detect = settings.machine_detection is MachineDetection.HANG_UP
    if settings.mode is Mode.AGENTLESS or settings.queue_id is None:
        return Treatment(settings.audio_file or options.sound, None, detect)
    return Treatment(None, settings.abandon_file, detect)
