"""Makes the requests of one caller: of the switch, the store, the waiting room and the player.

Returns their results, as signals; None when a request has none, or when its result is unknown: reconciliation checks
the channel again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from tongdai.acd.admission import Send, admit
from tongdai.acd.audio.player import Player
from tongdai.acd.caller import model, signals
from tongdai.acd.controlled import ControlledCaller
from tongdai.acd.eligibility import QueueKey
from tongdai.acd.store import AcdStore
from tongdai.acd.waiting_room import WaitingRoom
from tongdai.agents.model import Mode
from tongdai.call_outcome import InboundOutcome
from tongdai.clock import Clock
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.ids import AgentId
from tongdai.queues.model import HANG_UP, QueueRules
from tongdai.queues.prompts import model as prompts
from tongdai.queues.settings.model import LANGUAGES
from tongdai.switch import commands
from tongdai.switch.commands import Refused
from tongdai.switch.events import AGENT, PARTY
from tongdai.switch.interface import Ari, SwitchError, SwitchUnreachable

log = structlog.get_logger()

RING_S, RING_GRACE_S = 20, 5
"""How long the phone of an agent rings whose queue was deleted; and after how much longer it counts as not answered,
if the switch has not reported so."""
NUMBER_RING_S = 45
"""How long a number is called for a caller."""
NO_QUEUE = Send(HANG_UP, InboundOutcome.FAILED)
"""The queue of a caller who waits was deleted."""


class Requests:
    def __init__(
        self,
        store: AcdStore,
        ari: Ari,
        clock: Clock,
        room: WaitingRoom,
        player: Player,
        app: str,
        trunk: str | None,
        notify: Callable[[UUID, signals.Signal], None],
        waiting_in: Callable[[QueueKey], int],
    ) -> None:
        """`trunk`: for numbers that no other is for. `notify` is called with signals of callers that come later.
        `waiting_in`: how many callers of a queue are controlled here, those included who were admitted a moment ago."""
        self._store, self._ari, self._clock, self._room, self._waiting_in = store, ari, clock, room, waiting_in
        self._player, self._app, self._trunk, self._notify = player, app, trunk, notify

    async def make(self, caller: ControlledCaller, request: model.Request) -> signals.Signal | None:
        """The result of a request."""
        name = type(request).__name__
        try:
            return await self._make(caller, request)
        except UNAVAILABLE:
            caller.request_failed = not isinstance(request, model.Admit)
            return signals.NotAdmitted(request.hops) if isinstance(request, model.Admit) else None
        except (SwitchError, ValueError) as error:  # ValueError: a name that the switch cannot have
            log.warning("request failed", call=str(caller.call.call_id), request=name, error=str(error))
            caller.request_failed = isinstance(request, model.Answer | model.BridgeWithAgent)
            said = isinstance(request, model.PlaySound | model.PlayParts)
            return signals.SoundOver(request.playback_id) if said else None

    async def _make(self, caller: ControlledCaller, request: model.Request) -> signals.Signal | None:
        result: signals.Signal | None = None
        match request:
            case model.Admit() | model.ReadMenus() | model.BeginCallback() | model.CheckKey():
                result = await self._read(caller, request)
            case model.Wait(without=without, without_s=without_s):
                result = await self._wait(caller, without, without_s)
            case model.MakeOffer(agent_id=agent_id, also=also):
                result = await (self._offer_all(caller, (agent_id, *also)) if also else self._offer(caller, agent_id))
            case model.BridgeWithAgent(channel=agent_channel):
                result = await self._bridge(caller, agent_channel)
            case model.CheckSound(playback_id=playback_id):
                if not await self._player.speaks(caller, playback_id):
                    result = signals.SoundOver(playback_id)
            case model.RingAgent() | model.CallNumber() | model.StartRingTimer() | model.HangUpAgent():
                result = await self._phone(caller, request)
            case model.PlaySound() | model.PlayInvalidKey() | model.PlayParts() | model.StopSound():
                await self._sound(caller, request)
            case _:
                await self._command(caller, request)
        return result

    async def _sound(self, caller: ControlledCaller, request: model.Sound) -> None:
        playback_id = request.playback_id
        match request:
            case model.PlaySound(sound=sound):
                await self._player.speak(caller, playback_id, sound)
            case model.PlayInvalidKey():
                rules = await self._rules(caller)
                language = LANGUAGES[0] if rules is None or rules.language is None else rules.language
                (sound,) = prompts.sounds(language, ["invalid-key"])
                await self._player.speak(caller, playback_id, sound)
            case model.PlayParts(parts=parts, language=language):
                await self._rules(caller)
                await self._player.say(caller, playback_id, language, parts)
            case model.StopSound():
                await self._player.stop_speaking(caller, playback_id)

    async def _command(self, caller: ControlledCaller, request: model.Resultless) -> None:
        """Make a request that has no result: events tell what comes of it."""
        channel_id, ari = caller.call.channel, self._ari
        match request:
            case model.StopWaiting():
                self._room.remove(caller)
            case model.Exclude(agent_id=agent_id, seconds=seconds):
                self._room.exclude(caller, agent_id, seconds)
            case model.Answer(again=again):
                await (commands.ensure_answered if again else commands.answer)(ari, channel_id)
            case model.StartMusic():
                await self._rules(caller)
                self._player.start(caller)
            case model.StopMusic():
                await self._player.stop(caller)
            case model.StartKeyTimer(seconds=seconds, turn=turn, hops=hops):
                timed_out = partial(self._notify, caller.call.call_id, signals.KeyTimedOut(turn, hops))
                asyncio.get_running_loop().call_later(seconds, timed_out)
            case model.HangUp(cause=cause):
                await commands.hang_up(ari, channel_id, cause)
            case model.DestroyBridge():
                await commands.destroy_bridge(ari, channel_id)
            case _:
                assert_never(request)

    async def _read(
        self, caller: ControlledCaller, request: model.Admit | model.ReadMenus | model.Asking
    ) -> signals.Signal | None:
        if isinstance(request, model.Asking):
            return await self._callback(caller, request)
        tenant_id, hops = caller.call.tenant_id, request.hops
        if isinstance(request, model.ReadMenus):
            return signals.MenusRead(await self._store.menus(tenant_id), hops)
        found = await self._store.queue(tenant_id, request.queue_id)
        if found is None:
            return signals.NotAdmitted(hops)
        with suppress(SwitchError):  # a menu may begin without a greeting; whatever is said later stops it, too
            await self._player.stop_unknown(caller)
        caller.rules = found.rules
        # Callers who arrive together: the store does not have those yet who were admitted just before.
        waiting = max(found.counts.waiting, self._waiting_in((tenant_id, request.queue_id)))
        counts = replace(found.counts, waiting=waiting)
        return signals.Admitted(admit(found.rules, counts, by_number=hops == 0), hops)

    async def _callback(self, caller: ControlledCaller, request: model.Asking) -> signals.Signal | None:
        rules = await self._rules(caller)
        if isinstance(request, model.CheckKey):
            wanted = rules is not None and rules.callback_offered and request.digit == rules.callback_key
            return signals.CallbackWanted() if wanted else None
        country = "VN" if rules is None else rules.country
        language = LANGUAGES[0] if rules is None or rules.language is None else rules.language
        number = phone.normalise(caller.call.phone, country)
        known = "" if isinstance(number, NumberFault) else number
        askable = await self._store.askable(caller.call, self._clock.now())
        return signals.CallbackBegun(known, country, language, request.hops, askable)

    async def _offer(self, caller: ControlledCaller, agent_id: AgentId) -> signals.Signal:
        agent = await self._store.offer(caller.call, agent_id, self._clock.now())
        self._room.offer_decided(caller, made=agent is not None)
        if agent is None:
            return signals.OfferRefused(agent_id)
        log.info("caller offered", tenant=agent.tenant_id, call=str(caller.call.call_id), agent=agent_id)
        endpoint = agent.endpoint if agent.mode is Mode.RING else None
        return signals.OfferMade(agent_id, str(agent.channel_id), endpoint)

    async def _offer_all(self, caller: ControlledCaller, agent_ids: tuple[AgentId, ...]) -> signals.Signal:
        agents = await self._store.offer_all(caller.call, agent_ids, self._clock.now())
        self._room.offer_decided(caller, made=bool(agents))
        if not agents:
            return signals.OfferRefused(agent_ids[0])
        ids = [agent.agent_id for agent in agents]
        log.info("caller offered to several", tenant=caller.call.tenant_id, call=str(caller.call.call_id), agents=ids)
        phones = tuple(signals.Phone(agent.agent_id, str(agent.channel_id), agent.endpoint) for agent in agents)
        return signals.OffersMade(agent_ids[0], phones)

    async def _phone(self, caller: ControlledCaller, request: model.Phone) -> signals.Signal | None:
        match request:
            case model.RingAgent(channel=channel, endpoint=endpoint):
                return await self._ring(caller, channel, endpoint)
            case model.CallNumber(channel=channel, number=number):
                return await self._call_number(caller, channel, number)
            case model.StartRingTimer(channel=channel):
                await self._start_ring_timer(caller, channel)
            case model.HangUpAgent(channel=channel):
                await commands.hang_up(self._ari, channel)
        return None

    async def _ring(self, caller: ControlledCaller, channel: str, endpoint: str) -> signals.Signal | None:
        if not self._ari.up:  # not reconciled: the phone is called when the caller's channel is listed
            raise SwitchUnreachable("not connected")
        ring_s = await self._start_ring_timer(caller, channel)
        result = await commands.originate(
            *(self._ari, channel, commands.agent_endpoint_of(endpoint), self._app, [AGENT]),
            caller_id=caller.call.phone or None,
            timeout_s=ring_s,
        )
        return signals.AgentLeft(channel) if isinstance(result, Refused) else signals.PhoneRings(channel)

    async def _call_number(self, caller: ControlledCaller, channel: str, number: str) -> signals.Signal | None:
        if not self._ari.up:
            raise SwitchUnreachable("not connected")
        line = await self._store.line(caller.call)
        trunk, fields = line.trunk or self._trunk, {"call": str(caller.call.call_id), "number": number}
        if trunk is None:
            log.warning("number not called: no trunk is set", **fields)
            return signals.AgentLeft(channel)
        ring_s = await self._start_ring_timer(caller, channel)
        endpoint = commands.endpoint_of(number.removeprefix("+"), trunk)
        result = await commands.originate(
            *(self._ari, channel, endpoint, self._app, [PARTY]), caller_id=line.caller_id, timeout_s=ring_s
        )
        log.info("number called for a caller", placed=not isinstance(result, Refused), **fields)
        return signals.AgentLeft(channel) if isinstance(result, Refused) else signals.PhoneRings(channel)

    async def _start_ring_timer(self, caller: ControlledCaller, channel: str) -> int:
        """Returns how long the phone may ring."""
        rules = None if caller.progress.number is not None else await self._rules(caller)
        ring_s = NUMBER_RING_S if caller.progress.number is not None else RING_S
        if rules is not None:
            ring_s = rules.ring_timeout_s
        timed_out = partial(self._notify, caller.call.call_id, signals.RingTimedOut(channel))
        asyncio.get_running_loop().call_later(ring_s + RING_GRACE_S, timed_out)
        return ring_s

    async def _wait(self, caller: ControlledCaller, without: AgentId | None, without_s: int) -> signals.Signal | None:
        """Let the caller wait in the waiting room."""
        if caller.progress.stage is not model.Stage.WAITING:
            return None
        rules = await self._rules(caller)
        if rules is None:
            return signals.WaitOver(NO_QUEUE, caller.progress.hops)
        preference = await self._room.preference(caller, rules)
        self._room.wait(caller, rules, without, without_s, preference)
        return None

    async def _rules(self, caller: ControlledCaller) -> QueueRules | None:
        """The rules by which the caller waits; read again for one who was adopted. None: the queue was deleted."""
        if caller.rules is None:
            found = await self._store.queue(caller.call.tenant_id, caller.progress.queue_id)
            caller.rules = None if found is None else found.rules
        return caller.rules

    async def _bridge(self, caller: ControlledCaller, agent_channel: str) -> signals.Signal:
        channel_id = caller.call.channel
        await self._player.stop(caller)
        await commands.ensure_answered(self._ari, channel_id)
        await commands.create_bridge(self._ari, channel_id)
        if await commands.add_to_bridge(self._ari, channel_id, agent_channel, channel_id):
            return signals.BridgedWithAgent()
        if await commands.channel(self._ari, agent_channel) is None:
            return signals.AgentMissing()
        return signals.NotBridged()
