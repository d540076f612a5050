"""Callbacks in a Scene of a telephony process."""

from datetime import datetime, timedelta

from tests.support.dialer_scene import QUEUE, Scene
from tongdai.callbacks.model import Callback, CallbackState
from tongdai.ids import QueueId
from tongdai.switch.simulated.callees import Response, always

ANSWERS = always(Response.ANSWERED, after_s=5, talk_s=60)
NOBODY = always(Response.NO_ANSWER)
MIXED = {"1": ANSWERS, "2": NOBODY, "3": always(Response.BUSY, after_s=1)}


def phone(person: int) -> str:
    return f"+8490{person:07d}"


def promised(s: Scene, person: int, *, queue_id: QueueId = QUEUE, ago_s: float = 0, **values: object) -> Callback:
    """A callback of somebody who asked for it so long ago."""
    arrived_at = s.clock.now() - timedelta(seconds=ago_s)
    return s.acd.add_callback(queue_id, phone(person), arrived_at=arrived_at, **values)


def states(s: Scene) -> list[CallbackState]:
    return [callback.state for callback in s.acd.callbacks.values()]


def dialled_to(s: Scene, person: int) -> list[datetime]:
    """When the switch called somebody."""
    return [call.originated_at for call in s.calls() if call.to == phone(person).removeprefix("+")]
