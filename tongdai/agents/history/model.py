"""How long agents were in which state, added up. Pure."""

from dataclasses import dataclass, field

from tongdai.agents.model import AgentState

SIGNED_IN = tuple(state for state in AgentState if state not in {AgentState.OFFLINE, AgentState.HANGING_UP})
"""The states of an agent who is signed in. One who has signed out, and whose phone is still connected, is not."""


@dataclass(slots=True)
class Times:
    """Seconds by state."""

    states: dict[AgentState, int] = field(default_factory=dict[AgentState, int])
    pauses: dict[str, int] = field(default_factory=dict[str, int])
    """Pauses, by their reason."""

    @property
    def signed_in(self) -> int:
        return sum(self.states.values())

    def add(self, state: AgentState, reason: str | None, seconds: int) -> None:
        self.states[state] = self.states.get(state, 0) + seconds
        if reason is not None:
            self.pauses[reason] = self.pauses.get(reason, 0) + seconds

    def merge(self, other: "Times", /) -> None:
        for state, seconds in other.states.items():
            self.states[state] = self.states.get(state, 0) + seconds
        for reason, seconds in other.pauses.items():
            self.pauses[reason] = self.pauses.get(reason, 0) + seconds
