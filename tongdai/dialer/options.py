"""Options of the dialer that apply to all campaigns, and its time limits."""

from dataclasses import dataclass
from datetime import timedelta

from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import played
from tongdai.campaigns.settings.values import MachineDetection
from tongdai.dialer.call.model import Treatment

LEASE = timedelta(seconds=45)
"""The lease of a call that may have a channel: longer than any request takes, so no channel appears after it."""
CLAIM_LEASE = timedelta(seconds=15)
"""The lease of a call that is about to be dialled."""
WRITE_S = 3.0
"""The time limit for writing a record of a call when the database hangs; it is written again later."""
DIAL_BATCH = 50
CALL = "call"
"""The first argument of channels to contacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The server's settings for the dialer; their defaults are in tongdai/settings/declarations.py."""

    app: str
    """The Stasis application."""
    trunk: str | None
    """For campaigns that name none."""
    caller_id: str | None
    """Likewise."""
    sound: str
    """The message of a campaign without agents that names none."""
    max_calls: int
    """The maximum of concurrent calls, over all campaigns."""
    unplayed_calls: int
    """Calls in a row whose sound was not played, after which their campaign is paused."""
    check_sounds: bool
    """Whether a sound is checked before its first call; its campaigns are not dialled while the switch lacks it."""
    phone_return_s: float = 20.0
    """How long an agent is waited for whose browser has lost its page."""
    dial_batch: int = DIAL_BATCH
    """The maximum of calls that move to `dialing` in one transaction, before their originate requests."""


def treatment_of(settings: CallSettings, options: Options) -> Treatment:
    """How answered calls of a campaign are handled."""
    detect = settings.machine_detection is MachineDetection.HANG_UP
    sound = played(settings)
    name = None if sound is None else sound.name or options.sound
    if sound is not None and sound.is_message:
        return Treatment(name, None, detect)
    return Treatment(None, name, detect)
