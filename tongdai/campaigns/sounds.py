"""Refusal of sounds that the switch of the tenant does not have: at the start of a campaign, and when one is named.

A campaign may be created before its sounds are on the switch; the response names them. Nothing is refused that could
not be checked, as while no process leads the switch: then the dialer checks the sound before the first call, and
diagnostics says so.
"""

from collections.abc import Iterable

from tongdai.campaigns import store
from tongdai.campaigns.settings.request import Sent
from tongdai.campaigns.settings.rules import Played, played
from tongdai.errors import InvalidInput, InvalidState
from tongdai.ids import CampaignId, TenantId
from tongdai.settings.declarations import Settings
from tongdai.switches.sounds import question
from tongdai.switches.sounds.question import Connect

SETTINGS = ("audioFile", "abandonFile")


def refusal(sound: Played, name: str) -> InvalidState:
    """The failure of a start; `name` is that of the server's default where the campaign names none."""
    of = sound.wire if sound.name is not None else "the server's default_sound"
    return InvalidState(f"The switch does not have the sound {name} ({of}): add it to the switch, or name another")


async def refusal_of_start(
    connect: Connect, tenant_id: TenantId, campaign_id: CampaignId, server: Settings
) -> InvalidState | None:
    """The reason why a campaign may not start; None: the switch has its sound, or that could not be checked."""
    if not server.check_sounds:
        return None
    async with connect() as conn:
        settings = await store.call_settings(conn, tenant_id, campaign_id)
    sound = None if settings is None else played(settings)
    if sound is None:
        return None
    name = sound.name or server.default_sound
    return refusal(sound, name) if await question.missing(connect, tenant_id, [name]) else None


async def missing(connect: Connect, tenant_id: TenantId, sent: Sent, server: Settings) -> dict[str, str]:
    """The settings that name a sound which the switch does not have, with its name."""
    named = {wire: str(sent[wire]) for wire in SETTINGS if sent.get(wire) is not None}
    if not named or not server.check_sounds:
        return {}
    found = await question.missing(connect, tenant_id, list(named.values()))
    return {wire: name for wire, name in named.items() if name in found}


async def check(connect: Connect, tenant_id: TenantId, sent: Sent, server: Settings) -> None:
    """Raise InvalidInput for a setting that names a sound which the switch does not have."""
    for wire, name in (await missing(connect, tenant_id, sent, server)).items():
        raise InvalidInput(f"{wire} must be a sound that the switch has, not {name!r}")


def note(missing: Iterable[str]) -> str:
    """A sentence about settings with missing sounds, of a campaign that was created."""
    return f"The switch does not have the sound of {' and '.join(missing)}: the campaign cannot start until it has it"
