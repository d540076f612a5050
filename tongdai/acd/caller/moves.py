"""Moves of a caller that several stages share: to another stage, the answer, the hang-up. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from tongdai.acd.admission import CAUSES
from tongdai.acd.caller.model import (
    TRANSITIONS,
    Answer,
    CallerProgress,
    Command,
    DestroyBridge,
    HangUp,
    HangUpAgent,
    Record,
    Stage,
    StopMusic,
)
from tongdai.call_outcome import Refusal
from tongdai.states import moved

NORMAL = 16
"""The Q.850 cause of a call that ends after its answer."""
Step = tuple[CallerProgress, tuple[Command, ...]]


def go(call: CallerProgress, stage: Stage) -> CallerProgress:
    return replace(call, stage=moved(TRANSITIONS, call.stage, stage))


def answer(call: CallerProgress) -> Sequence[Command]:
    return () if call.answered else (Answer(),)


def quiet(call: CallerProgress) -> Sequence[Command]:
    return (StopMusic(),) if call.music else ()


def release(call: CallerProgress) -> Sequence[Command]:
    """Hang up the phones that were called for the caller."""
    return tuple(HangUpAgent(channel) for channel in call.ringing)


def alone(call: CallerProgress) -> CallerProgress:
    """Nobody is called for the caller any more, or talks."""
    call = replace(call, agent_id=None, number=None, agent_channel=None, rings=False, placed=False, agent_up=False)
    return replace(call, also=(), rung=())


def apart(call: CallerProgress) -> Sequence[Command]:
    """Part a caller who was transferred from the agent: another process may have recorded that, and not done it."""
    return (DestroyBridge(),) if call.talked else ()


def hang_up(call: CallerProgress) -> Step:
    return go(call, Stage.HANGING_UP), (HangUp(cause_of(call)),)


def cause_of(call: CallerProgress) -> int:
    """The cause of a hang-up: of the refusal, while the call is not answered."""
    return NORMAL if call.answered or call.outcome is None else CAUSES.get(call.outcome, Refusal.CONGESTION)


def ordered(commands: Sequence[Command]) -> tuple[Command, ...]:
    """Records first, in their order."""
    records = tuple(command for command in commands if isinstance(command, Record))
    return (*records, *(command for command in commands if command not in records))
