"""Prints docs/state-machines.md from the tables of transitions: `python -m tests.support.state_machines`."""

from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum
from pathlib import Path
from typing import TypeVar

from tongdai.acd.caller import model as acd_caller
from tongdai.agents import model as agents
from tongdai.callbacks import model as callbacks
from tongdai.calls import model as calls
from tongdai.calls.parties import model as parties
from tongdai.campaigns import model as campaigns
from tongdai.contacts.model import ProcessStatus
from tongdai.dialer.call import model as dialer_call
from tongdai.imports import model as imports
from tongdai.recordings import model as recordings

DOCUMENT = Path(__file__).parents[2] / "docs" / "state-machines.md"

S = TypeVar("S", bound=Enum)
HEAD = """# State machines

Printed from the tables of transitions in each `model.py` by `python -m tests.support.state_machines`; a test compares
them. A state is changed by a guarded `update … where` of the noun's store; what comes late or twice changes nothing.
The tests run on databases that refuse every other change (tests/support/transition_triggers.py), and the dialer's core
asserts its own table (tongdai/states.py).
"""
CONTACT = (
    (ProcessStatus.PENDING, "a call is claimed", ProcessStatus.IN_CALL),
    (ProcessStatus.IN_CALL, "the call ended, and the contact is to be called again", ProcessStatus.PENDING),
    (ProcessStatus.IN_CALL, "the call ended for good", ProcessStatus.PROCESSED),
    (ProcessStatus.PENDING, "it is on a do-not-call list", ProcessStatus.PROCESSED),
    (ProcessStatus.PROCESSED, "it is called again by request", ProcessStatus.PENDING),
)
"""The contact has no table of its own: a call's beginning and end move it, and requests."""


def printed() -> str:
    return "\n".join(
        (
            HEAD,
            _chart(
                "Campaign",
                ((s, action.value, t) for action, moves in campaigns.TRANSITIONS.items() for s, t in moves.items()),
            ),
            _chart("Contact", CONTACT),
            _chart("Call", _unnamed(calls.TRANSITIONS)),
            _chart("Call in the dialer", _unnamed(dialer_call.TRANSITIONS)),
            _chart("Caller in the ACD", _unnamed(acd_caller.TRANSITIONS)),
            _chart("Party of a call", _unnamed(parties.TRANSITIONS)),
            _chart("Callback", _unnamed(callbacks.TRANSITIONS)),
            _chart("Recording", _unnamed(recordings.TRANSITIONS)),
            _chart("Agent", _unnamed(agents.TRANSITIONS)),
            _chart("Import job", _unnamed(imports.TRANSITIONS)),
        )
    )


def _unnamed(table: Mapping[S, Iterable[S]]) -> Iterable[tuple[Enum, str, Enum]]:
    return ((source, "", target) for source, targets in table.items() for target in sorted(targets, key=_place))


def _place(state: Enum) -> int:
    return list(type(state)).index(state)


def _chart(title: str, moves: Iterable[tuple[Enum, str, Enum]]) -> str:
    lines = [f"    {_name(s)} --> {_name(t)}{': ' + why if why else ''}" for s, why, t in moves]
    return "\n".join((f"## {title}", "", "```mermaid", "stateDiagram-v2", *lines, "```", ""))


def _name(state: Enum) -> str:
    """Numbers, which the wire has, are reported too."""
    return f"{state.name.lower()}_{state.value}" if isinstance(state, IntEnum) else str(state.value)


if __name__ == "__main__":
    DOCUMENT.write_text(printed(), "utf-8")
