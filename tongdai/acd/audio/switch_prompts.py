"""Knows which recorded parts the switch has, by asking it in the background."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from typing import Any

from tongdai.clock import Clock

Check = Callable[[Collection[str]], Awaitable[Mapping[str, bool | None]]]
"""Whether the switch has each of these sounds; None: that could not be found out."""
RECHECK_S, RECHECK_MISSING_S = 300.0, 60.0
AT_ONCE = 20


class SwitchPrompts:
    def __init__(self, check: Check, clock: Clock, start: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        """`start` runs a check concurrently."""
        self._check, self._clock, self._start = check, clock, start
        self._known: dict[str, tuple[bool, float]] = {}
        """Whether the switch has a sound, and when that was checked, by the monotonic clock."""
        self._wanted: set[str] = set()
        """Sounds to check; not empty: they are being checked."""

    def present(self, names: Collection[str]) -> set[str] | None:
        """Return the sounds of these that the switch has; None: they are being checked, ask again."""
        now = self._clock.monotonic()
        idle = not self._wanted
        self._wanted |= {name for name in names if self._is_stale(name, now)}
        if idle and self._wanted:
            self._start(self._learn())
        if not self._known.keys() >= set(names):
            return None
        return {name for name in names if self._known[name][0]}

    def _is_stale(self, name: str, now: float) -> bool:
        found, at = self._known.get(name, (False, -RECHECK_S))
        return name not in self._known or now - at >= (RECHECK_S if found else RECHECK_MISSING_S)

    async def _learn(self) -> None:
        try:
            while self._wanted:
                names = sorted(self._wanted)[:AT_ONCE]
                found = await self._check(names)
                self._known |= {name: (has is True, self._clock.monotonic()) for name, has in found.items()}
                self._wanted -= set(names)
        finally:
            self._wanted.clear()
