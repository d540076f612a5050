"""Settings in answers and in the OpenAPI document."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.kinds import STRUCT_SCHEMAS, Cap, NumberCeiling, Retries, Retry, Window, Windows
from tongdai.campaigns.settings.model import SETTINGS, CallSettings, described
from tongdai.campaigns.settings.windows import Week

S = TypeVar("S", bound=msgspec.Struct)

_EFFECTIVE: dict[str, Any] = {
    "effectiveWindows": Annotated[
        list[Window],
        Meta(description="The calling windows in effect: those of the campaign within the preset's."),
    ],
    "effectiveRetryRules": Annotated[
        dict[str, Retry],
        Meta(description="The retry rules in effect, by outcome: the campaign's or the defaults."),
    ],
    "effectiveNumberCeilings": Annotated[
        list[NumberCeiling],
        Meta(description="The frequency caps in effect for a number: those of the campaign and of the preset."),
    ],
}


def with_settings(base: type[S]) -> type[S]:
    """A struct of that name with the fields of `base`, one for each setting, and the rules in effect."""
    shown = [
        (one.wire, described(one, one.kind.wire | None if one.nullable else one.kind.wire, one.kind.schema))
        for one in SETTINGS
    ]
    made: Any = msgspec.defstruct(base.__name__, [*shown, *_EFFECTIVE.items()], bases=(base,), kw_only=True)
    return made


def windows_in_force(settings: CallSettings, hours: Week | None) -> list[Window]:
    """When a campaign may call, in the contact's local time; `hours` are those of its tenant."""
    return Windows().show(rules.week(rules.in_force(settings, hours)))


def settings_shown(settings: CallSettings, hours: Week | None) -> dict[str, Any]:
    """The fields that `with_settings` adds; `hours` are the tenant's calling hours."""
    found: dict[str, Any] = {}
    for one in SETTINGS:
        value = getattr(settings, one.name)
        found[one.wire] = None if one.nullable and value == one.default else one.kind.show(value)
    return found | {
        "effectiveWindows": windows_in_force(settings, hours),
        "effectiveRetryRules": Retries().show(rules.retries(settings)),
        "effectiveNumberCeilings": [Cap(ever=False).show(cap) for cap in rules.number_caps(settings)],
    }


SETTINGS_SCHEMA: dict[str, dict[str, Any]] = {one.wire: dict(one.kind.schema) for one in SETTINGS}
"""Limits of the fields that a request may send, for `Endpoint.refine` of the struct that has them."""
STRUCTS_SCHEMA = {
    name: {part: dict(words) for part, words in schema.items()} for name, schema in STRUCT_SCHEMAS.items()
}
"""Limits of the structs within them."""
REQUEST_SAMPLE: dict[str, Any] = {
    "purpose": "advertising",
    "dialingMode": "agentless",
    "audioFile": "spring-offer",
    "callerId": "1900636363",
    "trunk": "carrier",
    "maxConcurrentCalls": 30,
    "preset": "vn_advertising",
    "callingWindows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "11:30"}],
    "retryRules": {"no_answer": {"afterMin": 120, "times": 2}},
    "contactCeiling": {"calls": 6, "periodHours": None},
}
