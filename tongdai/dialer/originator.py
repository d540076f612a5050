"""Places calls: once a second, for each running campaign, as many as pacing says."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.calls.live.pacing_inputs import Load, Recent
from tongdai.calls.model import Call, Claims, Outcome, Terms
from tongdai.campaigns.model import RunningCampaign
from tongdai.campaigns.settings import rules as calling_rules
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode
from tongdai.clock import Clock
from tongdai.db.pool import UNREACHABLE
from tongdai.dialer import core
from tongdai.dialer.call_controller import Carrying, Line, told_end
from tongdai.dialer.options import CALL, CLAIM_LEASE, LEASE, Options
from tongdai.dialer.pacing import Limits, RingTimes, Snapshot, Tally, calls_to_place
from tongdai.dialer.per_call_queue import InOrder
from tongdai.dialer.store import Records
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Duplicate, Placed, Refused
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

RECENT_S = 10.0
"""How often what became of recent calls is asked anew."""
BATCH = 50
"""Calls that are committed together, and then asked for."""
CLAIMS_A_ROUND = 100
CLAIMING_S = 0.25
"""Of a campaign, where many due contacts are on do-not-call lists: no more claims, and none begun later."""
ASK_WITHIN_S = 0.9
"""From when it was checked that the call may be placed. Later (the database was slow, this process stood still) the
switch is not asked: the campaign may have been paused since."""
LONGEST_REST_S = 60.0
"""Of a campaign that failed again and again, until the next try."""
HAND_BACK_S = 1.0
"""A dialer that stops waits no longer for a database that hangs."""


class Placing:
    def __init__(
        self,
        records: Records,
        ari: Ari,
        clock: Clock,
        rng: random.Random,
        options: Options,
        in_order: InOrder,
        carrying: Carrying,
    ) -> None:
        self._records, self._ari, self._clock, self._rng = records, ari, clock, rng
        self._options, self._in_order, self._carrying = options, in_order, carrying
        self._recent: dict[tuple[int, int], tuple[float, Recent]] = {}
        self._resting: dict[tuple[int, int], tuple[int, float]] = {}
        """Campaigns that failed: how often in a row, and until when they rest, on the monotonic clock."""
        self._claiming: asyncio.Future[list[Call]] | None = None
        self.placed = 0
        """Calls that the switch said it places."""

    async def round(self) -> None:
        if not self._ari.up:
            return
        now = await self._records.now()
        running = await self._records.running()
        here = {(campaign.tenant_id, campaign.campaign_id) for campaign in running}
        self._recent = {key: known for key, known in self._recent.items() if key in here}
        self._resting = {key: rest for key, rest in self._resting.items() if key in here}
        self._rng.shuffle(running)  # where the switch is the limit, those of one priority take turns
        running = in_turn(running)
        for place, campaign in enumerate(running):
            room = self._options.max_calls - len(self._carrying.lines)
            if room <= 0 or not self._ari.up:
                return
            tenants = len({other.tenant_id for other in running[place:]})
            await self._place_some(campaign, now, math.ceil(room / tenants))

    async def _place_some(self, campaign: RunningCampaign, now: datetime, room: int) -> None:
        key = (campaign.tenant_id, campaign.campaign_id)
        failures, until = self._resting.get(key, (0, 0.0))
        if not (campaign.settings.trunk or self._options.trunk) or self._clock.monotonic() < until:
            return
        try:
            await self._place(campaign, now, room)
            self._resting.pop(key, None)
        except UNREACHABLE:
            raise
        except Exception:
            rest_s = min(2.0 ** min(failures, 6), LONGEST_REST_S)
            self._resting[key] = (failures + 1, self._clock.monotonic() + rest_s)
            log.exception("campaign not dialled", tenant=key[0], campaign=key[1], again_in_s=rest_s)

    async def _place(self, campaign: RunningCampaign, now: datetime, room: int) -> None:
        load = await self._records.load(campaign)
        snapshot = snapshot_of(campaign.settings, load, await self._recent_of(campaign))
        wanted = min(room, calls_to_place(snapshot, load.now.timestamp()))
        terms = await self._terms(campaign, now) if wanted > 0 else None
        if terms is None:
            return
        until = self._clock.monotonic() + CLAIMING_S
        for _ in range(CLAIMS_A_ROUND):
            claims = await self._claim(campaign, terms, wanted)
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
            recent = await self._records.recent(campaign)
            self._recent[key] = (now, recent)
        return recent

    async def _terms(self, campaign: RunningCampaign, now: datetime) -> Terms | None:
        """None: no contact is due whose window is open."""
        settings = campaign.settings
        zones = await self._records.waiting_zones(campaign.tenant_id, campaign.campaign_id)
        open_until = {
            zone: until
            for zone in zones
            if (until := calling_rules.open_until(settings, zone, campaign.tenant_zone, now)) is not None
        }
        if not open_until:
            return None
        ceilings = calling_rules.number_caps(settings)
        return Terms(campaign.tenant_id, campaign.campaign_id, open_until, CLAIM_LEASE, ceilings)

    async def _claim(self, campaign: RunningCampaign, terms: Terms, limit: int) -> Claims:
        """Never cut short: whether it was committed would be unknown."""
        claims = Claims([])

        async def claim() -> list[Call]:
            nonlocal claims
            if campaign.settings.mode is Mode.PREVIEW:
                claims = Claims(await self._records.claim_accepted(terms, limit))
            else:
                claims = await self._records.claim(terms, limit)
            return claims.calls

        self._claiming = asyncio.ensure_future(claim())
        try:
            calls = await asyncio.shield(self._claiming)
        except Exception:
            self._claiming = None
            raise
        for call in calls:
            self._carrying.open(call, campaign.settings)
        self._claiming = None
        return claims

    async def _dial(self, campaign: RunningCampaign, calls: Sequence[Call]) -> None:
        left = calls
        try:
            while left:
                checked_s = self._clock.monotonic()
                verdicts = await self._records.dial(left[:BATCH], LEASE)
                told, left = left[:BATCH], left[BATCH:]
                for call in told:
                    self._go(campaign.settings, call, verdicts, checked_s)
        except Exception:
            for call in left:  # whatever the records say: the switch was not asked
                self._not_dialled(str(call.call_id), Outcome.CANCELLED)
            raise

    def _go(
        self, settings: CallSettings, call: Call, verdicts: Mapping[UUID, Outcome | None], checked_s: float
    ) -> None:
        channel_id = str(call.call_id)
        line = self._carrying.lines.get(channel_id)
        if call.call_id not in verdicts:
            self._carrying.forget(channel_id)
        elif (why_not := verdicts[call.call_id]) is not None:
            self._not_dialled(channel_id, why_not)
        elif line is not None and line.progress.stage is core.Stage.CLAIMED and not self._in_order.busy(channel_id):
            # Otherwise its claim lapsed meanwhile: it has been ended, or is just being.
            self._carrying.post(channel_id, core.Dialled())
            self._in_order.go(self._originate(settings, line, checked_s))

    async def _originate(self, settings: CallSettings, line: Line, checked_s: float) -> None:
        call, channel_id = line.call, line.progress.channel_id
        trunk = settings.trunk or self._options.trunk
        late = self._clock.monotonic() - checked_s > ASK_WITHIN_S
        closed = self._clock.now() >= call.dial_until
        if late or closed or trunk is None or not self._ari.up:
            metrics.ORIGINATES.labels("not_asked").inc()
            self._not_dialled(channel_id, Outcome.OUT_OF_WINDOW if closed else Outcome.CANCELLED)
            return
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
            line.asked = True
            result = await asked  # nothing is awaited between `up` and the request itself
        except SwitchError as error:
            # It may be ringing, or ring yet: its events tell, or the list of channels.
            metrics.ORIGINATES.labels("unknown").inc()
            log.warning("originate unknown", call=channel_id, error=type(error).__name__)
            return
        except ValueError as error:
            metrics.ORIGINATES.labels("not_asked").inc()
            log.warning("cannot be dialled", call=channel_id, campaign=call.campaign_id, why=str(error))
            self._not_dialled(channel_id, Outcome.FAILED)
            return
        self._told(call, result)

    def _told(self, call: Call, result: Placed | Refused | Duplicate) -> None:
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
                self._carrying.post(channel_id, core.NotDialled(Outcome.FAILED))

    def _not_dialled(self, channel_id: str, outcome: Outcome) -> None:
        self._carrying.post(channel_id, core.NotDialled(outcome))

    async def hand_back(self) -> None:
        """What was claimed and not asked for is pending again, and what is known is written. Without the database, the
        leases end by themselves."""
        try:
            async with asyncio.timeout(HAND_BACK_S):
                await asyncio.gather(*(self._cancel(call) for call in await self._claimed()))
                await asyncio.gather(*(self._leave(line) for line in self._carrying.lines.values()))
        except UNREACHABLE:
            return

    async def _leave(self, line: Line) -> None:
        await self._carrying.write(line)
        if not line.asked:
            await self._cancel(line.call)

    async def _claimed(self) -> list[Call]:
        """By a claim that was under way."""
        if self._claiming is None:
            return []
        try:
            return await self._claiming
        except Exception as error:
            log.warning("claim failed while stopping", error=type(error).__name__)
            return []

    async def _cancel(self, call: Call) -> None:
        if await self._records.end(call, core.CANCELLED):
            told_end(call, Outcome.CANCELLED)


def in_turn(running: Sequence[RunningCampaign]) -> list[RunningCampaign]:
    """Each tenant's campaign of the highest priority, then each one's next: priorities are between a tenant's own."""
    turns: Counter[TenantId] = Counter()
    ranked: list[tuple[int, RunningCampaign]] = []
    for campaign in sorted(running, key=lambda one: -one.settings.priority):
        ranked.append((turns[campaign.tenant_id], campaign))
        turns[campaign.tenant_id] += 1
    return [campaign for _, campaign in sorted(ranked, key=lambda pair: pair[0])]


def snapshot_of(settings: CallSettings, load: Load, recent: Recent) -> Snapshot:
    """For pacing; instants in seconds since 1970."""
    limits = Limits(settings.max_calls, settings.calls_per_second, settings.abandon_cap / 100)
    return Snapshot(
        mode=settings.mode,
        limits=limits,
        active_calls=load.active_calls,
        accepted=settings.max_calls,  # a claim takes those only who were accepted
        agents_free=load.agents_free,
        talking_since=_seconds(load.talking_since),
        wrap_up_since=_seconds(load.wrap_up_since),
        ringing_since=_seconds(load.ringing_since),
        waiting=load.waiting,
        talk_mean_s=recent.talk_mean_s,
        wrap_up_s=load.wrap_up_s,
        rings=RingTimes(recent.answered_after, recent.unanswered_after),
        last_24_h=Tally(recent.last_24_h.answered, recent.last_24_h.abandoned),
        last_30_days=Tally(recent.last_30_days.answered, recent.last_30_days.abandoned),
    )


def _seconds(instants: Sequence[datetime]) -> list[float]:
    return [instant.timestamp() for instant in instants]
