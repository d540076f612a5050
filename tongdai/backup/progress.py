"""The interface for showing the progress of a backup or a restore."""

from typing import Protocol


class Progress(Protocol):
    def step(self, description: str, total: int | None = None) -> None:
        """Show that a step begins; `total` is its number of bytes, None when that is not known."""
        ...

    def done(self, bytes_done: int) -> None:
        """Show how many bytes of the step are done."""
        ...
