"""Decides what follows for an agent whose phone's page is gone. Pure."""

from enum import Enum, auto

from tongdai.agents.model import LostPage


class Next(Enum):
    WAIT = auto()
    """Nobody can be called, or the phone rings."""
    CALL = auto()
    """Call the phone anew, at the page that has it now."""
    CONNECT = auto()
    """The phone was answered: it is in the call again."""
    GIVE_UP = auto()


def next_step(lost: LostPage, return_s: float, *, listed: str | None, requested_s: float) -> Next:
    """`listed`: the state of the channel that was called last; None: the switch does not list it. `requested_s`: how
    long ago it was requested, as far as is known here: a request may be on its way."""
    if lost.called and listed == "Up":
        return Next.CONNECT
    if lost.lost_s >= return_s:
        return Next.GIVE_UP
    if not lost.there:
        return Next.WAIT
    if not lost.called:
        return Next.CALL
    return Next.CALL if listed is None and requested_s >= REQUEST_S else Next.WAIT


REQUEST_S = 2.0
"""How long a channel that was requested may not be listed yet."""
