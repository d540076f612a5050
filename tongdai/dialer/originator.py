"""Places calls: once a second, for each running campaign, as many as pacing says.

    load → pacing → claim (opens calls, leased) → dial (claimed → dialing, after the last checks) → originate

Owns calls from their claim until the originate request; the call controller tracks them from the claim on and owns all
that follows. A call is committed as `dialing` before the request, and the request is made once, whatever its result:
after a request that may have reached the switch, only events and the list of channels show what happened to it.

It trusts `ari.up` and `may_dial` as the only permission to originate, checked with no await between the check and the
request; pacing for the number of calls; the store for which contacts may be claimed and, immediately before the
request, dialled. While dialing is held the store permits neither; `may_dial` says the same without a query.

The sounds of campaigns that run are checked before their first call; while the switch does not have one, its campaigns
are not dialled (`Sounds`).

While the database is unavailable nothing is claimed; claimed calls are released, or their leases expire. A campaign
whose round raises is retried with exponential backoff (LONGEST_BACKOFF_S); the others continue.

A call that passed its last checks more than ORIGINATE_DEADLINE_S ago is cancelled instead of originated, as its
campaign may have been paused since. When this process stops, `release_undialled` ends the calls that were not dialled,
so that their contacts are pending again.

Asserted: no originate for a call at another stage than DIALING; at most one for a call.
"""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.call_outcome import Outcome
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Call, ClaimConditions, Claims
from tongdai.campaigns.model import RunningCampaign
from tongdai.campaigns.settings import rules as calling_rules
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.dialer.call import model
from tongdai.dialer.call.controller import CallController, ControlledCall, report_end
from tongdai.dialer.options import CALL, CLAIM_LEASE, LEASE, Options, treatment_of
from tongdai.dialer.pacing import Limits, RingTimes, Snapshot, calls_to_place
from tongdai.dialer.sounds import Sounds
from tongdai.dialer.store import DialerStore
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Duplicate, Placed, Refused
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

RECENT_S = 10.0
"""How often the statistics of recent calls are read."""
MAX_CLAIMS_PER_ROUND = 100
"""For one campaign."""
CLAIMING_S = 0.25
"""For one campaign in a round: no claim starts later, even if most due contacts are on do-not-call lists."""
ORIGINATE_DEADLINE_S = 0.9
"""From the last checks of a call to its originate request; a later call (slow database, stalled process) is
cancelled."""
LONGEST_BACKOFF_S = 60.0
"""The longest wait of a campaign that keeps failing."""
RELEASE_TIMEOUT_S = 1.0
"""For `release_undialled`."""


