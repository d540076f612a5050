"""Controls the parties of live calls: consult, complete, cancel, conference, and a phone that takes over.

    act ──▶ rows (committed) ──▶ the bridge follows them (core.arrangement) ──▶ the controller of the call is notified
    somebody hung up ──▶ core.parting ──▶ likewise

Owns the legs that were called for a call alone: of numbers, of phones, and of agents in mode ring. Nailed-up
connections stay those of `AgentPhones`, and the first agent's phone in mode ring the ACD's. Both ask `parted` when a
phone is gone whose agent was in a call: with a party in the call it is decided here whether the talk is over.

Whatever concerns a call is done in its queue, so never beside one of its events or acts. The rows are the truth: what
they say is committed before the switch is asked, except for a cancelled consult, which ends on the switch first, so
that a crash leaves a consult and not a customer whom nobody takes off hold.

Fails safely:
- the switch does not confirm: the bridge is arranged anew each second until it does;
- a crash: the rows are there, and whoever leads arranges the bridge by them, at the first listing of channels;
- a leg that nobody owns any more is hung up by reconciliation; one of a call that has ended each second;
- the switch restarts: its channels are gone, the calls end, and the rows are forgotten;
- a party who does not answer in time, or whose end nobody saw: the leg is hung up RING_GRACE_S later.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from tongdai.calls.acts.model import MAX_HOLD_S, Act, Ended, Kind, Result, Talk
from tongdai.calls.parties.model import Party, PartyKind, PartyOfSwitch, PartyState
from tongdai.clock import Clock
from tongdai.dialer.options import Options
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Channel, Refused
from tongdai.switch.events import PARTY, ChannelDestroyed, ChannelEvent, Event, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import Job, PerChannelQueue
from tongdai.telephony.parties import core
from tongdai.telephony.parties.store import GONE, PartyStore
from tongdai.telephony.parties.talks import Talks

log = structlog.get_logger()

RING_S, RING_GRACE_S = 30, 5
REFUSED = "The switch cannot reach them: nobody is consulted"
NO_TRUNK = "There is no trunk to call numbers by"


class Parties:
    """Implements `ChannelOwner`."""

    def __init__(
        self,
        store: PartyStore,
        ari: Ari,
        clock: Clock,
        options: Options,
        queue: PerChannelQueue,
        talks: Talks,
        owned_elsewhere: Callable[[str], bool] | None = None,
    ) -> None:
        """`owned_elsewhere`: whether another owner has a channel, which is not owned here then."""
        self._store, self._ari, self._clock, self._options, self._queue = store, ari, clock, options, queue
        self._talks, self._owned_elsewhere = talks, owned_elsewhere
        self._customers: dict[UUID, str] = {}
        """The customers' channels of the calls that may have a party."""
        self._legs: dict[str, tuple[TenantId, UUID]] = {}
        """The calls of legs, by the channels of the legs."""
        self._unsettled: set[tuple[TenantId, UUID]] = set()
        """Calls whose bridge may not be as the rows say."""
        self._handed_over: set[UUID] = set()
        """Calls whose talk is known to be the party's."""
        self.moved: Callable[[TenantId, UUID], None] | None = None
        """Called when the talk of a call is another agent's, or nobody's who is one."""
        self.awaited: Callable[[UUID], bool] = lambda _: False
        """Whether the agent of a call is waited for, whose phone is gone."""

    def owns(self, channel_id: str) -> bool:
        return channel_id in self._legs and (self._owned_elsewhere is None or not self._owned_elsewhere(channel_id))

    def post(self, channel_id: str, event: ChannelEvent) -> None:
        """Handle an event of a leg."""
        tenant_id, call_id = self._legs[channel_id]
        if isinstance(event, StasisStart):
            self._later(call_id, partial(self._answered, tenant_id, call_id, channel_id))
        elif isinstance(event, ChannelDestroyed):
            self._later(call_id, partial(self._left, tenant_id, call_id, channel_id))

    def observe(self, event: Event) -> None:
        """A customer is gone: so are their legs."""
        if isinstance(event, ChannelDestroyed) and event.channel_id in self._customers.values():
            for channel_id, (_, call_id) in self._legs.items():
                if self._customers.get(call_id) == event.channel_id:
                    self._queue.post(event.channel_id, partial(self._hang_up, channel_id))

    def knows(self, call_id: UUID) -> bool:
        """Whether the call has, or just had, a party."""
        return call_id in self._customers

    def parted(self, tenant_id: TenantId, call_id: UUID, channel_id: str) -> bool:
        """The phone of an agent in a call is gone. False: the call has no party, and nothing is decided here."""
        if not self.knows(call_id):
            return False
        self._later(call_id, partial(self._left, tenant_id, call_id, channel_id))
        return True

    def _later(self, call_id: UUID, job: Job) -> None:
        self._queue.post(self._customers.get(call_id, str(call_id)), partial(_unless_the_switch_fails, call_id, job))

    # Acts

    async def do(self, act: Act, talk: Talk) -> Ended:
        """Do an act that is not refused. In the queue of the call."""
        if act.kind is Kind.CONSULT:
            return await self._consult(act, talk)
        party = talk.party
        assert party is not None, f"{act.kind} without a party"
        match act.kind:
            case Kind.CANCEL:
                await self._cancel(talk, party)
                return Ended(Result.DONE)
            case Kind.CONFERENCE:
                done = await self._store.join(party, self._clock.now())
                await self._settle(act.tenant_id, act.call_id)
            case _:
                done = await self._promote(talk, party)
        return Ended(Result.DONE) if done else Ended(Result.REFUSED, GONE)

    async def _consult(self, act: Act, talk: Talk) -> Ended:
        who, now = act.consulted, self._clock.now()
        line = await self._store.line(act.tenant_id, act.call_id)
        trunk = line.trunk or self._options.trunk
        if who.kind is PartyKind.NUMBER and trunk is None:
            return Ended(Result.REFUSED, NO_TRUNK)
        until = now + timedelta(seconds=MAX_HOLD_S)
        party = await self._store.consult(act.tenant_id, act.call_id, who, now, until)
        if isinstance(party, str):
            return Ended(Result.REFUSED, party)
        leg = party.state is PartyState.CALLED
        self._know(PartyOfSwitch(party, talk.channel, over=False, leg=leg))
        await self._settle(act.tenant_id, act.call_id)
        if leg:
            number = party.kind is PartyKind.NUMBER
            caller_id = (line.caller_id or self._options.caller_id) if number else self._options.caller_id
            if not await self._call(party, trunk, caller_id):
                await self._refused(party)
                return Ended(Result.REFUSED, REFUSED)
        log.info("party consulted", tenant=act.tenant_id, call=str(act.call_id), kind=party.kind.value)
        return Ended(Result.DONE)

    async def _call(self, party: Party, trunk: str | None, caller_id: str | None) -> bool:
        """False: the switch refuses."""
        if party.kind is PartyKind.NUMBER:
            endpoint = commands.endpoint_of(party.target.removeprefix("+"), trunk or "")
        else:
            endpoint = commands.agent_endpoint_of(party.target)
        app = self._options.app
        made = await commands.originate(self._ari, party.channel, endpoint, app, [PARTY], caller_id, RING_S)
        return not isinstance(made, Refused)

    async def _refused(self, party: Party) -> None:
        """Nobody could be called: all is as before."""
        talk = await self._store.talk_of(party.tenant_id, party.call_id)
        if talk is not None:
            await self._cancel(talk, party)

    async def _cancel(self, talk: Talk, party: Party) -> None:
        """The party leaves, and customer and agent talk: on the switch first."""
        if not talk.held:  # a crash may have left the customer on hold, and without a party nobody would see it
            await self._settle(party.tenant_id, party.call_id)
        if party.channel in self._legs:
            await self._hang_up(party.channel)
        else:
            await commands.remove_from_bridge(self._ari, talk.channel, party.channel)
        if talk.held:
            await commands.stop_music(self._ari, talk.channel)
            await commands.create_bridge(self._ari, talk.channel)
            await commands.add_to_bridge(self._ari, talk.channel, talk.channel)
        await self._store.cancelled(party, self._clock.now())

    async def end_hold(self, talk: Talk) -> bool:
        """The limit of a hold has passed. False: nobody is consulted, and nothing was done here."""
        if talk.party is None or talk.party.state is PartyState.TALKING:
            return False
        await self._cancel(talk, talk.party)
        return True

    async def take_over(self, tenant_id: TenantId, call_id: UUID, talk: Talk, endpoint: str, channel_id: str) -> bool:
        """A phone that is answered, or in the call already, talks with the customer from now on; the agent leaves. In
        the queue of the call. False: the call has ended, or somebody is consulted."""
        if not talk.with_agent or talk.party is not None:
            return False
        party = Party(
            tenant_id=tenant_id,
            call_id=call_id,
            channel=channel_id,
            kind=PartyKind.PHONE,
            agent_id=None,
            target=endpoint,
            state=PartyState.TALKING,
            called_at=self._clock.now(),
        )
        self._know(PartyOfSwitch(party, talk.channel, over=False))
        return await self._promote(talk, party)

    async def _promote(self, talk: Talk, party: Party) -> bool:
        """The talk is the party's from now on; the agent, if there is one, leaves."""
        if talk.muted_channel is not None:
            await commands.unmute(self._ari, talk.muted_channel)
        if not await self._store.promote(party, self._clock.now()):
            return False
        self._handed_over.add(party.call_id)
        self._talks.changed(talk.channel, party.agent_id, party.channel)
        if self.moved is not None:
            self.moved(party.tenant_id, party.call_id)
        try:
            await self._settle(party.tenant_id, party.call_id)
        finally:  # whatever the switch says of the bridge
            if talk.agent_channel is not None and talk.agent_channel in self._legs:
                await self._hang_up(talk.agent_channel)
        log.info("call handed over", tenant=party.tenant_id, call=str(party.call_id), kind=party.kind.value)
        return True

    # Events

    async def _answered(self, tenant_id: TenantId, call_id: UUID, channel_id: str) -> None:
        talk = await self._store.talk_of(tenant_id, call_id)
        party = None if talk is None else talk.party
        if party is None or party.channel != channel_id:
            await self._hang_up(channel_id)  # it was cancelled meanwhile
        elif await self._store.answered(party):
            await self._settle(tenant_id, call_id)

    async def _left(self, tenant_id: TenantId, call_id: UUID, channel_id: str) -> None:
        """A party or the agent has hung up, or was not reached."""
        talk = await self._store.talk_of(tenant_id, call_id)
        if talk is None or (channel_id == talk.agent_channel and self.awaited(call_id)):
            return
        match core.parting(talk, channel_id):
            case core.PartyLeaves(party=party):
                if not talk.held and (tenant_id, call_id) in self._unsettled:  # likewise as of a cancel
                    await self._settle(tenant_id, call_id)
                await self._store.left(party, self._clock.now())
                self._legs.pop(channel_id, None)
                log.info("party left", tenant=tenant_id, call=str(call_id), kind=party.kind.value)
            case core.PartyStays(party=party):
                await self._promote(talk, party)
            case core.NobodyStays(called=called):
                if called is not None and called.channel in self._legs:
                    await self._hang_up(called.channel)
                self._talks.over(talk.channel, channel_id)
            case None:
                self._legs.pop(channel_id, None)

    async def _hang_up(self, channel_id: str) -> None:
        with suppress(SwitchError):  # reconciliation hangs up what nobody owns, and the round what is left over
            await commands.hang_up(self._ari, channel_id)

    async def _settle(self, tenant_id: TenantId, call_id: UUID, *, music: bool = False) -> None:
        """Have the bridge of a call as the rows say. `music`: whoever is on hold may not hear it."""
        try:
            await self._arrange(tenant_id, call_id, music=music)
        except SwitchError:
            self._unsettled.add((tenant_id, call_id))
            raise
        self._unsettled.discard((tenant_id, call_id))

    async def _arrange(self, tenant_id: TenantId, call_id: UUID, *, music: bool) -> None:
        talk = await self._store.talk_of(tenant_id, call_id)
        if talk is None:
            return
        bridge = await commands.bridge(self._ari, talk.channel)
        members: Collection[str] = () if bridge is None else bridge.channel_ids
        wanted = core.arrangement(talk, members)
        for channel_id in wanted.out:
            await commands.remove_from_bridge(self._ari, talk.channel, channel_id)
        if wanted.music and (music or talk.channel in wanted.out):
            await commands.start_music(self._ari, talk.channel)
        if not wanted.into:
            return
        await commands.create_bridge(self._ari, talk.channel)
        for channel_id in wanted.into:
            if channel_id == talk.channel:
                await commands.stop_music(self._ari, channel_id)
            entered = await commands.add_to_bridge(self._ari, talk.channel, channel_id)
            if not entered and await commands.channel(self._ari, channel_id) is None and channel_id != talk.channel:
                self._later(call_id, partial(self._left, tenant_id, call_id, channel_id))

    # What is left over

    def _know(self, found: PartyOfSwitch) -> None:
        party = found.party
        self._customers[party.call_id] = found.customer
        if found.leg:
            self._legs[party.channel] = (party.tenant_id, party.call_id)

    async def round(self) -> None:
        """Once a second: repeat what was not confirmed, end what rings too long, forget calls that have ended."""
        found = await self._store.all()
        late = self._clock.now() - timedelta(seconds=RING_S + RING_GRACE_S)
        for one in found:
            party, known = one.party, one.party.call_id in self._customers
            if one.over:
                self._queue.post(one.customer, partial(self._forget, one))
            elif known and party.state is PartyState.CALLED and party.called_at < late and self.owns(party.channel):
                self._later(party.call_id, partial(self._give_up, party))
        for tenant_id, call_id in list(self._unsettled):
            self._later(call_id, partial(self.settle, tenant_id, call_id))
        rows = {one.party.channel for one in found}
        for channel_id, (_, call_id) in list(self._legs.items()):
            if channel_id not in rows and not self._queue.busy(self._customers.get(call_id, str(call_id))):
                self._later(call_id, partial(self._drop, channel_id))
        with_party = {one.party.call_id for one in found}
        for call_id, customer in list(self._customers.items()):
            if call_id not in with_party and not self._queue.busy(customer):
                del self._customers[call_id]
                self._handed_over.discard(call_id)

    async def settle(self, tenant_id: TenantId, call_id: UUID) -> None:
        """Have the bridge of a call as the rows say, once more. In the queue of the call."""
        await self._settle(tenant_id, call_id, music=True)

    async def _drop(self, channel_id: str) -> None:
        """Hang up a leg that has no row any more, and forget it once it is gone."""
        if not await commands.hang_up(self._ari, channel_id):
            self._legs.pop(channel_id, None)

    async def _give_up(self, party: Party) -> None:
        if not await commands.hang_up(self._ari, party.channel):
            await self._left(party.tenant_id, party.call_id, party.channel)

    async def _forget(self, found: PartyOfSwitch) -> None:
        """The call has ended: hang up the leg, and forget it."""
        try:
            if found.leg and await commands.hang_up(self._ari, found.party.channel):
                return  # once more, until it is gone
        except SwitchError:
            return
        await self._store.forget(found.party)
        self._legs.pop(found.party.channel, None)
        self._unsettled.discard((found.party.tenant_id, found.party.call_id))

    # Reconciliation

    async def snapshot(self) -> Sequence[PartyOfSwitch]:
        """Read the store, before the channels are listed and calls adopted. Raises UNAVAILABLE."""
        found = [one for one in await self._store.all() if not one.over]
        for one in found:
            if one.party.call_id not in self._customers:
                self._unsettled.add((one.party.tenant_id, one.party.call_id))
            self._know(one)
        return found

    def reconcile(self, found: Sequence[PartyOfSwitch], listed: Collection[str], up: Callable[[str], bool]) -> None:
        """Compare the parties with the switch's list of channels, which was made after they were read."""
        for one in found:
            party = one.party
            ids = (party.tenant_id, party.call_id)
            if party.state is PartyState.CALLED and not self.owns(party.channel):
                continue  # the ACD calls a number for a caller
            if party.channel not in listed and party.state is not PartyState.CALLED:
                self._later(party.call_id, partial(self._left, *ids, party.channel))
            elif party.state is PartyState.CALLED and up(party.channel):
                self._later(party.call_id, partial(self._answered, *ids, party.channel))
            self._later(party.call_id, partial(self._check, *ids, frozenset(listed)))

    async def _check(self, tenant_id: TenantId, call_id: UUID, listed: Collection[str]) -> None:
        """Decide again about a call whose agent has gone, perhaps unseen; tell its controller who talks."""
        talk = await self._store.talk_of(tenant_id, call_id)
        if talk is None:
            return
        main = talk.agent_channel
        if main is not None and main not in listed and await commands.channel(self._ari, main) is None:
            await self._left(tenant_id, call_id, main)
        elif main is not None:
            self._talks.changed(talk.channel, talk.agent_id, main)
        elif call_id not in self._handed_over and talk.party is not None and talk.party.state is not PartyState.CALLED:
            await self._promote(talk, talk.party)


async def _unless_the_switch_fails(call_id: UUID, job: Job) -> None:
    """Rounds and reconciliation repeat what it did not confirm."""
    try:
        await job()
    except SwitchError as error:
        log.warning("switch did not confirm a change of parties", call=str(call_id), error=str(error))


def up_in(listed: dict[str, Channel]) -> Callable[[str], bool]:
    """Whether a channel is answered, by a list of channels."""
    return lambda channel_id: channel_id in listed and listed[channel_id].state == "Up"
