"""Reconciliation: compares the store's active calls and agents with the switch's list of channels, and resolves
discrepancies.

| the store's call            | channel listed                           | channel not listed |
|-----------------------------|------------------------------------------|---|
| claimed                     | -                                        | lease expired: cancelled |
| dialing, ringing            | adopted; lease extended                  | lease expired, or switch restarted: lost |
| answered                    | adopted; lease extended; request repeated | ended, as answered or abandoned, at once |
| ended                       | hung up                                  | - |
| inbound                     | adopted at its place; otherwise as answered | ended, at once |
| to a customer, until the answer | adopted; lease extended                 | lease expired: lost |

Runs at each connection to the switch, before anything is dialled; every 15 s; and when a lease has expired. Owns
nothing: it posts `ChannelListed` and `ChannelAbsent` to the call controller, and gives agents to `AgentPhones`. An
orphaned channel (one without an owner) is hung up if its call has ended, and left alone otherwise. At a connection an
empty bridge is destroyed whose call has no channel any more: its process recorded the end, and crashed.

Relies on its order: the store is read first, then the channels are listed, so a call that was in the store and is not
in the list has no channel any more. A channel that was requested may appear later than any list: such a call ends only
when its lease expires, which is longer than a request can take. A switch that has restarted has lost all channels and
all requests of before, and tells when it started: calls that were in the store at the first connection to it, and are
not listed, have ended. Without that they would fill `maxConcurrentCalls` until their leases expire. A process that
connects to a switch for the first time does not know when the calls were requested, and waits for the leases.

The channel of an inbound call is older than its row, so one that is not listed has ended.

A callee whose agent has gone, when the process that recorded it ended before it hung up, is hung up by the next one.

An answered call whose answer was lost is adopted too: the callee gets the message, or an agent if one is free; if none
is, the threshold has passed, and the call ends as abandoned.

At a connection the agents' phones are compared last (phone_watch.py): channels of ours have their owners by then.

A switch that lacks a module without which no call can be placed is not up until it has it: its modules are checked
first, and again every 5 s.

When the database or the switch fails in between, a part has been done, and the next run repeats all of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import structlog

from tongdai.acd.callbacks.dialer import CallbackDialer
from tongdai.acd.controller import AcdController
from tongdai.agents.model import Agent, AgentState
from tongdai.call_outcome import Outcome
from tongdai.calls.model import Call, CallState
from tongdai.calls.parties.model import PartyOfSwitch
from tongdai.campaigns.settings.model import CallSettings
from tongdai.clock import cancel_requested
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.dialer.call import model
from tongdai.dialer.call.controller import CallController, report_end
from tongdai.dialer.options import LEASE
from tongdai.dialer.store import DialerStore
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Channel
from tongdai.switch.commands.bridges import OF_CALL, Bridge
from tongdai.switch.events import AGENT, PARTY
from tongdai.switch.interface import Ari, SwitchError, SwitchRefused, SwitchSilent
from tongdai.telephony.acts.supervisors import phone_of
from tongdai.telephony.agent_phones import AgentPhones
from tongdai.telephony.channel_router import ChannelRouter
from tongdai.telephony.pages.controller import Pages
from tongdai.telephony.parties.controller import Parties, up_in

log = structlog.get_logger()

RETRY_S, RETRY_BROKEN_S = 0.5, 5.0


class Reconciler:
    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        controller: CallController,
        phones: AgentPhones,
        router: ChannelRouter,
        acd: AcdController | None = None,
        app: str = "",
        callbacks: CallbackDialer | None = None,
        connected: Callable[[], Awaitable[None]] | None = None,
        parties: Parties | None = None,
        pages: Pages | None = None,
    ) -> None:
        """`app`: the Stasis application. `connected`: called when everything is compared after a connection."""
        self._app, self._on_connected, self._parties = app, connected, parties
        self._pages = pages
        self._store, self._ari = store, ari
        self._controller, self._phones, self._router, self._acd = controller, phones, router, acd
        self._callbacks = callbacks
        self._one_at_a_time = asyncio.Lock()
        self._started_at: str | None = None
        """When the switch started that was connected last; None: not known."""

    async def until_done(self) -> None:
        """Returns when the switch can place calls and is reconciled, or has gone: another connection follows then."""
        reason = ""
        while not cancel_requested():
            try:
                await commands.require_modules(self._ari)
                started_at = await commands.started_at(self._ari)
                restarted = None not in {started_at, self._started_at} and started_at != self._started_at
                if restarted:
                    log.warning("switch has restarted", started_at=started_at)
                await self.once(restarted=restarted, connected=True)
                self._started_at = started_at
            except UNAVAILABLE:
                await asyncio.sleep(RETRY_S)
            except (SwitchSilent, SwitchRefused) as error:
                # The connection may last for days. Until it can place calls the switch is not up.
                if str(error) != reason:
                    log.warning("switch cannot place calls", reason=str(error), see="docs/telephony.md")
                reason = str(error)
                await asyncio.sleep(RETRY_BROKEN_S)
            except SwitchError as error:
                log.warning("reconciliation interrupted", error=str(error))
                return
            except Exception:
                # Before it has succeeded, nothing may be dialled, and events of calls are not processed.
                log.exception("reconciliation failed")
                await asyncio.sleep(RETRY_BROKEN_S)
            else:
                return

    async def sweep(self) -> None:
        """Reconcile at once when a lease has expired."""
        overdue = await self._store.overdue()
        await self._cancel_claims(overdue)
        if self._ari.up and any(call.state is not CallState.CLAIMED for call in overdue):
            await self.once()

    async def once(self, *, restarted: bool = False, connected: bool = False) -> None:
        """Raises UNAVAILABLE and SwitchError; a part may have been done. `restarted`: the switch has lost whatever was
        requested of it before, and nothing was since. `connected`: it may have forgotten what it was to send."""
        async with self._one_at_a_time:
            before = {
                channel_id: controlled.progress.agent_channel
                for channel_id, controlled in self._controller.calls.items()
            }
            self._controller.ended.clear()
            overdue = await self._store.overdue()
            in_store = await self._store.active_calls()
            agents = await self._store.agents_present()
            if self._pages is not None:
                await self._pages.read()
            tries = None if self._callbacks is None else await self._callbacks.snapshot()
            callers = None if self._acd is None else await self._acd.snapshot()
            parties: Sequence[PartyOfSwitch] = () if self._parties is None else await self._parties.snapshot()
            bridges = await commands.bridges(self._ari) if connected else []
            # Listed last: a channel of a call that was read before is missing only if it is gone.
            listed = {channel.channel_id: channel for channel in await commands.channels(self._ari)}
            await self._cancel_claims(overdue)
            await self._adopt(in_store, agents)
            self._forget(set(before), in_store)
            self._phones.reconcile(agents, listed)
            lost = [call for call in in_store if restarted and self._was_requested(call)]
            await self._compare(in_store, listed, {str(call.call_id) for call in (*overdue, *lost)})
            self._compare_agents(before, listed)
            if self._acd is not None and callers is not None:
                await self._acd.reconcile(callers, listed, connected=connected)
            if self._callbacks is not None and tries is not None:
                await self._callbacks.reconcile(tries, listed)
            if self._parties is not None:
                self._parties.reconcile(parties, listed, up_in(listed))
            await self._hang_up_orphaned(listed)
            await self._destroy_left_over(bridges, listed)
            if connected and self._on_connected is not None:
                await self._on_connected()

    async def _cancel_claims(self, overdue: Sequence[Call]) -> None:
        """End expired claims: those of another process or whose reply was lost, and those not dialled in time."""
        for call in overdue:
            if call.state is not CallState.CLAIMED:
                continue
            if self._controller.owns(channel_id := str(call.call_id)):
                self._controller.post(channel_id, model.ClaimLapsed())
            elif await self._store.end(call, model.CANCELLED):
                report_end(call, Outcome.CANCELLED)

    async def _adopt(self, in_store: Sequence[Call], agents: Sequence[Agent]) -> None:
        settings: dict[tuple[int, int], CallSettings | None] = {}
        talking = {one.call_id: str(one.channel_id) for one in agents if one.state is AgentState.TALKING}
        for call in in_store:
            channel_id = str(call.call_id)
            known = self._controller.owns(channel_id) or channel_id in self._controller.ended
            if known or call.state is CallState.CLAIMED:
                continue
            key = (call.tenant_id, call.campaign_id)
            if key not in settings:
                settings[key] = await self._store.settings(*key)
            agent = talking.get(call.call_id)
            adopted = self._controller.adopt(call, settings[key] or CallSettings(), agent)
            log.info("call adopted", tenant=call.tenant_id, call=channel_id, state=call.state)
            talks = adopted.progress.stage is model.Stage.TALKING
            if talks and agent is None and not (self._parties is not None and self._parties.knows(call.call_id)):
                self._controller.post(channel_id, model.AgentLeft(""))  # recorded by the process that ended then

    def _forget(self, before: set[str], in_store: Sequence[Call]) -> None:
        """Forget calls that another process ended."""
        for channel_id in before - {str(call.call_id) for call in in_store}:
            controlled = self._controller.calls.get(channel_id)
            if (
                controlled is not None
                and not controlled.unwritten
                and controlled.progress.stage is not model.Stage.CLAIMED
            ):
                self._controller.forget(channel_id)

    def _was_requested(self, call: Call) -> bool:
        """Whether the switch may have been asked for the call. If not, the originator finds that it may not ask."""
        controlled = self._controller.calls.get(str(call.call_id))
        return controlled is None or controlled.may_be_dialled

    async def _compare(self, in_store: Sequence[Call], listed: Mapping[str, Channel], gone: set[str]) -> None:
        """`gone`: the calls that have ended if their channel is not listed."""
        with_channel: list[Call] = []
        for call in in_store:
            channel_id = str(call.call_id)
            channel = listed.get(channel_id)
            if channel is not None:
                with_channel.append(call)
                up, ringing = channel.state == "Up", channel.state == "Ringing"
                self._controller.post(channel_id, model.ChannelListed(up, ringing))
            elif call.state is CallState.ANSWERED or (channel_id in gone and call.state is not CallState.CLAIMED):
                self._controller.post(channel_id, model.ChannelAbsent())
        if with_channel:
            await self._store.extend(with_channel, LEASE)

    def _compare_agents(self, before: Mapping[str, str | None], listed: Mapping[str, Channel]) -> None:
        """An agent of a call whose phone is not listed has left: the store may have recorded it, and its reply been
        lost."""
        for channel_id, agent_channel in before.items():
            if agent_channel is None or agent_channel in listed:
                continue
            call = self._controller.calls.get(channel_id)
            if call is not None and self._pages is not None and self._pages.parted(call.call.call_id):
                continue
            if self._parties is None or call is None or not self._parties.parted(*_ids(call.call), agent_channel):
                self._controller.post(channel_id, model.AgentLeft(agent_channel))

    async def _hang_up_orphaned(self, listed: Mapping[str, Channel]) -> None:
        unowned = [
            call_id
            for channel_id in listed
            if self._router.owner_of(channel_id) is None and (call_id := _uuid(channel_id)) is not None
        ]
        orphaned = [str(call_id) for call_id in (await self._store.ended(unowned) if unowned else [])]
        # A phone that rang for a caller who has gone since. Those of agents who are signed in have an owner by now.
        orphaned += [
            channel.channel_id
            for channel in listed.values()
            if channel.app == self._app
            and channel.args[:1] in {(AGENT,), (PARTY,)}
            and self._router.owner_of(channel.channel_id) is None
        ]
        for channel_id in orphaned:
            if await commands.hang_up(self._ari, channel_id):  # False: it has ended by itself meanwhile
                log.warning("orphaned channel hung up", call=channel_id)

    async def _destroy_left_over(self, bridges: Sequence[Bridge], listed: Collection[str]) -> None:
        """Destroy the bridges of calls whose process ended before it did so. They were listed before the channels, and
        are named after one."""
        for bridge in bridges:
            ours = bridge.name == OF_CALL and not bridge.channel_ids
            over = bridge.bridge_id not in listed and phone_of(bridge.bridge_id) not in listed
            if ours and over and await commands.destroy_bridge(self._ari, bridge.bridge_id):
                log.warning("bridge left over destroyed", bridge=bridge.bridge_id)


def _ids(call: Call) -> tuple[TenantId, UUID]:
    return call.tenant_id, call.call_id


def _uuid(channel_id: str) -> UUID | None:
    try:
        return UUID(channel_id)
    except ValueError:
        return None
