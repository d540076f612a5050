"""Counters by interval and by whom they are about, as several reports have them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

from tongdai.reports.model import Period


class Sum(Protocol):
    """Counters that are added up."""

    def merge(self, other: Self, /) -> None:
        """Add those of another."""


S = TypeVar("S", bound=Sum)
K = TypeVar("K", bound=tuple[int | None, ...])


class Rows(NamedTuple, Generic[K, S]):
    by_key: list[tuple[int, K, S]]
    """By interval and key, in their order."""
    by_interval: list[tuple[int, S]]
    total: S


def rows(period: Period, counted: Iterable[tuple[datetime, K, S]], new: Callable[[], S]) -> Rows[K, S]:
    """Add up counters of quarters of an hour."""
    by_key: dict[tuple[int, K], S] = {}
    by_interval: dict[int, S] = {}
    total = new()
    for quarter, key, found in counted:
        number = period.interval_of(quarter)
        _at(by_key, (number, key), new).merge(found)
        _at(by_interval, number, new).merge(found)
        total.merge(found)
    ordered = sorted(by_key, key=lambda one: (one[0], [part or 0 for part in one[1]]))
    return Rows([(*one, by_key[one]) for one in ordered], sorted(by_interval.items(), key=lambda one: one[0]), total)


def sums(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counters by a word, added up, in the order of the words."""
    return {word: counts.get(word, 0) + more.get(word, 0) for word in sorted(counts.keys() | more.keys())}


_I = TypeVar("_I")


def _at(found: dict[_I, S], key: _I, new: Callable[[], S]) -> S:
    if key not in found:
        found[key] = new()
    return found[key]
