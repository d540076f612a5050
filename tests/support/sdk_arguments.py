"""Arguments of the SDK's methods for settings and menus of queues, and for live calls: all that each method takes."""

from datetime import UTC, date, datetime
from typing import Any

from tongdai_client import (
    CallerDestination,
    HolidayChange,
    NewMenu,
    OpeningWindow,
    QueueSettingsChange,
    SkillNeeded,
    WallboardThreshold,
    WallboardThresholds,
    operations,
)
from tongdai_client.operation import Operation

WINDOW = OpeningWindow(["mon"], "08:00", "12:00")
DESTINATION = CallerDestination(kind="hang_up")
CHANGED_DAY = HolidayChange(day=date(2027, 1, 1), name="a", open=[], removed=False, reset=False)
MENU = NewMenu(name="a", greeting="a", options={"1": DESTINATION}, otherwise=DESTINATION)
QUEUE_SETTINGS = QueueSettingsChange(
    name="a",
    strategy=1,
    moh_file_id="a.wav",
    max_wait_sec=5,
    announce_position=True,
    number="1900",
    max_length=5,
    when_full=DESTINATION,
    join_empty=True,
    leave_empty_after_sec=5,
    when_empty=DESTINATION,
    overflow=DESTINATION,
    divert_to=DESTINATION,
    locked=DESTINATION,
    agent_selector="linear",
    skills=[SkillNeeded("tieng-anh", 5)],
    skills_for_sec=60,
    preferred_agent_days=7,
    preferred_agent_patience_sec=15,
    inbound_reserve=1,
    ring_timeout_sec=15,
    auto_pause_after=3,
    announce_wait=True,
    announce_every_sec=30,
    language="vi",
    service_level_sec=20,
    callback_offered=True,
    callback_key="9",
    callback_mode="customer_first",
    callback_expires_sec=3600,
    vip_head_start_sec=600,
    menu_id=1,
    recording="all",
    recording_announcement="tongdai/recorded",
)
_FLAGS = {"success": True, "callback": True, "do_not_call": True, "number_unusable": True}
_RULE = {"mode": "timed", "timed_sec": 30, "code_ids": [1]}
_CALLBACK = {"callback_id": "7c1d0f9e-3b58-4a3b-9d55-0f4b0a3d9c22"}
_KEPT_FOR = {"due_at": datetime(2027, 1, 1, tzinfo=UTC), "agent_id": 1, "patience_sec": 60}
_MISSED = {"call_id": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"}
OF_PEOPLE: dict[str, dict[str, Any]] = {
    "users": {"page_size": 20},
    "audit": {
        "user_id": 1,
        "key_id": 1,
        "action": "campaign.start",
        "subject": "campaign 1042",
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "before": datetime(2027, 1, 1, tzinfo=UTC),
        "page_size": 20,
    },
    "user": {"user_id": 1},
    "create_user": {
        "name": "a",
        "login": "a@example.com",
        "role": "agent",
        "password": "a long password",
        "agent_id": 1,
        "team_ids": [1],
    },
    "update_user": {"user_id": 1, "name": "a", "role": "agent", "agent_id": 1, "team_ids": [1], "disabled": True},
    "delete_user": {"user_id": 1},
    "create_reset_link": {"user_id": 1},
    "user_sessions": {"user_id": 1},
    "end_user_sessions": {"user_id": 1},
    "end_user_session": {"user_id": 1, "session_id": 2},
    "teams": {},
    "create_team": {"name": "a", "team_id": 1},
    "update_team": {"team_id": 1, "name": "a"},
    "delete_team": {"team_id": 1},
}
_BOARD = {
    "name": "a",
    "tiles": ["agents"],
    "queue_ids": [1],
    "thresholds": WallboardThresholds(waiting=WallboardThreshold(1, 2)),
    "language": "vi",
    "theme": "dark",
}
OF_PEOPLE |= {
    "wallboards": {},
    "create_wallboard": _BOARD,
    "update_wallboard": {"wallboard_id": 1} | _BOARD,
    "revoke_wallboard": {"wallboard_id": 1},
}
_WEBHOOK = {
    "url": "https://a.example",
    "events": ["call.ended"],
    "description": "a",
    "body": "tongdai",
    "authorization": "a",
}
OF_PEOPLE |= {
    "webhooks": {},
    "webhook": {"webhook_id": 1},
    "create_webhook": _WEBHOOK,
    "update_webhook": {"webhook_id": 1, "enabled": True} | _WEBHOOK,
    "delete_webhook": {"webhook_id": 1},
    "rotate_webhook_secret": {"webhook_id": 1, "overlap_hours": 1},
    "test_webhook": {"webhook_id": 1},
    "webhook_deliveries": {"webhook_id": 1, "state": "failed", "page_size": 10},
    "webhook_delivery": {"webhook_id": 1, "delivery_id": 1},
    "replay_webhook_delivery": {"webhook_id": 1, "delivery_id": 1},
    "replay_webhook": {
        "webhook_id": 1,
        "since": _KEPT_FOR["due_at"],
        "before": _KEPT_FOR["due_at"],
        "state": "failed",
        "ended_before": _KEPT_FOR["due_at"],
    },
}
OF_WRAP_UP: dict[str, dict[str, Any]] = {
    "missed_calls": {
        "queue_id": 1,
        "state": "open",
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "before": datetime(2027, 1, 1, tzinfo=UTC),
        "page_size": 20,
    },
    "callbacks": {
        "queue_id": 1,
        "state": "pending",
        "agent_id": 1,
        "due_from": datetime(2026, 1, 1, tzinfo=UTC),
        "due_before": datetime(2027, 1, 1, tzinfo=UTC),
        "page_size": 20,
    },
    "create_callback": {"queue_id": 1, "phone_number": "0901234567", "note": "a"} | _KEPT_FOR,
    "change_callback": _CALLBACK | _KEPT_FOR,
    "cancel_callback": _CALLBACK,
    "claim_missed_call": _MISSED | {"agent_id": 1},
    "release_missed_call": _MISSED,
    "close_missed_call": _MISSED,
    "preview": {"agent_id": 1},
    "skip_preview": {"agent_id": 1, "reason": "a"},
    "agent_today": {"agent_id": 1},
    "pause_reasons": {},
    "set_pause_reasons": {"reasons": ["a"]},
    "numbers": {"page_size": 20},
    "caller_ids": {},
    "wrap_up_codes": {},
    "create_wrap_up_code": {"name": "a"} | _FLAGS,
    "update_wrap_up_code": {"code_id": 1, "name": "a"} | _FLAGS,
    "delete_wrap_up_code": {"code_id": 1},
    "campaign_wrap_up": {"campaign_id": 1},
    "set_campaign_wrap_up": {"campaign_id": 1} | _RULE,
    "queue_wrap_up": {"queue_id": 1},
    "set_queue_wrap_up": {"queue_id": 1} | _RULE,
    "wrap_up_call": {
        "call_id": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
        "code_id": 1,
        "note": "a",
        "callback_at": datetime(2030, 1, 1, tzinfo=UTC),
        "callback_agent_id": 1,
        "callback_patience_sec": 60,
        "end_wrap_up": False,
    },
    "wrap_up_counts": {
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "before": datetime(2027, 1, 1, tzinfo=UTC),
        "campaign_id": 1,
        "queue_id": 1,
        "agent_id": 1,
    },
}
_PERIOD = {"since": date(2026, 3, 10), "before": datetime(2026, 3, 11, tzinfo=UTC), "interval": "60"}
OF_QUEUES: dict[str, dict[str, Any]] = {
    "queue_report": {
        "since": date(2026, 3, 10),
        "before": datetime(2026, 3, 11, tzinfo=UTC),
        "interval": "60",
        "queue_id": 1,
        "service_level_sec": 30,
    },
    "agent_report": _PERIOD | {"agent_id": 1, "team_id": 1},
    "offer_report": _PERIOD | {"queue_id": 1, "agent_id": 1, "team_id": 1},
    "missed_report": _PERIOD | {"queue_id": 1},
    "campaign_report": _PERIOD | {"campaign_id": 1},
    "import_report": _PERIOD | {"campaign_id": 1},
    "call_logs": {
        "phone_number": "0901234567",
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "until": datetime(2027, 1, 1, tzinfo=UTC),
        "call_type": 0,
        "page": 1,
        "limit": 50,
    },
    "queue_settings": {"queue_id": 1},
    "update_queue_settings": {"queue_id": 1, "settings": QUEUE_SETTINGS},
    "sounds": {"kind": "music", "page_size": 20},
    "upload_sound": {"file": "a.wav", "name": "a.wav", "kind": "prompt", "language": "vi"},
    "rename_sound": {"sound_id": 1, "name": "b.wav"},
    "delete_sound": {"sound_id": 1},
    "menus": {"page_size": 20},
    "menu": {"menu_id": 1},
    "create_menu": {"menu": MENU},
    "replace_menu": {"menu_id": 1, "menu": MENU},
    "delete_menu": {"menu_id": 1},
    "opening_hours": {"queue_id": 1},
    "default_opening_hours": {},
    "set_opening_hours": {"queue_id": 1, "windows": [WINDOW], "observes_holidays": True, "after_hours": DESTINATION},
    "set_default_opening_hours": {"windows": [WINDOW], "observes_holidays": True, "after_hours": DESTINATION},
    "close_queue": {"queue_id": 1, "until": datetime(2030, 1, 1, tzinfo=UTC), "note": "a"},
    "close_queues": {"until": datetime(2030, 1, 1, tzinfo=UTC), "note": "a"},
    "open_queue": {"queue_id": 1},
    "open_queues": {},
    "holidays": {"year": 2027},
    "change_holidays": {"changes": [CHANGED_DAY]},
}

_CALL = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"
OF_LIVE_CALLS: dict[str, dict[str, Any]] = {
    "campaign_timeline": {
        "campaign_id": 1,
        "step": "hour",
        "since": datetime(2026, 3, 10, tzinfo=UTC),
        "before": datetime(2026, 3, 11, tzinfo=UTC),
    },
    "transfer_call": {
        "call_id": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11",
        "queue_id": 7,
        "agent_id": 12,
        "number": "0901234567",
    },
    "hold_call": {"call_id": _CALL, "max_sec": 120},
    "call": {"call_id": _CALL},
    "delete_recording": {"call_id": _CALL},
    "hold_recording": {"call_id": _CALL, "reason": "Case 17"},
    "release_recording": {"call_id": _CALL},
    "recording_link": {"call_id": _CALL, "seconds": 60},
    "resume_call": {"call_id": _CALL},
    "mute_call": {"call_id": _CALL},
    "unmute_call": {"call_id": _CALL},
    "listen_to_call": {"call_id": _CALL, "endpoint": "sup"},
    "whisper_in_call": {"call_id": _CALL, "endpoint": "sup"},
    "barge_into_call": {"call_id": _CALL, "endpoint": "sup"},
    "leave_call": {"call_id": _CALL, "endpoint": "sup"},
    "take_over_call": {"call_id": _CALL, "endpoint": "sup"},
    "consult": {
        "call_id": _CALL,
        "agent_id": 1,
        "number": "0901234567",
        "endpoint": "a",
    },
    "complete_consult": {"call_id": _CALL},
    "cancel_consult": {"call_id": _CALL},
    "join_conference": {"call_id": _CALL},
    "send_dtmf": {"call_id": _CALL, "digits": "1w2#"},
    "hang_up_call": {"call_id": _CALL},
}
OF_LISTS: dict[str, dict[str, Any]] = {
    "create_contact_list": {"campaign_id": 1, "name": "a"},
    "rename_contact_list": {"campaign_id": 1, "list_id": 2, "name": "a"},
    "delete_contact_list": {"campaign_id": 1, "list_id": 2},
}
OF_LISTS |= {
    "archive_campaign": {"campaign_id": 1},
    "unarchive_campaign": {"campaign_id": 1},
    "put_contact": {
        "campaign_id": 1,
        "phone_number": "0901",
        "name": "a",
        "list_id": 1,
        "external_id": "b",
        "attributes": {"c": 1},
        "time_zone": "UTC",
    },
    "changed_contacts": {"since": datetime(2027, 1, 1, tzinfo=UTC), "cursor": "abc", "page_size": 20},
    "changed_calls": {"since": datetime(2027, 1, 1, tzinfo=UTC), "cursor": "abc", "page_size": 20},
    "search_contacts": {"phone_number": "0901", "external_id": "a", "name": "b", "page_size": 20},
    "customer": {"customer_id": 1},
    "export_customer": {"customer_id": 1},
}
_CHOSEN: dict[str, Any] = {"contact_ids": [2], "list_id": 3, "call_status": ["busy"], "dry_run": True, "after": 4}
STEPS: dict[str, Operation[Any]] = {
    "call_again": operations.contacts.call_again_step(1, **_CHOSEN),
    "erase_customer": operations.contacts.erase_step(1, keep_do_not_call=True, after="1:2"),
    "delete_contacts": operations.contacts.delete_contacts_step(1, **_CHOSEN),
    "change_contacts": operations.contacts.change_contacts_step(
        1, **_CHOSEN, name="a", external_id="b", attributes={"c": 1}
    ),
    "move_contacts": operations.contacts.move_contacts_step(1, 5, **_CHOSEN),
}
"""Methods that send several requests, and one that they send."""
