"""Teams of agents and users. Pure."""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Team:
    team_id: int
    name: str
    agents: int
    """Number of its agents."""


class Refusal(Enum):
    NO_TEAM = auto()
    TAKEN = auto()
    """Another team has the name or the number."""
    HAS_AGENTS = auto()
