"""Phones of supervisors who listen to a call, whisper to its agent, or are in it.

    listen, whisper   the phone and a snoop channel of the agent's in a bridge of their own
    barge             the phone in the bridge of the call
    take over         likewise, as a party of the call instead of its agent (telephony/parties): no supervisor any more

Owns the channels of supervisors' phones and their snoop channels, whose ids say whose they are:
supervisor-TENANT-CALL-PHONE and listener-N-TENANT-CALL-PHONE. So the switch's list of channels is all that a process
needs to know, and the next leader finds them there; nothing is stored.

A supervisor's phone ends with the call, with its own hang-up, or by `leave`; its snoop channel ends with it. Each is
looked for when a channel has ended, every SWEEP_S while there are any, and after each connection to the switch. The
call itself never depends on them.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from tongdai.calls.acts.model import Act, Ended, Kind, Result, Talk
from tongdai.calls.events.model import EventKind
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.dialer.options import Options
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Placed, Refused
from tongdai.switch.events import ChannelDestroyed, Event, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.telephony.acts import core
from tongdai.telephony.acts.store import ActStore
from tongdai.telephony.parties.controller import Parties

log = structlog.get_logger()

RING_S = 30
SWEEP_S = 5.0
_ID = re.compile(r"(?:supervisor|listener-[0-9a-f]+)-([0-9]+)-([0-9a-f]{8}-[0-9a-f-]{27})-([A-Za-z0-9_-]{1,64})")


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor's phone and the call that it is for."""

    tenant_id: TenantId
    call_id: UUID
    endpoint: str

    @property
    def _name(self) -> str:
        return f"{self.tenant_id}-{self.call_id}-{self.endpoint}"

    @property
    def phone(self) -> str:
        """The channel of the phone."""
        return f"supervisor-{self._name}"

    @property
    def bridge(self) -> str:
        """The bridge of the phone and its snoop channel."""
        return f"monitor-{self._name}"

    def listener(self, number: int) -> str:
        """The id of a new snoop channel."""
        return f"listener-{number:x}-{self._name}"


def supervision_of(channel_id: str) -> Supervision | None:
    """Read the id of a channel; None: it is not one of a supervisor."""
    found = _ID.fullmatch(channel_id)
    return None if found is None else Supervision(TenantId(int(found[1])), UUID(found[2]), found[3])


def phone_of(bridge_id: str) -> str:
    """The channel of the phone for which a bridge was made."""
    return bridge_id.replace("monitor-", "supervisor-", 1)


def is_phone(channel_id: str) -> bool:
    return channel_id.startswith("supervisor-")


