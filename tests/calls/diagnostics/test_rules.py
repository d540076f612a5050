"""The rules that tell why a contact or a campaign is not being called, without a database or a clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tongdai.calls.diagnostics.rules import (
    IN_CALL_PAUSE,
    Blocker,
    CampaignState,
    ContactState,
    PendingReason,
    Rules,
    ZoneCount,
    blockers,
    next_call_at,
    reason_of,
    waiting,
)
from tongdai.calls.model import LiveAnswers
from tongdai.campaigns.model import PauseReason, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import Mode, Preset
from tongdai.campaigns.settings.windows import Span
from tongdai.ids import QueueId
from tongdai.switches.model import DEFAULT, Kind, Switch

NOON = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
"""A Tuesday, 12:00 in Vietnam."""
NIGHT = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
"""23:00 in Vietnam."""
HOUR = timedelta(hours=1)
VIETNAM = "Asia/Ho_Chi_Minh"
WORKDAYS = ((Span(8 * 60, 17 * 60),),) * 7
ALIVE = Switch(
    DEFAULT, "default", Kind.SIMULATED, "simulated", "tongdai", "here", connected=True, alive_at=NOON, running=True,
    live_calls=3, placed_10s=0,
)  # fmt: skip


def rules(now: datetime = NOON, settings: CallSettings = CallSettings(windows=WORKDAYS)) -> Rules:  # noqa: B008
    return Rules(settings, VIETNAM, now)


def contact(**changes: Any) -> ContactState:
    return replace(ContactState(VIETNAM, NOON - HOUR), **changes)


# Contacts


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, PendingReason.CALLABLE_NOW),
        ({"on_dnc": True}, PendingReason.DO_NOT_CALL),
        ({"due_at": NOON + HOUR}, PendingReason.WAITING_FOR_RETRY),
        ({"zone": "America/New_York"}, PendingReason.WAITING_FOR_WINDOW),
        ({"number_in_call": True}, PendingReason.NUMBER_IN_CALL),
        ({"capped_until": NOON + HOUR}, PendingReason.OVER_NUMBER_CAP),
    ],
)
def test_contact_has_the_reason_that_keeps_it(changes: dict[str, Any], reason: PendingReason) -> None:
    assert reason_of(rules(), contact(**changes)) is reason


def test_first_of_several_reasons_is_the_one_that_lasts_longest() -> None:
    every = {
        "on_dnc": True,
        "due_at": NIGHT + HOUR,
        "number_in_call": True,
        "capped_until": NIGHT + HOUR,
    }
    found = []
    for name in every:
        found.append(reason_of(rules(NIGHT), contact(**every)))
        every[name] = getattr(contact(), name)
    assert found == [
        PendingReason.DO_NOT_CALL,
        PendingReason.WAITING_FOR_RETRY,
        PendingReason.WAITING_FOR_WINDOW,
        PendingReason.WAITING_FOR_WINDOW,
    ]


def test_zone_is_unknown_only_where_the_preset_needs_one() -> None:
    us = CallSettings(preset=Preset.US_TELEMARKETING)
    assert reason_of(rules(settings=us), contact(zone="")) is PendingReason.ZONE_UNKNOWN
    assert reason_of(rules(), contact(zone="")) is PendingReason.CALLABLE_NOW


@pytest.mark.parametrize(
    ("now", "changes", "at"),
    [
        (NOON, {}, NOON),
        (NOON, {"due_at": NOON + HOUR}, NOON + HOUR),
        (NIGHT, {}, datetime(2026, 3, 11, 1, 0, tzinfo=UTC)),
        (NOON, {"number_in_call": True}, NOON + IN_CALL_PAUSE),
        (NOON, {"capped_until": NOON + 2 * HOUR}, NOON + 2 * HOUR),
        (NOON, {"capped_until": NIGHT}, datetime(2026, 3, 11, 1, 0, tzinfo=UTC)),
        (NOON, {"on_dnc": True}, None),
        (NOON, {"on_dnc": True, "dnc_until": NOON + HOUR}, NOON + HOUR),
    ],
)
def test_next_call_is_the_earliest_time_within_every_limit(
    now: datetime, changes: dict[str, Any], at: datetime | None
) -> None:
    assert next_call_at(rules(now), contact(**changes)) == at


def test_pending_contacts_are_counted_once_by_what_keeps_them() -> None:
    pending = [ZoneCount(VIETNAM, 10, 2), ZoneCount("America/New_York", 5, 1)]
    found = waiting(rules(), pending, [ZoneCount(VIETNAM, 3, 1)])
    assert (found.due, found.later, found.window, found.zone_unknown) == (6, 2, 4, 0)
    assert found.due + found.later + found.window + found.zone_unknown + 3 == 15
    assert (list(found.open_zones), list(found.known_zones)) == ([VIETNAM], [VIETNAM, "America/New_York"])
    assert found.next_open_at == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # 08:00 in New York


# Campaigns


def blocked(
    load: CampaignState, settings: CallSettings | None = None, switch: Switch = ALIVE, most: int = 10
) -> list[Blocker]:
    return blockers(settings or CallSettings(max_calls=5), load, switch, most)


RUNNING = CampaignState(Status.RUNNING, pending=1)
QUEUE = QueueId(7)


def test_campaign_that_paused_itself_says_why_and_one_that_somebody_paused_does_not() -> None:
    why = PauseReason.SOUND_NOT_PLAYED
    assert blocked(CampaignState(Status.PAUSED, 1, pause_reason=why)) == [Blocker.PAUSED, Blocker.SOUND_NOT_PLAYED]
    assert blocked(CampaignState(Status.PAUSED, 1)) == [Blocker.PAUSED]
    assert blocked(CampaignState(Status.RUNNING, 1, pause_reason=why)) == []


def test_running_campaign_with_pending_contacts_has_no_blocker() -> None:
    assert blocked(RUNNING) == []


@pytest.mark.parametrize(
    ("status", "blocker"),
    [(Status.INPROCESS, "not_started"), (Status.PAUSED, "paused"), (Status.STOPPED, "stopped")],
)
def test_campaign_that_does_not_run_says_so_first(status: Status, blocker: str) -> None:
    assert blocked(CampaignState(status, pending=0)) == [blocker, Blocker.NOTHING_PENDING]


@pytest.mark.parametrize(
    ("switch", "most", "expected"),
    [
        (replace(ALIVE, running=False), 10, [Blocker.DIALER_NOT_RUNNING]),
        (replace(ALIVE, connected=False), 10, [Blocker.SWITCH_AWAY]),
        (ALIVE, 3, [Blocker.SWITCH_FULL]),
        (ALIVE, 4, []),
    ],
)
def test_blocker_is_the_nearest_cause_of_dialer_and_switch(switch: Switch, most: int, expected: list[Blocker]) -> None:
    assert blocked(RUNNING, switch=switch, most=most) == expected


def test_campaign_at_its_maximum_of_calls_is_full() -> None:
    assert blocked(CampaignState(Status.RUNNING, 1, active_calls=4)) == []
    assert blocked(CampaignState(Status.RUNNING, 1, active_calls=5)) == [Blocker.AT_MAX_CALLS]


@pytest.mark.parametrize(
    ("mode", "queue_id", "agents", "accepted", "expected"),
    [
        (Mode.PROGRESSIVE, None, {}, 0, [Blocker.NO_QUEUE]),
        (Mode.PROGRESSIVE, QUEUE, {"offline": 3, "calling": 1}, 0, [Blocker.NO_AGENTS_SIGNED_IN]),
        (Mode.PROGRESSIVE, QUEUE, {"talking": 1}, 0, [Blocker.NO_AGENT_FREE]),
        (Mode.PROGRESSIVE, QUEUE, {"idle": 1}, 0, []),
        (Mode.PREDICTIVE, QUEUE, {"talking": 1}, 0, []),
        (Mode.PREVIEW, QUEUE, {"idle": 1}, 0, [Blocker.NO_PREVIEW_ACCEPTED]),
        (Mode.PREVIEW, QUEUE, {"idle": 1}, 1, []),
    ],
)
def test_modes_with_agents_need_them(
    mode: Mode, queue_id: QueueId | None, agents: dict[str, int], accepted: int, expected: list[Blocker]
) -> None:
    settings = CallSettings(mode=mode, queue_id=queue_id)
    assert blocked(CampaignState(Status.RUNNING, 1, agents=agents, accepted=accepted), settings) == expected


@pytest.mark.parametrize(
    ("mode", "live_answers", "reached"),
    [
        (Mode.PREDICTIVE, (LiveAnswers(1000, 30), LiveAnswers(9000)), True),
        (Mode.PREDICTIVE, (LiveAnswers(9000), LiveAnswers(1000, 30)), True),
        (Mode.PREDICTIVE, (LiveAnswers(1000, 29), LiveAnswers(9000)), False),
        (Mode.PREDICTIVE, (LiveAnswers(30_001, 900), LiveAnswers()), False),
        (Mode.PREDICTIVE, (LiveAnswers(), LiveAnswers()), False),
        (Mode.PROGRESSIVE, (LiveAnswers(100, 99),), False),
    ],
)
def test_abandonment_cap_concerns_predictive_alone(
    mode: Mode, live_answers: tuple[LiveAnswers, ...], reached: bool
) -> None:
    settings = CallSettings(mode=mode, queue_id=QUEUE, abandon_cap=3.0)
    found = blocked(CampaignState(Status.RUNNING, 1, agents={"idle": 1}, live_answers=live_answers), settings)
    assert found == ([Blocker.ABANDONMENT_CAP_REACHED] if reached else [])
