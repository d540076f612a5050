"""The parameters of a simulation: how often each fault strikes, the campaigns, and what must occur at least once."""

import random
from dataclasses import dataclass
from datetime import timedelta

from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import FrequencyCap, MachineDetection, Mode, RetryRule
from tongdai.campaigns.settings.windows import Span
from tongdai.ids import QueueId
from tongdai.queues.model import Destination, DestinationKind, QueueRules, Selector, Strategy
from tongdai.switch.simulated.client import Faults

QUEUE, VIP_QUEUE, REFUSED_QUEUE = QueueId(7), QueueId(8), QueueId(9)
"""Callers of the first two are served by the agents of the campaigns, and those of the VIP queue first."""
MAX_WAIT_S = 120
QUEUES = {
    "1900001": QueueRules(
        queue_id=QUEUE, name="Sales", join_empty=True, leave_empty_after_s=None, max_wait_s=MAX_WAIT_S, max_length=40,
        selector=Selector.RING_ALL,
    ),
    "1900002": QueueRules(
        queue_id=VIP_QUEUE, name="VIP", strategy=Strategy.VIP, vip_head_start_s=45, join_empty=True,
        leave_empty_after_s=None, max_wait_s=MAX_WAIT_S,
        overflow=Destination(DestinationKind.QUEUE, str(QUEUE)),
    ),
    "1900003": QueueRules(queue_id=REFUSED_QUEUE, name="Refused", strategy=Strategy.BLACKLIST),
}  # fmt: skip
"""By called number."""
CALLED = ["1900001", "1900001", "1900002", "1900002", "1900003"]
"""The numbers that callers ring, each as often as it stands here."""
PHONES = tuple(f"boss{n}" for n in range(5))
"""Phones that are no agent's: those of supervisors and colleagues."""
ZONES = ("", "Asia/Ho_Chi_Minh", "America/New_York,America/Chicago")
SOUNDS = {"sound:hello-world": 3.0, "sound:offer": 12.0, "sound:sorry": 4.0}
START_S = 3.0
"""The longest time until a process that ended is started again."""
CALM = Faults()
STORM = Faults(
    originate_late=0.05,
    originate_conflict=0.02,
    error=0.02,
    request_lost=0.03,
    reply_lost=0.03,
    event_lost=0.03,
    event_doubled=0.05,
    event_late=0.1,
)
SOMETIMES = (
    "originate_late", "originate_conflict", "error", "request_lost", "reply_lost", "event_lost", "event_doubled",
    "event_late", "unheard",
    "answered", "no_answer", "busy", "failed", "invalid_number", "machine", "abandoned", "cancelled", "lost", "dnc",
    "out_of_window",
    "crashed before a step", "crashed after a step", "crashed before a request", "crashed after a request",
    "stopped", "taken over",
    "store refused", "store answer lost", "store slow", "store away", "store broken",
    "connection cut", "switch restarted",
    "campaign paused", "campaign resumed", "dialing held", "dialing held while claimed",
    "sound not played", "campaign paused itself",
    "listed while pending", "listed while in call", "listed while claimed",
    "contact deleted", "contact not deleted", "agents left in bulk", "agent hung up", "preview accepted",
    "call adopted", "orphaned channel hung up", "agent reserved", "originate unknown", "originate refused",
    "adopted talking", "adopted dialing", "retried", "two campaigns one number",
    "caller answered", "caller abandoned", "caller overflow", "caller lost", "caller refused", "caller adopted",
    "caller offered", "caller sent on", "agent paused", "agent paused next", "agent ready again",
    "phone busy elsewhere", "phone free again", "own call on a connected phone", "own call during a call",
    "caller offered to several", "phone answered_elsewhere",
    "phone answered", "phone no_answer", "phone rejected", "phone caller_gone",
)  # fmt: skip
"""Situations that must occur at least once over a number of seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often things happen. `…_s`: the mean seconds between two of a kind; 0: never."""

    minutes: float = 20
    quiet_s: float = 900
    """At the end, after which nothing is live."""
    contacts: int = 300
    agents: int = 8
    """Agents whose phones stay connected."""
    ringing_agents: int = 3
    """Agents whose phones ring for each caller."""
    crash_s: float = 90
    stop_s: float = 300
    take_over_s: float = 400
    cut_s: float = 150
    restart_s: float = 400
    away_s: float = 300
    pause_s: float = 60
    hold_s: float = 150
    list_s: float = 8
    delete_s: float = 4
    add_s: float = 3
    leave_s: float = 240
    hang_up_s: float = 60
    preview_s: float = 5
    callers_per_hour: float = 400
    agent_pause_s: float = 20
    own_call_s: float = 15
    """Between two calls on agents' phones that are not ours."""
    acts_s: float = 0
    """Between two acts on live calls: transfers, consults, take-overs. 0: nobody's call is handed over."""
    crash_in_act: float = 0.3
    """Share of acts within which, or soon afterwards, the process crashes, if it crashes at steps."""
    crash_after: str = "begin"
    """The step of a store with which an act begins, for that."""
    crash_within: int = 25
    """It crashes at most so many steps after that one, some of them of other calls: an act is mostly done by then."""
    faults_s: float = 120
    """Between two changes of the faults of the connection."""
    store_refuses: float = 0.004
    """Share of steps of the store that are not done, and raise ConnectionError."""
    store_answer_lost: float = 0.004
    """Share of steps that are done, and raise ConnectionError."""
    store_slow: float = 0.004
    store_breaks: float = 0.01
    """Share of dials that raise an unexpected error."""
    slow_claims: float = 0.05
    """Share of claims and dials for which the database takes long."""
    crash_at_step: bool = True
    stormy: bool = True
    check_sounds: bool = False


