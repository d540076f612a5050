"""Options of the dialer that apply to all campaigns, and its time limits."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import MachineDetection, Mode
from tongdai.dialer.call.model import Treatment

LEASE = timedelta(seconds=45)
"""The lease of a call that may have a channel: longer than any request takes, so no channel appears after it."""
CLAIM_LEASE = timedelta(seconds=15)
"""The lease of a call that is about to be dialled."""
WRITE_S = 3.0
"""The time limit for writing a record of a call when the database hangs; it is written again later."""
DIAL_BATCH = 50
CALL, AGENT = "call", "agent"
"""The first argument of channels that the dialer originates."""


@dataclass(frozen=True, slots=True)
class Options:
    app: str
    trunk: str | None
    caller_id: str | None
    sound: str
    """Played by an agentless campaign without an audio file."""
    max_calls: int
    """The maximum of concurrent calls, over all campaigns."""
    unplayed_calls: int = 3
    """Calls in a row whose sound was not played, after which their campaign is paused."""
    dial_batch: int = DIAL_BATCH
    """The maximum of calls that move to `dialing` in one transaction, before their originate requests."""


def treatment_of(settings: CallSettings, options: Options) -> Treatment:
    detect = settings.machine_detection is MachineDetection.HANG_UP
    if settings.mode is Mode.AGENTLESS or settings.queue_id is None:
        return Treatment(settings.audio_file or options.sound, None, detect)
    return Treatment(None, settings.abandon_file, detect)