class Originator:
    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        clock: Clock,
        rng: random.Random,
        options: Options,
        queue: PerChannelQueue,
        controller: CallController,
        sounds: Sounds,
        may_dial: Callable[[], bool],
    ) -> None:
        self._store, self._ari, self._clock, self._rng = store, ari, clock, rng
        self._options, self._queue, self._controller = options, queue, controller
        self._sounds, self._may_dial = sounds, may_dial
        self._recent: dict[tuple[int, int], tuple[float, Recent]] = {}
        self._backoff: dict[tuple[int, int], tuple[int, float]] = {}
        """Campaigns that failed: the number of consecutive failures, and when to try again, by the monotonic clock."""
        self._claiming: asyncio.Future[list[Call]] | None = None
        self.placed = 0
        """Calls that the switch has placed."""

    async def round(self) -> None:
        if not self._may():
            return
        now = await self._store.now()
        running = await self._store.running()
        keys = {(campaign.tenant_id, campaign.campaign_id) for campaign in running}
        self._recent = {key: recent for key, recent in self._recent.items() if key in keys}
        self._backoff = {key: backoff for key, backoff in self._backoff.items() if key in keys}
        self._controller.unplayed.keep(keys)
        await self._sounds.prepare(sound for campaign in running if (sound := self._sound_of(campaign)) is not None)
        self._rng.shuffle(running)  # where the switch is the limit, campaigns of one priority take turns
        running = in_turn(running)
        for place, campaign in enumerate(running):
            room = self._options.max_calls - len(self._controller.calls)
            if room <= 0 or not self._may():
                return
            tenants = len({other.tenant_id for other in running[place:]})
            await self._try_campaign(campaign, now, math.ceil(room / tenants))

    def _sound_of(self, campaign: RunningCampaign) -> str | None:
        return treatment_of(campaign.settings, self._options).sound

    def _may(self) -> bool:
        """The permission to originate: ask right before, with no await between."""
        return self._ari.up and self._may_dial()

    async def _try_campaign(self, campaign: RunningCampaign, now: datetime, room: int) -> None:
        key = (campaign.tenant_id, campaign.campaign_id)
        failures, until = self._backoff.get(key, (0, 0.0))
        if not (campaign.settings.trunk or self._options.trunk) or self._clock.monotonic() < until:
            return
        if self._sounds.lacks(self._sound_of(campaign)):
            return
        try:
            await self._place(campaign, now, room)
            self._backoff.pop(key, None)
        except UNAVAILABLE:
            raise
        except Exception:
            backoff_s = min(2.0 ** min(failures, 6), LONGEST_BACKOFF_S)
            self._backoff[key] = (failures + 1, self._clock.monotonic() + backoff_s)
            log.exception("campaign not dialled", tenant=key[0], campaign=key[1], again_in_s=backoff_s)

    async def _place(self, campaign: RunningCampaign, now: datetime, room: int) -> None:
        load = await self._store.load(campaign)
        snapshot = snapshot_of(campaign.settings, load, await self._recent_of(campaign))
        wanted = min(room, calls_to_place(snapshot, load.now.timestamp()))
        conditions = await self._claim_conditions(campaign, now) if wanted > 0 else None
        if conditions is None:
            return
        until = self._clock.monotonic() + CLAIMING_S
        for _ in range(MAX_CLAIMS_PER_ROUND):
            claims = await self._claim(campaign, conditions, wanted)
            await self._dial(campaign, claims.calls)
            wanted -= len(claims.calls)
            if wanted == 0 or claims.examined < wanted + len(claims.calls) or self._clock.monotonic() >= until:
                return

    async def _recent_of(self, campaign: RunningCampaign) -> Recent:
        key, now = (campaign.tenant_id, campaign.campaign_id), self._clock.monotonic()
        if campaign.settings.mode is not Mode.PREDICTIVE:
            return Recent()
        at, recent = self._recent.get(key, (-RECENT_S, Recent()))
        if now - at >= RECENT_S:
            recent = await self._store.recent(campaign)
            self._recent[key] = (now, recent)
        return recent

    async def _claim_conditions(self, campaign: RunningCampaign, now: datetime) -> ClaimConditions | None:
        """The conditions of a claim; None: no due contact has an open window."""
        settings = campaign.settings
        zones = await self._store.waiting_zones(campaign.tenant_id, campaign.campaign_id)
        open_until = {
            zone: until
            for zone in zones
            if (until := calling_rules.open_until(settings, zone, campaign.tenant_zone, now)) is not None
        }
        if not open_until:
            return None
        caps = calling_rules.number_caps(settings)
        return ClaimConditions(campaign.tenant_id, campaign.campaign_id, open_until, CLAIM_LEASE, caps)

    async def _claim(self, campaign: RunningCampaign, conditions: ClaimConditions, limit: int) -> Claims:
        """Shielded from cancellation: whether it was committed would be unknown."""
        claims = Claims([])

        async def claim() -> list[Call]:
            nonlocal claims
            if campaign.settings.mode is Mode.PREVIEW:
                claims = Claims(await self._store.claim_accepted(conditions, limit))
            else:
                claims = await self._store.claim(conditions, limit)
            return claims.calls

        self._claiming = asyncio.ensure_future(claim())
        try:
            calls = await asyncio.shield(self._claiming)
        except Exception:
            self._claiming = None
            raise
        for call in calls:
            self._controller.open(call, campaign.settings)
        self._claiming = None
        return claims

    async def _dial(self, campaign: RunningCampaign, calls: Sequence[Call]) -> None:
        left = calls
        try:
            while left:
                checked_s, batch = self._clock.monotonic(), self._options.dial_batch
                verdicts = await self._store.dial(left[:batch], LEASE)
                checked, left = left[:batch], left[batch:]
                for call in checked:
                    self._begin(campaign.settings, call, verdicts, checked_s)
        except Exception:
            for call in left:  # whatever the store did: the switch was not asked
                self._not_dialled(str(call.call_id), Outcome.CANCELLED)
            raise

    def _begin(
        self, settings: CallSettings, call: Call, verdicts: Mapping[UUID, Outcome | None], checked_s: float
    ) -> None:
        channel_id = str(call.call_id)
        controlled = self._controller.calls.get(channel_id)
        if call.call_id not in verdicts:
            self._controller.forget(channel_id)
        elif (refusal := verdicts[call.call_id]) is not None:
            self._not_dialled(channel_id, refusal)
        elif controlled is not None and controlled.progress.stage is model.Stage.CLAIMED:
            # Otherwise its claim has expired meanwhile, and the call ends.
            self._controller.post(channel_id, model.Dialled())
            self._queue.start(self._originate(settings, controlled, checked_s))

    async def _originate(self, settings: CallSettings, controlled: ControlledCall, checked_s: float) -> None:
        call, channel_id = controlled.call, controlled.progress.channel_id
        trunk = settings.trunk or self._options.trunk
        late = self._clock.monotonic() - checked_s > ORIGINATE_DEADLINE_S
        closed = self._clock.now() >= call.dial_until
        if late or closed or trunk is None or not self._may():
            metrics.ORIGINATES.labels("not_asked").inc()
            self._not_dialled(channel_id, Outcome.OUT_OF_WINDOW if closed else Outcome.CANCELLED)
            return
        assert controlled.progress.stage is model.Stage.DIALING, (
            f"{channel_id} is {controlled.progress.stage}, and not to be dialled"
        )
        assert not controlled.may_be_dialled, f"{channel_id} was asked for before"
        try:
            asked = commands.originate(
                self._ari,
                channel_id,
                commands.endpoint_of(call.phone.removeprefix("+"), trunk),
                self._options.app,
                [CALL],
                settings.caller_id or self._options.caller_id,
                settings.ring_timeout_s,
            )
            controlled.may_be_dialled = True
            result = await asked  # nothing is awaited between `_may` and the request itself
        except SwitchError as error:
            # It may ring, now or later: events or the list of channels will show.
            metrics.ORIGINATES.labels("unknown").inc()
            log.warning("originate unknown", call=channel_id, error=type(error).__name__)
            return
        except ValueError as error:
            metrics.ORIGINATES.labels("not_asked").inc()
            log.warning("number or trunk refused", call=channel_id, campaign=call.campaign_id, reason=str(error))
            self._not_dialled(channel_id, Outcome.FAILED)
            return
        self._originate_replied(call, result)

    def _originate_replied(self, call: Call, result: Placed | Refused | Duplicate) -> None:
        """Process the reply of the switch to an originate request."""
        channel_id = str(call.call_id)
        fields = {"tenant": call.tenant_id, "campaign": call.campaign_id, "call": channel_id}
        metrics.ORIGINATES.labels(type(result).__name__.lower()).inc()
        match result:
            case Placed():
                self.placed += 1
                log.info("call placed", contact=call.contact_id, **fields)
            case Duplicate():
                log.error("originate unknown", error="channel exists", **fields)
            case Refused(status=status, message=message):
                log.warning("originate refused", status=status, message=message, **fields)
                self._not_dialled(channel_id, Outcome.FAILED)

    def _not_dialled(self, channel_id: str, outcome: Outcome) -> None:
        self._controller.post(channel_id, model.NotDialled(outcome))

    async def release_undialled(self) -> None:
        """When the process stops: end calls that were not dialled, and write the unwritten records of the others. While
        the database is unavailable, the leases expire instead."""
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT_S):
                await asyncio.gather(*(self._cancel(call) for call in await self._claimed()))
                await asyncio.gather(*(self._leave(controlled) for controlled in self._controller.calls.values()))
        except UNAVAILABLE:
            return

    async def _leave(self, controlled: ControlledCall) -> None:
        await self._controller.write(controlled)
        if not controlled.may_be_dialled:
            await self._cancel(controlled.call)

    async def _claimed(self) -> list[Call]:
        """The calls of a claim that is running."""
        if self._claiming is None:
            return []
        try:
            return await self._claiming
        except Exception as error:
            log.warning("claim failed while stopping", error=type(error).__name__)
            return []

    async def _cancel(self, call: Call) -> None:
        if await self._store.end(call, model.CANCELLED):
            report_end(call, Outcome.CANCELLED)


