"""Recordings on the simulated switch: their names and lengths. Nobody says anything, and there is no sound."""

import asyncio

from tongdai.switch.interface import Reply

_DONE = Reply(204, None)
_NONE = Reply(404, {"message": "Recording not found"})


class SimulatedRecordings:
    def __init__(self) -> None:
        self._live: dict[str, tuple[str, float]] = {}
        """The channel that each records, and since when, by the loop's time."""
        self.stored: dict[str, float] = {}
        """Seconds of each that is over."""

    def begin(self, channel_id: str, name: str) -> Reply:
        if name in self._live or name in self.stored:
            return Reply(409, {"message": "Recording already exists"})
        self._live[name] = (channel_id, _now())
        return Reply(201, self._view(name))

    def channel_ended(self, channel_id: str) -> None:
        for name in [name for name, (recorded, _) in self._live.items() if recorded == channel_id]:
            self._end(name)

    def all_ended(self) -> None:
        """The switch has crashed: what was recorded until then is there."""
        for name in list(self._live):
            self._end(name)

    def handle(self, method: str, rest: list[str]) -> Reply:
        match method, *rest:
            case "GET", "live", name if name in self._live:
                return Reply(200, self._view(name))
            case "POST", "live", name, "stop" if name in self._live:
                self._end(name)
                return _DONE
            case ("GET", "stored"):
                return Reply(200, [self._view(name) for name in (*self._live, *self.stored)])
            case "GET", "stored", name if name in self._live or name in self.stored:
                return Reply(200, self._view(name))
            case "DELETE", "stored", name if name in self.stored:
                del self.stored[name]
                return _DONE
            case _:
                return _NONE

    def _end(self, name: str) -> None:
        _, since = self._live.pop(name)
        self.stored[name] = _now() - since

    def _view(self, name: str) -> dict[str, str]:
        return {"name": name, "format": "wav"}


def _now() -> float:
    return asyncio.get_running_loop().time()
