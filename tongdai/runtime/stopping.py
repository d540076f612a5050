"""Tells what waits for a client or an event that the server begins to stop."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager


class Stopping(asyncio.Event):
    """Set when the server begins to stop: whatever waits for an event answers now."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: dict[object, Callable[[], object]] = {}

    def set(self) -> None:
        """Call what is to be called then, once."""
        super().set()
        callbacks, self._callbacks = self._callbacks, {}
        for callback in callbacks.values():
            callback()

    @contextmanager
    def then(self, callback: Callable[[], object]) -> Generator[None]:
        """Call `callback` when the server begins to stop within the block, and at once if it stops already."""
        if self.is_set():
            callback()
        key = object()
        self._callbacks[key] = callback
        try:
            yield
        finally:
            self._callbacks.pop(key, None)
