"""Counts the calls of each campaign that were answered and whose sound was not played, in a row. Pure.

A sound that the switch lost while a campaign runs would burn its list: each person is called, answers, hears nothing
and is not called again. After `limit` such calls in a row the campaign is to be paused. A sound that was played begins
the count anew, and so do a pause and a resume; what is not known (the person hung up at once, the switch was
unreachable) changes nothing. The count is one process's: another one that takes over begins at 0."""

from collections.abc import Collection

Key = tuple[int, int]
"""Tenant and campaign."""


class Unplayed:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._in_a_row: dict[Key, int] = {}

    def ended(self, key: Key, *, played: bool | None) -> bool:
        """Count a call that ended; whether its campaign is to be paused. `played`: None where it is not known."""
        if played is None:
            return False
        if played:
            self._in_a_row.pop(key, None)
            return False
        self._in_a_row[key] = self._in_a_row.get(key, 0) + 1
        return self._in_a_row[key] >= self.limit

    def calls(self, key: Key) -> int:
        """The calls in a row whose sound was not played."""
        return self._in_a_row.get(key, 0)

    def keep(self, running: Collection[Key]) -> None:
        """Forget the campaigns that do not run."""
        self._in_a_row = {key: calls for key, calls in self._in_a_row.items() if key in running}
