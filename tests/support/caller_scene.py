"""Callers and their queues in a Scene of a telephony process."""

from tests.support.dialer_scene import QUEUE, Scene
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.ids import MenuId, QueueId
from tongdai.queues.model import DestinationKind, QueueRules
from tongdai.switch.simulated.ledger import SimulatedCaller

NUMBER, OTHER_NUMBER = "02873001234", "02873005678"
OTHER = QueueId(8)
FRONT, TO_SALES = MenuId(3), (DestinationKind.QUEUE, str(QUEUE))
RULES = QueueRules(queue_id=QUEUE, name="Sales", join_empty=True, leave_empty_after_s=None)


def open_queue(s: Scene, rules: QueueRules = RULES, number: str = NUMBER) -> None:
    s.acd.queues[rules.queue_id], s.acd.numbers[number] = rules, rules.queue_id


async def call_in(s: Scene, person: int, *, number: str = NUMBER, talk_s: float | None = 30) -> SimulatedCaller:
    """Somebody calls who waits for ever; returns when the call is answered, or over."""
    caller = s.simulated.call_in(number, f"8490{person:07d}", talk_s=talk_s)
    await s.until(lambda: caller.answered_at or caller.ended_at)
    return caller


def endings(s: Scene) -> list[InboundOutcome | Outcome]:
    return [ending.outcome for ending in s.acd.over.values()]


async def everybody_is(s: Scene, state: AgentState) -> None:
    await s.until(lambda: all(each is state for each in s.states()))


async def started(s: Scene, rules: QueueRules = RULES) -> None:
    open_queue(s, rules)
    s.start()
    await s.until(lambda: s.ari.up)