class Supervisors:
    def __init__(
        self,
        store: ActStore,
        ari: Ari,
        clock: Clock,
        options: Options,
        queue: PerChannelQueue,
        parties: Parties | None = None,
    ) -> None:
        self._parties = parties
        if parties is not None:
            parties.moved = self._moved
        self._store, self._ari, self._clock, self._options, self._queue = store, ari, clock, options, queue
        self._one_at_a_time = asyncio.Lock()
        self._modes: dict[str, Kind] = {}
        """The last act that was asked of each phone."""
        self._unsure = True
        """There may be some that this process does not know."""
        self._swept_at = -SWEEP_S

    def reconnected(self) -> None:
        self._unsure = True

    async def do(self, act: Act, talk: Talk) -> Ended:
        """Do an act that is not refused."""
        supervision = Supervision(act.tenant_id, act.call_id, act.endpoint)
        async with self._one_at_a_time:
            channel = await commands.channel(self._ari, supervision.phone)
            if act.kind is Kind.LEAVE:
                left = channel is not None and await commands.hang_up(self._ari, supervision.phone)
                return (
                    Ended(Result.DONE) if left else Ended(Result.REFUSED, "The phone is no supervisor's in this call")
                )
            if channel is None and not await self._store.may_call(act.tenant_id, act.endpoint):
                return Ended(Result.REFUSED, f"{act.endpoint} is no phone of this tenant")
            self._modes[supervision.phone] = act.kind
            if channel is None:
                return await self._call(supervision, act.kind)
            if channel.state != "Up":
                return Ended(Result.DONE)
            if act.kind is Kind.TAKE_OVER:
                return await self._take_over(supervision, talk)
            await self._connect(supervision, talk, act.kind)
            return Ended(Result.DONE)

    async def _take_over(self, supervision: Supervision, talk: Talk) -> Ended:
        """The phone is a party of the call from now on. In the queue of the call."""
        await self._stop_listening(supervision)
        ids, parties = (supervision.tenant_id, supervision.call_id), self._parties
        taken = parties is not None and await parties.take_over(*ids, talk, supervision.endpoint, supervision.phone)
        if not taken:
            return Ended(Result.REFUSED, "The call has ended, or somebody is consulted")
        self._modes.pop(supervision.phone, None)
        await commands.destroy_bridge(self._ari, supervision.bridge)
        return Ended(Result.DONE)

    async def _take_over_answered(self, supervision: Supervision) -> None:
        """Likewise, a phone that was called for it and was answered; nobody waits for the result."""
        with suppress(SwitchError, *UNAVAILABLE):
            talk = await self._store.talk_of(supervision.tenant_id, supervision.call_id)
            async with self._one_at_a_time:
                taken = talk is not None and (await self._take_over(supervision, talk)).result is Result.DONE
                if not taken:
                    await commands.hang_up(self._ari, supervision.phone)

    def _moved(self, tenant_id: TenantId, call_id: UUID) -> None:
        """The talk of a call is another one's: whoever hears it hears that one."""
        if self._modes or self._unsure:
            self._queue.start(self._follow(tenant_id, call_id))

    async def _follow(self, tenant_id: TenantId, call_id: UUID) -> None:
        with suppress(SwitchError, *UNAVAILABLE):
            async with self._one_at_a_time:
                talk = await self._store.talk_of(tenant_id, call_id)
                for channel in await commands.channels(self._ari):
                    found = supervision_of(channel.channel_id) if is_phone(channel.channel_id) else None
                    if found is None or (found.tenant_id, found.call_id) != (tenant_id, call_id):
                        continue
                    mode = self._modes.get(channel.channel_id, Kind.LISTEN)
                    if talk is not None and talk.with_agent and channel.state == "Up" and mode is not Kind.BARGE:
                        await self._connect(found, talk, mode)
                await self._hang_up_left()

    async def _call(self, supervision: Supervision, mode: Kind) -> Ended:
        endpoint = commands.agent_endpoint_of(supervision.endpoint)
        app, caller_id = self._options.app, self._options.caller_id
        args = ["supervisor", mode.value]
        made = await commands.originate(self._ari, supervision.phone, endpoint, app, args, caller_id, RING_S)
        if isinstance(made, Refused):
            self._modes.pop(supervision.phone, None)
            return Ended(Result.REFUSED, "The switch cannot reach the phone: it is not registered, or does not exist")
        log.info("supervisor called", call=str(supervision.call_id), placed=isinstance(made, Placed))
        return Ended(Result.DONE)

    async def _connect(self, supervision: Supervision, talk: Talk, mode: Kind) -> None:
        """The phone is answered: it hears, whispers or is in the call, and nothing of what was before."""
        await self._stop_listening(supervision)
        if mode is Kind.BARGE:
            await commands.create_bridge(self._ari, talk.channel)
            await commands.add_to_bridge(self._ari, talk.channel, supervision.phone)
        else:
            await commands.create_bridge(self._ari, supervision.bridge)
            await commands.add_to_bridge(self._ari, supervision.bridge, supervision.phone)
            listener = supervision.listener(int(self._clock.now().timestamp() * 1000))
            whisper = "out" if mode is Kind.WHISPER else "none"
            app, agent = self._options.app, core.agent_of(talk)
            await commands.snoop(self._ari, agent, listener, app, ["listener"], spy="both", whisper=whisper)

    async def _stop_listening(self, supervision: Supervision) -> None:
        for channel in await commands.channels(self._ari):
            if not is_phone(channel.channel_id) and supervision_of(channel.channel_id) == supervision:
                await commands.hang_up(self._ari, channel.channel_id)

    def observe(self, event: Event) -> None:
        """Events of all channels; those that are not of supervisors only end some."""
        if isinstance(event, StasisStart) and (supervision := supervision_of(event.channel_id)) is not None:
            mode = event.args[1] if event.args[:1] == ("supervisor",) else None
            self._queue.start(self._started(event.channel_id, supervision, mode))
        elif isinstance(event, ChannelDestroyed):
            supervision = supervision_of(event.channel_id) if is_phone(event.channel_id) else None
            if supervision is not None or self._modes or self._unsure:  # also a phone that another process left
                self._modes.pop(event.channel_id, None)
                self._queue.start(self._clean_up(supervision))

    async def _started(self, channel_id: str, supervision: Supervision, mode: str | None) -> None:
        with suppress(SwitchError, *UNAVAILABLE):  # the sweep hangs up what is left
            async with self._one_at_a_time:
                if not is_phone(channel_id):
                    await self._listening(channel_id, supervision)
                    return
                talk = await self._store.talk_of(supervision.tenant_id, supervision.call_id)
                if talk is None or not talk.with_agent:
                    await commands.hang_up(self._ari, channel_id)
                    return
                await self._note(supervision, EventKind.PHONE_ANSWERED)
                wanted = self._modes.setdefault(channel_id, Kind(mode or Kind.LISTEN))
                if wanted is Kind.TAKE_OVER:
                    self._queue.post(talk.channel, partial(self._take_over_answered, supervision))
                    return
                await self._connect(supervision, talk, wanted)
                log.info("supervisor connected", call=str(supervision.call_id), mode=wanted.value)

    async def _note(self, supervision: Supervision, kind: EventKind) -> None:
        """Record an event of the phone. The phone itself does not depend on it."""
        with suppress(*UNAVAILABLE):
            await self._store.phone_event(supervision.tenant_id, supervision.call_id, kind, supervision.endpoint)

    async def _listening(self, channel_id: str, supervision: Supervision) -> None:
        """A snoop channel is there: the phone hears it."""
        phone = await commands.channel(self._ari, supervision.phone)
        heard = phone is not None and await commands.add_to_bridge(self._ari, supervision.bridge, channel_id)
        if not heard:
            await commands.hang_up(self._ari, channel_id)

    async def round(self) -> None:
        """Now and then: hang up what is left over."""
        due = self._clock.monotonic() - self._swept_at >= SWEEP_S
        if self._ari.up and (self._unsure or (self._modes and due)):
            self._swept_at = self._clock.monotonic()
            async with self._one_at_a_time:
                await self._hang_up_left()
            self._unsure = False

    async def _clean_up(self, gone: Supervision | None) -> None:
        """Something has ended; `gone`: a supervisor's phone."""
        with suppress(SwitchError, *UNAVAILABLE):
            async with self._one_at_a_time:
                if gone is not None:
                    await self._note(gone, EventKind.PHONE_LEFT)
                    await commands.destroy_bridge(self._ari, gone.bridge)
                await self._hang_up_left()

    async def _hang_up_left(self) -> None:
        """Hang up phones whose call has ended and snoop channels whose phone is gone, and destroy their bridges."""
        listed = {channel.channel_id for channel in await commands.channels(self._ari)}
        ours = {one: found for one in listed if (found := supervision_of(one)) is not None}
        for channel_id, supervision in ours.items():
            if is_phone(channel_id):
                talk = await self._store.talk_of(supervision.tenant_id, supervision.call_id)
                if talk is not None and talk.party is not None and talk.party.channel == channel_id:
                    continue  # it took the call over
                if talk is not None and talk.with_agent:
                    self._modes.setdefault(channel_id, Kind.LISTEN)
                    continue
            elif supervision.phone in listed:
                continue
            await commands.hang_up(self._ari, channel_id)
            await commands.destroy_bridge(self._ari, supervision.bridge)  # its process may have ended before it did so
        for phone in [one for one in self._modes if one not in listed]:
            gone = supervision_of(phone)
            if gone is not None and await commands.channel(self._ari, phone) is None:
                del self._modes[phone]
                await commands.destroy_bridge(self._ari, gone.bridge)