HANDED_OVER = Plan(
    minutes=5, crash_s=120, stop_s=0, take_over_s=0, cut_s=0, restart_s=0, away_s=0, pause_s=0, faults_s=0, hold_s=0,
    store_refuses=0, store_answer_lost=0, store_slow=0, store_breaks=0, slow_claims=0, stormy=False, acts_s=1.5,
)  # fmt: skip
"""Calls are handed over, and nothing fails but processes, at any step: what the rows say is what the switch did."""


def campaigns(rng: random.Random) -> list[CallSettings]:
    """One campaign of each mode, with short rules, so that an hour shows what otherwise takes days."""
    quick = {
        "no_answer": RetryRule(timedelta(minutes=2), 3),
        "busy": RetryRule(timedelta(minutes=1), 3),
        "failed": RetryRule(timedelta(seconds=30), 4),
        "abandoned": RetryRule(timedelta(minutes=3), 1),
        "machine": RetryRule(timedelta(minutes=2), 2),
    }
    day = tuple(Span(opens, opens + rng.randrange(1, 4)) for opens in range(0, 1440, 4))
    return [
        CallSettings(retries=quick, audio_file=rng.choice(("offer", None, "missing")), max_calls=15),
        CallSettings(
            mode=Mode.PREDICTIVE, queue_id=QUEUE, retries=quick, abandon_file=rng.choice(("sorry", None)), max_calls=60,
            calls_per_second=20, abandon_cap=30.0, machine_detection=MachineDetection.HANG_UP,
        ),
        CallSettings(mode=Mode.PROGRESSIVE, queue_id=QUEUE, retries=quick, windows=(day,) * 7, priority=5),
        CallSettings(mode=Mode.PREVIEW, queue_id=QUEUE, retries=quick, contact_cap=FrequencyCap(3, timedelta(hours=1))),
        CallSettings(
            retries=quick, windows=(day,) * 7, number_cap=FrequencyCap(2, timedelta(minutes=5)),
            machine_detection=MachineDetection.HANG_UP,
        ),
    ]  # fmt: skip
