"""Valid and invalid values for every campaign setting, derived from its kind: a new setting needs no change here."""

from collections.abc import Callable
from typing import Any

from tongdai.campaigns.settings.kinds import Cap, Choice, Id, Integer, Percent, Retries, Text, Windows
from tongdai.campaigns.settings.model import SETTINGS


def window(days: list[str], opens: str, closes: str) -> dict[str, Any]:
    return {"days": days, "from": opens, "to": closes}


_EXAMPLES: dict[type, Callable[[Any], Any]] = {
    Choice: lambda kind: kind.words[-1],
    Text: lambda kind: kind.example,
    Integer: lambda kind: kind.least,
    Percent: lambda kind: 2.55,
    Windows: lambda kind: [
        window(["mon", "tue"], "09:00", "11:30"),
        window(["mon"], "13:00", "24:00"),
        window(["sun"], "08:00", "09:59"),
    ],
    Retries: lambda kind: {
        "no_answer": {"afterMin": 43200, "times": 100},
        "invalid_number": {"afterMin": 1, "times": 1},
    },
    Cap: lambda kind: {"calls": 6, "periodHours": None if kind.ever else 48},
}

NAMES = [setting.wire for setting in SETTINGS]


def examples(queue_id: int) -> dict[str, Any]:
    """All settings as sent, each with a value other than the default."""
    return {
        setting.wire: queue_id if isinstance(setting.kind, Id) else _EXAMPLES[type(setting.kind)](setting.kind)
        for setting in SETTINGS
    }


_MON = ["mon"]
_WRONG: dict[type, Callable[[Any], list[Any]]] = {
    Choice: lambda kind: ["", kind.words[0].upper(), "spam", 1, True],
    Text: lambda kind: ["", "a" * (kind.max_length + 1), f"{kind.example}\n", "a\0", "đ", "a b", "a&b", "a@b", 1900],
    Integer: lambda kind: [kind.least - 1, kind.most + 1, kind.least + 0.5, str(kind.least), 10**30, True],
    Percent: lambda kind: [-0.1, 100.1, "3", 1e300],
    Id: lambda kind: [0, -1, 10**18, 10**30, "1", 1.5, True],
    Windows: lambda kind: [
        [], {}, "always", [{}], [window([], "08:00", "09:00")], [window(["Monday"], "08:00", "09:00")],
        [window(_MON, "09:00", "09:00")], [window(_MON, "22:00", "02:00")], [window(_MON, "8:00", "9:00")],
        [window(_MON, "24:00", "24:00")], [window(_MON, "08:60", "09:00")], [window(_MON, "08:00", "24:01")],
        [window(_MON, "08:00\n", "09:00")], [window(_MON * 8, "08:00", "09:00")],
        [window(_MON, "08:00", "09:00") | {"zone": "UTC"}], [window(_MON, "08:00", "09:00")] * 101, [None],
    ],
    Retries: lambda kind: [
        [], {"answered": {"afterMin": 1, "times": 1}}, {"lost": {"afterMin": 1, "times": 1}}, {"busy": None},
        {"busy": {"afterMin": 0, "times": 1}}, {"busy": {"afterMin": 43_201, "times": 1}},
        {"busy": {"afterMin": 1, "times": 101}}, {"busy": {"afterMin": 1, "times": -1}}, {"busy": {"afterMin": 1}},
        {"busy": {"afterMin": 1, "times": 1, "x": 1}}, {"": {"afterMin": 1, "times": 1}},
    ],
    Cap: lambda kind: [
        0, {}, {"calls": 0, "periodHours": 1}, {"calls": 1001, "periodHours": 1}, {"calls": 1, "periodHours": 0},
        {"calls": 1, "periodHours": 8761}, *([] if kind.ever else [{"calls": 1}, {"calls": 1, "periodHours": None}]),
    ],
}  # fmt: skip
_MORE_WRONG: dict[str, list[Any]] = {
    "callerId": ["0901@evil", "12", "1" * 16, "+", "++123", "090 123", "٠١٢٣", "0901;x=1"],
    "trunk": ["a&PJSIP/1900", "a/b", "PJSIP/a", "a,30", "${EXTEN}"],
    "audioFile": ["/var/spool/asterisk/monitor/x", "../../etc/passwd", "http://evil.example/a.wav", "/", "a//b",
                  "a/../b", ".hidden", "a/", "sound:a", "C:\\a"],
    "abandonFile": ["..", "/a", "recording:a"],
    "recordingAnnouncement": ["..", "/a", "sound:a"],
}  # fmt: skip
"""Values that would be dangerous in that setting."""

WRONG: list[tuple[str, Any]] = [
    (setting.wire, value)
    for setting in SETTINGS
    for value in (
        *_WRONG[type(setting.kind)](setting.kind),
        *_MORE_WRONG.get(setting.wire, []),
        *([] if setting.nullable else [None]),
    )
]
"""Settings by name with values that are refused."""
