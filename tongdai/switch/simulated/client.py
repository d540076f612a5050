"""The client of a `SimulatedAsterisk` in the same process: an `Ari` without a socket, with faults injected on request.

What a real connection may do to a request or an event (lose, delay, double, reorder, answer 409 or 500) is drawn from
the random generator that it is given, so that a failing seed fails again.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tongdai.switch.events import Event, Replaced, parse
from tongdai.switch.inbox import Inbox, Overrun
from tongdai.switch.interface import Reply, SwitchUnreachable
from tongdai.switch.simulated.asterisk import SimulatedAsterisk

Span = tuple[float, float]
"""Seconds, from and to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Shares (0 to 1) of originates, requests and events that each fault strikes. None by default."""

    originate_late: float = 0.0
    """Reaches the switch only after `late_s`, even when its sender has given up."""
    late_s: Span = (2.0, 25.0)
    originate_conflict: float = 0.0
    """Answered with 409; not executed."""
    error: float = 0.0
    """Answered with 500; not executed."""
    request_lost: float = 0.0
    """Never reaches the switch; no reply."""
    reply_lost: float = 0.0
    """Executed; no reply."""
    event_lost: float = 0.0
    event_doubled: float = 0.0
    event_late: float = 0.0
    """Delayed by `event_late_s`; others overtake it."""
    event_late_s: Span = (0.001, 5.0)


class SimulatedAri:
    """Implements `Ari`. Several may share an Asterisk: the last of an application that connects replaces the others.

    `faults` may be replaced at any time; `asterisk.cut` and `asterisk.restart` are the other faults.
    """

    def __init__(
        self,
        asterisk: SimulatedAsterisk,
        rng: Random,
        app: str = "tongdai",
        faults: Faults | None = None,
        *,
        request_timeout_s: float = 10.0,
        request_s: Span = (0.0005, 0.003),
    ) -> None:
        self.asterisk = asterisk
        self.faults = faults or Faults()
        self._rng, self._app = rng, app
        self._request_timeout_s, self._request_s = request_timeout_s, request_s
        self._inbox = Inbox()
        self._connected = False
        self._cut = asyncio.Event()
        self._pending: dict[int, asyncio.Future[Reply | None]] = {}
        self._ids = itertools.count()

    @property
    def up(self) -> bool:
        return self._connected and self._inbox.caught_up

    def events(self) -> AsyncIterator[Event]:
        return self._inbox.events()

    async def run(self) -> None:
        try:
            while not self._inbox.replaced:
                await asyncio.sleep(self._rng.uniform(0.05, 0.2))
                if not self.asterisk.refuses_connections:
                    await self._serve()
            await asyncio.Event().wait()
        finally:
            self._lose()

    async def _serve(self) -> None:
        self._cut.clear()
        self._connected = True
        self.asterisk.attach(self._app, self)
        self._inbox.connected()
        await self._cut.wait()

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        originate = (method, uri) == ("POST", "channels")
        if originate and not self.up:
            self.asterisk.ledger.violations.append(f"asked to originate while disconnected: {body}")
        if not self._connected:
            raise SwitchUnreachable("not connected")
        request_id = next(self._ids)
        answered = self._pending[request_id] = asyncio.get_running_loop().create_future()
        self._send(request_id, originate, (method, uri, query or {}, body))
        try:
            async with asyncio.timeout(self._request_timeout_s):
                reply = await answered
        except TimeoutError:
            raise SwitchUnreachable("no reply in time") from None
        finally:
            del self._pending[request_id]
        if reply is None:
            raise SwitchUnreachable("connection lost")
        return reply

    def take(self, frame: Mapping[str, Any]) -> None:
        """Implements `channels.Connection`."""
        event = parse(dict(frame))
        if event is None:
            return
        if isinstance(event, Replaced):
            self._put(event)
        elif not self._strikes("event_lost"):
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        if self._strikes("event_late"):
            asyncio.get_running_loop().call_later(self._rng.uniform(*self.faults.event_late_s), self._put, event)
        else:
            self._put(event)
        if self._strikes("event_doubled"):
            asyncio.get_running_loop().call_later(self._rng.uniform(0, 1), self._put, event)

    def cut(self) -> None:
        """Implements `channels.Connection`: lost; `run` reconnects once Asterisk takes connections."""
        self._lose()

    def _send(self, request_id: int, originate: bool, request: tuple[str, str, Mapping[str, str], object]) -> None:
        loop = asyncio.get_running_loop()
        after_s = self._rng.uniform(*self._request_s)
        if originate and self._strikes("originate_late"):
            after_s = self._rng.uniform(*self.faults.late_s)
        if self._strikes("request_lost"):
            return
        if self._strikes("error"):
            loop.call_later(after_s, self._answer, request_id, Reply(500, {"error": "Allocation failed"}))
        elif originate and self._strikes("originate_conflict"):
            loop.call_later(after_s, self._answer, request_id, Reply(409, {"message": "Channel exists"}))
        else:
            loop.call_later(after_s, self._do, request_id, request, self.asterisk.starts)

    def _do(self, request_id: int, request: tuple[str, str, Mapping[str, str], object], starts: int) -> None:
        """A request arrives, whether its sender is still connected or not; but not at the process of another start."""
        if self.asterisk.refuses_connections or self.asterisk.starts != starts:
            return
        reply = self.asterisk.handle(*request)
        if not self._strikes("reply_lost"):
            asyncio.get_running_loop().call_later(self._rng.uniform(*self._request_s), self._answer, request_id, reply)

    def _answer(self, request_id: int, reply: Reply | None) -> None:
        answered = self._pending.get(request_id)
        if answered is not None and not answered.done():
            answered.set_result(reply)

    def _put(self, event: Event) -> None:
        try:
            self._inbox.put(event)
        except Overrun:
            self._lose()
        if self._inbox.replaced:
            self._lose()

    def _lose(self) -> None:
        self.asterisk.detach(self._app, self)
        self._connected = False
        self._inbox.disconnected()
        self._cut.set()
        for request_id in self._pending:
            self._answer(request_id, None)

    def _strikes(self, fault: str) -> bool:
        share = getattr(self.faults, fault)
        if not share or self._rng.random() >= share:
            return False
        self.asterisk.ledger.counts[fault] += 1
        return True
