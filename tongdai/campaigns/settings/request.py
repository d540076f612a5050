"""Settings in the body of a request: checked, and applied to those of a campaign."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.model import SETTINGS, CallSettings, described
from tongdai.campaigns.settings.rules import Problem
from tongdai.campaigns.settings.values import Preset, Purpose
from tongdai.errors import InvalidInput

S = TypeVar("S", bound=msgspec.Struct)
Sent = Mapping[str, Any]
"""Settings by their names on the wire, those that were sent; None is null."""


def with_settings(base: type[S]) -> type[S]:
    """A struct of that name with the fields of `base`, and one for each setting, which may be left out."""
    sent = [
        (one.wire, described(one, one.kind.wire | UnsetType | (None if one.nullable else UnsetType)), UNSET)
        for one in SETTINGS
    ]
    made: Any = msgspec.defstruct(base.__name__, sent, bases=(base,), kw_only=True, forbid_unknown_fields=True)
    return made


def sent_of(body: msgspec.Struct) -> Sent:
    """The settings in a struct made by `with_settings`."""
    values = {one.wire: getattr(body, one.wire) for one in SETTINGS}
    return {name: value for name, value in values.items() if value is not UNSET}


def check(sent: Sent) -> None:
    """Raise InvalidInput for a value that is wrong whatever the campaign."""
    replaced(CallSettings(), sent)


def changed(settings: CallSettings, sent: Sent, country: str) -> CallSettings:
    """Apply what was sent to a campaign of a tenant of that country; InvalidInput names what is wrong or missing.

    Whether the tenant has the queue is not checked. Advertising without a preset gets the preset of the country.
    """
    made = replaced(settings, sent)
    if "preset" not in sent:
        made = _with_preset(made, country)
    for problem in rules.problems(made, country):
        raise InvalidInput(_explain(problem, made, country))
    return made


def replaced(settings: CallSettings, sent: Sent) -> CallSettings:
    """Apply what was sent without asking whether the settings go together; InvalidInput for a value that is wrong."""
    values: dict[str, Any] = {}
    for one in SETTINGS:
        if one.wire in sent:
            value = sent[one.wire]
            values[one.name] = one.default if value is None else one.kind.parse(one.wire, value)
    return replace(settings, **values)


def _with_preset(settings: CallSettings, country: str) -> CallSettings:
    """Give advertising that names neither a preset nor windows the preset of its country."""
    if settings.purpose is not Purpose.ADVERTISING or rules.is_law(settings.preset):
        return settings
    preset = rules.advertising_preset(country)
    if preset is None and settings.windows is None:
        known = ", ".join(filter(rules.is_law, Preset))
        raise InvalidInput(f"Advertising from {country} needs a preset ({known}) or callingWindows: send one")
    return settings if preset is None else replace(settings, preset=preset)


def _explain(problem: Problem, settings: CallSettings, country: str) -> str:
    match problem:
        case Problem.NO_QUEUE:
            return f"dialingMode {settings.mode} needs a queueId: the queue whose agents talk"
        case Problem.NO_PRESET:
            lawful = f"{Preset.VN_ADVERTISING} or {Preset.US_TELEMARKETING}"
            return f"preset must be {lawful} for advertising from {country}, not {settings.preset}"
        case Problem.NEVER_OPEN:
            return f"callingWindows leave no time to call: none of them is within those of preset {settings.preset}"
