"""Routes events to the owner of their channel.

    the call controller    calls to contacts, from their claim to their end; the channel's id is the call's
    agents' phones         the connections of agents' phones, from sign-in to sign-out
    parties                legs of a call besides those: of numbers and phones, and of consulted agents
    the ACD                calls that come in, from their arrival to their end
    nobody                 a channel that this process does not know (yet): reconciliation adopts it, hangs it up when
                           its call has ended, and leaves channels of other applications alone

A channel has at most one owner, asserted for each event. Events of one that nobody owns are dropped: its state is read
from the list of channels when it is adopted. One that has just been answered for us is hung up at once: its call ended,
or its agent signed out, before the answer came. One that came in from a carrier is the ACD's from then on; without an
ACD it is refused with 503.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from tongdai.call_outcome import Refusal
from tongdai.dialer.options import CALL
from tongdai.switch import commands
from tongdai.switch.events import AGENT, INBOUND, PARTY, ChannelEvent, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()


class ChannelOwner(Protocol):
    def owns(self, channel_id: str) -> bool: ...

    def post(self, channel_id: str, event: ChannelEvent) -> None:
        """Handle an event of a channel that it owns, after those before."""
        ...


class ChannelRouter:
    def __init__(
        self,
        ari: Ari,
        queue: PerChannelQueue,
        owners: Sequence[ChannelOwner],
        arrive: Callable[[StasisStart], None] | None = None,
    ) -> None:
        """`arrive` takes a channel that came in; None: it is refused."""
        self._ari, self._queue, self._owners, self._arrive = ari, queue, owners, arrive

    def owner_of(self, channel_id: str) -> ChannelOwner | None:
        found = [owner for owner in self._owners if owner.owns(channel_id)]
        assert len(found) <= 1, f"channel {channel_id} has {len(found)} owners"
        return found[0] if found else None

    def route(self, event: ChannelEvent) -> None:
        channel_id = event.channel_id
        owner = None if channel_id is None else self.owner_of(channel_id)
        if owner is not None and channel_id is not None:
            owner.post(channel_id, event)
        elif isinstance(event, StasisStart) and event.args[:1] in {(CALL,), (AGENT,), (PARTY,)}:
            self._queue.start(self._hang_up(event.channel_id))
        elif isinstance(event, StasisStart) and event.args[:1] == (INBOUND,):
            if self._arrive is None:
                self._queue.start(self._refuse(event))
            else:
                self._arrive(event)

    async def _hang_up(self, channel_id: str) -> None:
        try:
            if await commands.hang_up(self._ari, channel_id):
                log.warning("orphaned channel hung up", call=channel_id)
        except SwitchError:
            return  # reconciliation finds it in the list of channels

    async def _refuse(self, event: StasisStart) -> None:
        log.warning("inbound call refused", channel=event.channel_id, trunk=event.endpoint)
        with suppress(SwitchError):
            await commands.refuse(self._ari, event.channel_id, Refusal.CONGESTION)
