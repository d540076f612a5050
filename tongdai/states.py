"""Tables of transitions, and what enforces them. Pure.

A noun's `model.py` declares `TRANSITIONS`: each state, and the states that may follow it. No other move is possible:

- code that holds the state changes it by `moved`, which asserts that the table lists the move;
- a statement that changes it names the states it starts from, by `sources` or literally. In the tests a trigger on each
  table (tests/support/transition_triggers.py) refuses an update that the table of transitions does not list.

docs/state-machines.md is printed from the tables.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

S = TypeVar("S", bound=Enum)


def moved(table: Mapping[S, frozenset[S]], source: S, target: S) -> S:
    """`target`; AssertionError when it may not follow `source`."""
    assert target in table[source], f"{type(source).__name__} may not go from {source} to {target}"
    return target


def sources(table: Mapping[S, frozenset[S]], target: S) -> list[S]:
    """The states that `target` may follow, in the order of the table: the guard of a statement that moves to it."""
    return [source for source, targets in table.items() if target in targets]
