"""Corrections of the time zones in the metadata of `phonenumbers`, by the tz database. Pure.

The metadata names another country's zone where that had the same time once (Morocco as the Canary Islands), or leaves
out a zone of a country. A test compares all example numbers with the tz database, and fails when either changes.
"""

from collections.abc import Mapping

_RUSSIA = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Novosibirsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Sakhalin", "Asia/Magadan",
    "Asia/Kamchatka", "Asia/Anadyr",
)  # fmt: skip
_CHILE = ("America/Santiago", "America/Punta_Arenas", "America/Coyhaique", "Pacific/Easter")
_CHINA = ("Asia/Shanghai", "Asia/Urumqi")
_AUSTRALIA = (
    "Australia/Sydney", "Australia/Lord_Howe", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin",
    "Australia/Perth", "Australia/Eucla", "Indian/Christmas", "Indian/Cocos",
)  # fmt: skip

PREFIXES: Mapping[str, tuple[str, ...]] = {
    "211": ("Africa/Juba",),
    "212": ("Africa/Casablanca",),
    "213": ("Africa/Algiers",),
    "218": ("Africa/Tripoli",),
    "380": ("Europe/Kyiv", "Europe/Simferopol"),
    **{f"380{first}": ("Europe/Kyiv",) for first in (3, 4, 5)},
    **{f"3806{second}": ("Europe/Kyiv",) for second in (1, 2, 4)},
    "38065": ("Europe/Simferopol",),
    "38069": ("Europe/Simferopol",),
    "505": ("America/Managua",),
    "299": ("America/Danmarkshavn", "America/Godthab", "America/Scoresbysund", "America/Thule"),
    "52": (
        "America/Cancun", "America/Ciudad_Juarez", "America/Matamoros", "America/Mazatlan", "America/Mexico_City",
        "America/Ojinaga", "America/Tijuana",
    ),
    "52201": ("America/Cancun", "America/Mexico_City"),
    "56": _CHILE,
    "5632": ("America/Santiago", "Pacific/Easter"),
    "5639": ("Pacific/Easter",),
    "5661": ("America/Punta_Arenas",),
    "5667": ("America/Coyhaique",),
    "569": _CHILE,
    "61": _AUSTRALIA,
    "617": ("Australia/Brisbane", "Australia/Sydney"),
    "618": ("Australia/Adelaide", "Australia/Darwin", "Australia/Perth"),
    "6187": ("Australia/Adelaide", "Australia/Darwin"),
    "6188": ("Australia/Adelaide", "Australia/Darwin"),
    "61889": ("Australia/Darwin",),
    "675": ("Pacific/Bougainville", "Pacific/Port_Moresby"),
    "7": _RUSSIA,
    "740": ("Europe/Kaliningrad",),
    "7840": ("Europe/Moscow",),
    "86": _CHINA,
    "8690": _CHINA,
    "8699": _CHINA,
    "970": ("Asia/Gaza", "Asia/Hebron"),
}  # fmt: skip
"""First digits → zones, instead of those of the metadata. Longer prefixes of the metadata still count."""

OFFICIAL: Mapping[str, str] = {"CN": "Asia/Shanghai", "UA": "Europe/Kyiv"}
"""Countries with one official time, though a part of them keeps another."""
