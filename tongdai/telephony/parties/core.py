"""Decides what happens to a call when somebody leaves it, and who is in its bridge. Pure.

    consult     agent + party in the bridge · the customer hears music
    complete    customer + party; the agent has left                        the talk is the party's
    conference  customer + agent + party                                    the talk is the agent's

The rows decide: the talk is the agent's who talks on the call, or else the party's. The bridge follows them, so that
whoever leads the switch finds there what is to be done.
"""

from collections.abc import Collection
from dataclasses import dataclass

from tongdai.calls.acts.model import Talk
from tongdai.calls.parties.model import Party, PartyState


@dataclass(frozen=True, slots=True)
class PartyLeaves:
    """The agent keeps the call."""

    party: Party


@dataclass(frozen=True, slots=True)
class PartyStays:
    """The talk is the party's from now on."""

    party: Party


@dataclass(frozen=True, slots=True)
class NobodyStays:
    """The customer is hung up; and a party who has not answered."""

    called: Party | None = None


Parting = PartyLeaves | PartyStays | NobodyStays


def parting(talk: Talk, channel: str) -> Parting | None:
    """Decide about a call whose agent or party, with that channel, has hung up. None: it had left before."""
    party = talk.party
    if party is not None and party.channel == channel:
        return PartyLeaves(party) if talk.with_agent else NobodyStays()
    if talk.agent_channel not in {None, channel}:
        return None
    if party is None or party.state is PartyState.CALLED:
        return NobodyStays(party)
    return PartyStays(party)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the bridge of a call has to change."""

    out: tuple[str, ...]
    """These leave it."""
    music: bool
    """The customer hears music on hold: they are in no bridge."""
    into: tuple[str, ...]
    """These enter it, the customer without music."""


def arrangement(talk: Talk, members: Collection[str]) -> Arrangement:
    """`members` are in the bridge now. Phones of supervisors stay: they are nobody's concern here."""
    party = talk.party
    wanted = [] if talk.agent_channel is None else [talk.agent_channel]
    if party is not None and party.state is not PartyState.CALLED:
        wanted.append(party.channel)
    if not wanted:  # nobody talks (yet): the ACD has the caller
        return Arrangement((), False, ())
    if not talk.held:
        wanted.append(talk.channel)
    out = tuple(one for one in members if one not in wanted and not one.startswith(SUPERVISOR))
    return Arrangement(out, talk.held, tuple(one for one in wanted if one not in members))


SUPERVISOR = "supervisor-"
"""How the channels of supervisors' phones begin."""