def in_turn(running: Sequence[RunningCampaign]) -> list[RunningCampaign]:
    """Each tenant's campaign of the highest priority, then each one's next: priorities are between a tenant's own."""
    turns: Counter[TenantId] = Counter()
    ranked: list[tuple[int, RunningCampaign]] = []
    for campaign in sorted(running, key=lambda one: -one.settings.priority):
        ranked.append((turns[campaign.tenant_id], campaign))
        turns[campaign.tenant_id] += 1
    return [campaign for _, campaign in sorted(ranked, key=lambda pair: pair[0])]


def snapshot_of(settings: CallSettings, load: Load, recent: Recent) -> Snapshot:
    """The input of pacing; instants in seconds since 1970."""
    limits = Limits(settings.max_calls, settings.calls_per_second, settings.abandon_cap / 100)
    return Snapshot(
        mode=settings.mode,
        limits=limits,
        active_calls=load.active_calls,
        accepted=settings.max_calls,  # `claim_accepted` takes only contacts that were accepted
        agents_free=load.agents_free,
        talking_since=_seconds(load.talking_since),
        wrap_up_since=_seconds(load.wrap_up_since),
        ringing_since=_seconds(load.ringing_since),
        waiting=load.waiting,
        callers=load.callers,
        callers_per_s=load.callers_per_s,
        reserve=load.reserve,
        talk_mean_s=recent.talk_mean_s,
        wrap_up_s=load.wrap_up_s,
        rings=RingTimes(recent.answered_after, recent.unanswered_after),
        last_24_h=recent.last_24_h,
        last_30_days=recent.last_30_days,
    )


def _seconds(instants: Sequence[datetime]) -> list[float]:
    return [instant.timestamp() for instant in instants]
