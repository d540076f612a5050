"""Watches agents' phones for calls that are not ours, and for whether the switch can reach them: their agents get no
calls meanwhile.

    a report of a phone ──┐
    once a second ────────┴─▶ list the phones' channels ─▶ not ours ─▶ busy elsewhere, in the agent's row
                                                         └ none ─────▶ free, and waiting callers are matched

A channel of a phone is ours if it has an owner in this process, or is the one in its agent's row. Any other makes the
phone busy: the agent dialled somebody, somebody dialled the extension, or another application called it. It is a fact
beside the agent's state (agents/phones.py): no call is interrupted, nothing counts as missed or rejected.

The report (DeviceStateChanged, subscribed to for each agent who is signed in) makes it known at once. It is not sent
when a call begins or ends on a phone that is in one already, as nailed-up ones are, and may be lost: so all phones are
listed once a second. At a connection to the switch they are compared before anybody is offered a call.

A phone that is in no call of ours is gone when the switch says that it is offline, and there again when it is online:
it has registered. The row says whether it is in one: of an account that was written anew the switch lists no channels.
A phone that is `unknown` to the switch follows from its calls alone (agents/phones.py).

A browser that sleeps, or whose connection broke, keeps its call: nothing else would show that nobody hears. It is there
while a page answers (phone/socket.py), which is in the row of its account, and the switch can reach it. What changes is
recorded, so that a phone which could not be called though it is there is not tried each second.

Owns the subscriptions, and nothing else: the rows have what was found. The rows are read after the listing, since the
id of a channel of ours is committed before the phone is called. When the switch or the database fails, the round is
repeated; until then the rows say what was true before.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from tongdai.agents.phones import Phone
from tongdai.clock import Clock
from tongdai.dialer.store import DialerStore
from tongdai.switch import commands
from tongdai.switch.commands import Endpoint
from tongdai.switch.interface import Ari, SwitchRefused

log = structlog.get_logger()

LIST_S = 1.0
"""How often the phones of a switch are listed."""


class PhoneWatch:
    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        clock: Clock,
        app: str,
        owned: Callable[[str], bool],
        agent_became_free: Callable[[], None],
    ) -> None:
        """`owned`: whether a channel has an owner in this process."""
        self._store, self._ari, self._clock, self._app = store, ari, clock, app
        self._owned, self._agent_became_free = owned, agent_became_free
        self._busy: set[str] = set()
        """Phones, and trunks, that had channels that are not ours when they were last looked at."""
        self._ours: set[str] = set()
        """The channels in the rows that were read last: one that was released meanwhile may be listed once more."""
        self._there: set[str] = set()
        """Phones in the rows that the switch could reach when they were last looked at; of browsers, those that have a
        page."""
        self._subscribed: set[str] = set()
        self._subscribes = True
        """False: the switch has refused to report on phones since it was connected."""
        self._reported: set[str] = set()
        self._woken = asyncio.Event()
        self._listed_at = -LIST_S

    def report(self, phone: str) -> None:
        """The switch has reported a change of a phone."""
        self._reported.add(phone)
        self._woken.set()

    async def connected(self) -> None:
        """Compare all phones, before anybody is offered a call. Raises UNAVAILABLE and SwitchUnreachable."""
        self._subscribed.clear()
        self._there.clear()
        self._subscribes = True
        try:
            await self._compare_all()
        except SwitchRefused as error:
            log.warning("phones not listed", reason=str(error))

    async def look(self) -> None:
        """Wait for a report, or until all phones are due, and compare them."""
        left_s = self._listed_at + LIST_S - self._clock.monotonic()
        due = left_s <= 0
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self._woken.wait()
        except TimeoutError:
            due = True
        self._woken.clear()
        reported, self._reported = self._reported, set()
        if due:
            self._listed_at = self._clock.monotonic()
            if self._ari.up:
                await self._compare_all()
                await self._subscribe()
        elif self._ari.up:
            for phone in sorted(reported):
                found = await commands.endpoint(self._ari, phone)
                await self._compare({phone: () if found is None else found.channel_ids})

    async def _compare_all(self) -> None:
        listed = await commands.endpoints(self._ari)
        rows = await self._compare({phone.name: phone.channel_ids for phone in listed}, whole=True)
        await self._reach(listed, rows)

    async def _compare(self, listed: Mapping[str, Sequence[str]], *, whole: bool = False) -> Sequence[Phone]:
        """Record which of the listed phones are busy. `whole`: no other one is; all rows are returned."""
        suspected = {
            phone: others
            for phone, channels in listed.items()
            if (others := {channel_id for channel_id in channels if not self._owned(channel_id)})
        }
        if not whole and not suspected and not self._busy & listed.keys():
            return ()
        rows = await self._store.phones()
        before, self._ours = self._ours, {str(row.channel_id) for row in rows}
        busy = {phone for phone, channels in suspected.items() if channels - self._ours - before}
        unrecorded = {row.endpoint for row in rows if not row.busy_elsewhere}
        begun = busy - (self._busy - unrecorded)
        over = {row.endpoint for row in rows if row.busy_elsewhere and (whole or row.endpoint in listed)} - busy
        if begun:
            await self._store.phones_busy_elsewhere(sorted(begun))
        self._busy = busy if whole else (self._busy - listed.keys()) | busy
        for phones, event in ((begun, "phone busy elsewhere"), (over, "phone free again")):
            for phone in sorted(phones & {row.endpoint for row in rows}):
                log.info(event, phone=phone)
        if over and await self._store.phones_free_elsewhere(sorted(over)):
            self._agent_became_free()
        return rows

    async def _reach(self, listed: Sequence[Endpoint], rows: Sequence[Phone]) -> None:
        """Record which phones have come or gone."""
        browsers = {row.endpoint for row in rows if row.browser}
        reachable = {row.endpoint for row in rows if row.reachable}
        without_page = browsers - {row.endpoint for row in rows if row.page}
        watched = {row.endpoint for row in rows}
        there = {phone.name for phone in listed if phone.state == "online"} & watched - without_page
        offline = {phone.name for phone in listed if phone.state == "offline"}
        connected = {row.endpoint for row in rows if row.channel_id is not None}
        gone = ((browsers - there) | (offline - connected)) & reachable
        back = there - self._there - reachable
        if gone:
            await self._store.phones_unreachable(sorted(gone))
        available = await self._store.phones_reachable(sorted(back)) if back else 0
        self._there = there
        for phones, event in ((gone, "phone gone"), (back, "phone back")):
            for phone in sorted(phones):
                log.info(event, phone=phone, browser=phone in browsers)
        if available:
            self._agent_became_free()

    async def _subscribe(self) -> None:
        """Have changes of the phones reported whose agents are signed in."""
        if not self._subscribes:
            return
        wanted = {row.endpoint for row in await self._store.phones()}
        try:
            for phone in sorted(wanted - self._subscribed):
                await commands.subscribe_to_phone(self._ari, self._app, phone)
                self._subscribed.add(phone)
            for phone in sorted(self._subscribed - wanted):
                await commands.unsubscribe_from_phone(self._ari, self._app, phone)
                self._subscribed.discard(phone)
        except SwitchRefused as error:
            if error.status >= 500:
                raise  # it may do so the next time
            self._subscribes = False
            log.warning("phones not reported", reason=str(error), see="docs/telephony.md")
