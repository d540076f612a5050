"""The seam to the switch: what the dialer is given. `AriClient` is one, `tongdai.switch.simulated.client` another."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, Protocol

from tongdai.switch.events import Event


class SwitchError(Exception):
    """The switch did not do, or may not have done, what it was asked."""


class SwitchUnreachable(SwitchError):
    """No reply: the connection is gone, or went or fell silent before it came. Whether it was done is not known."""


class SwitchSilent(SwitchUnreachable):
    """No reply in time, and the connection is still there."""


class SwitchRefused(SwitchError):
    """It answered that it would not."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Reply(NamedTuple):
    status: int
    """The HTTP status."""
    body: Any
    """Decoded JSON; None when there was none."""


class Ari(Protocol):
    """One application of one switch. `events` has one listener at a time."""

    @property
    def up(self) -> bool:
        """The only permission to originate: connected, subscribed, not replaced, and the listener of `events` came back
        for the next event after each Connected, which it does once it has listed the channels. False the instant that
        the connection is gone: ask it right before each originate, with no await between."""
        ...

    async def request(
        self, method: str, uri: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Reply:
        """`uri` begins below `/ari/`, as `channels/17`. Never sent twice. Raises SwitchUnreachable."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Events from a Connected on; another Connected follows each Disconnected."""
        ...

    async def run(self) -> None:
        """Connect, and connect again, until cancelled. Ends for nothing else, not for Replaced either."""
        ...
