"""A caller of the ACD by steps, for tests of its state machine."""

from datetime import UTC, datetime
from uuid import UUID

from tongdai.acd import admission
from tongdai.acd.admission import Send
from tongdai.acd.caller import core
from tongdai.acd.caller.model import CallerProgress, Command
from tongdai.acd.caller.signals import (
    Admitted,
    BridgedWithAgent,
    Matched,
    MenusRead,
    OfferMade,
    Signal,
)
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.inbound.model import InboundCall
from tongdai.calls.model import CallState
from tongdai.ids import AgentId, MenuId, QueueId, TenantId
from tongdai.queues.menus.model import Menu
from tongdai.queues.model import HANG_UP, Destination, DestinationKind
from tongdai.switch.events import ChannelDestroyed, ChannelDtmfReceived, Event, PlaybackFinished
from tongdai.switches.model import DEFAULT

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SALES, CARE = QueueId(7), QueueId(8)
ANN, BOB = AgentId(1), AgentId(2)
CALL = InboundCall(
    tenant_id=TenantId(1), call_id=UUID(int=5), switch_id=DEFAULT, channel="17.1", queue_id=SALES,
    called="+842873001234", phone="+84901234567", state=CallState.RINGING, opened_at=NOW, lease_until=NOW,
)  # fmt: skip
ADMITTED = Admitted(admission.Admit(), 0)
AGAIN = Admitted(admission.Admit(), 1)
TO_CARE = Send(Destination(DestinationKind.QUEUE, "8"), InboundOutcome.OVERFLOW)
TO_MESSAGE = Send(Destination(DestinationKind.MESSAGE, "sorry"), InboundOutcome.CLOSED)
TO_NUMBER = Send(Destination(DestinationKind.NUMBER, "+84987654321"), InboundOutcome.OVERFLOW)
NUMBER_LEG = f"{CALL.call_id}-number-0-1"
"""The channel of the first number that is called."""
REFUSED = Send(HANG_UP, InboundOutcome.REFUSED)
GONE = ChannelDestroyed("17.1", 16, None, NOW)
UNKNOWN = ChannelDestroyed("17.1", 0, None, NOW)
PLAYBACK = f"{CALL.call_id}-message"
PLAYED = PlaybackFinished(PLAYBACK, "17.1", done=True, at=NOW)


def after(*events: Event | Signal, start: CallerProgress | None = None) -> tuple[CallerProgress, tuple[Command, ...]]:
    """The progress after events, and the commands of the last one."""
    progress, commands = core.arrived(CALL) if start is None else (start, ())
    for event in events:
        progress, commands = core.step(progress, event)
    return progress, commands


WAITING = (ADMITTED,)
OFFERED = (*WAITING, Matched(ANN, 0))
CONNECTING = (*OFFERED, OfferMade(ANN, "a"))
TALKING = (*CONNECTING, BridgedWithAgent())


# Menus

FRONT = MenuId(3)
MENUS = {
    FRONT: Menu(
        name="Front", greeting="welcome", repeats=1, timeout_s=5,
        options={"1": TO_CARE.to, "9": Destination(DestinationKind.MESSAGE, "sorry")}, otherwise=TO_CARE.to,
    )
}  # fmt: skip
TO_MENU = Send(Destination(DestinationKind.MENU, str(FRONT)), InboundOutcome.ABANDONED)
IN_MENU = (Admitted(TO_MENU, 0), MenusRead(MENUS, 1))
GREETING = f"{CALL.call_id}-menu-1-0"
GREETED = PlaybackFinished(GREETING, "17.1", done=True, at=NOW)


def pressed(key: str) -> ChannelDtmfReceived:
    return ChannelDtmfReceived("17.1", key, NOW)
