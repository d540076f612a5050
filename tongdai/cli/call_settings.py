"""Campaign settings as command-line options: parsed, and shown in the form that the options take."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from tongdai.campaigns.settings import request as settings_request
from tongdai.campaigns.settings import rules
from tongdai.campaigns.settings.kinds import (
    Cap,
    Choice,
    Id,
    Integer,
    Percent,
    Retries,
    Retry,
    Text,
    Window,
    Windows,
)
from tongdai.campaigns.settings.model import SETTINGS, CallSettings, Setting
from tongdai.campaigns.settings.request import Sent
from tongdai.campaigns.settings.values import EVER, RETRIES, FrequencyCap, RetryRule
from tongdai.campaigns.settings.windows import Week
from tongdai.cli.param_types import DURATION, ID, Pattern
from tongdai.errors import InvalidInput, OperatorError
from tongdai.local_time import DAYS

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_DAY = "|".join(DAYS)
_WINDOW = re.compile(
    rf"(?P<days>daily|(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*) +"
    r"(?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})"
)
_RETRY = re.compile(r"(?P<outcome>[a-z_]+)=(?:never|(?P<after>[0-9]+[smhd])\*(?P<times>[0-9]{1,3}))")
_CAP = re.compile(r"(?P<calls>[0-9]{1,4})(?:/(?P<period>[0-9]+[smhd]))?")


class _Cleared(click.ParamType[Any]):
    """The values of another type, and '' for None."""

    def __init__(self, kind: click.ParamType[Any]) -> None:
        self.name, self._kind = kind.name, kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "" else self._kind.convert(value, param, ctx)


class _WindowType(click.ParamType[Window]):
    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Window:
        written = _WINDOW.fullmatch(str(value))
        if written is None:
            self.fail(
                f"{value!r}: expected days and times, as in 'mon-fri 08:00-17:00' or 'daily 09:00-24:00'.", param, ctx
            )
        return Window(_days(written["days"]), written["from"], written["to"])


class _RetryType(click.ParamType[tuple[str, Retry]]):
    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Retry]:
        written = _RETRY.fullmatch(str(value))
        if written is None or written["outcome"] not in RETRIES:
            known = ", ".join(RETRIES)
            self.fail(f"{value!r}: expected OUTCOME=60m*3 or OUTCOME=never, the outcome one of {known}.", param, ctx)
        if written["after"] is None:
            return written["outcome"], Retry(0, 0)
        after = DURATION.convert(written["after"], param, ctx)
        if after % _MINUTE:
            self.fail(f"{value!r}: expected whole minutes.", param, ctx)
        return written["outcome"], Retry(after // _MINUTE, int(written["times"]))


class _CapType(click.ParamType[Any]):
    name = "cap"

    def __init__(self, kind: Cap) -> None:
        self._ever, self._struct = kind.ever, kind.wire

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        written = _CAP.fullmatch(str(value))
        period = DURATION.convert(written["period"], param, ctx) if written and written["period"] else None
        if written is None or (period is None and not self._ever) or (period is not None and period % _HOUR):
            alone = ", or 6 for calls in all time" if self._ever else ""
            self.fail(f"{value!r}: expected calls in hours or days, as in 1/24h or 6/7d{alone}.", param, ctx)
        return self._struct(int(written["calls"]), None if period is None else period // _HOUR)


_TYPES: Mapping[type[Any], Callable[[Any], click.ParamType[Any]]] = {
    Choice: lambda kind: click.Choice(kind.words),
    Text: lambda kind: Pattern("text", kind.pattern, kind.expected),
    Integer: lambda kind: click.IntRange(kind.least, kind.most),
    Percent: lambda kind: click.FloatRange(kind.least, kind.most),
    Id: lambda kind: ID,
    Windows: lambda kind: _WindowType(),
    Retries: lambda kind: _RetryType(),
    Cap: _CapType,
}
_FORMS: Mapping[type[Any], str] = {
    Windows: "As 'mon-fri 08:00-17:00'. Repeat for more.",
    Retries: "As no_answer=60m*3 or busy=never. Repeat for more.",
    Cap: "As 6/7d.",
}
"""Added to the help of an option, by kind."""


def _option(setting: Setting) -> Callable[[Callable[..., None]], Callable[..., None]]:
    kind = _TYPES[type(setting.kind)](setting.kind)
    meaning = setting.meaning.replace("Null:", "'':")
    return click.option(
        setting.option,
        setting.wire,
        metavar=setting.metavar,
        multiple=_repeated(setting),
        type=_Cleared(kind) if setting.nullable else kind,
        help=f"{meaning} {_FORMS.get(type(setting.kind), '')}".strip(),
    )


def _repeated(setting: Setting) -> bool:
    return isinstance(setting.kind, Windows | Retries)


def windows_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Add an argument of calling windows, any number of them, to a command."""
    return click.argument("windows", metavar="[WINDOW]...", nargs=-1, type=_WindowType())(command)


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of all settings to a command; `sent_by` reads those that were given."""
    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


def sent_by(options: dict[str, Any]) -> Sent:
    """The settings that the given options send; '' is null."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    given = {name: value for name, value in options.items() if context.get_parameter_source(name) is not default}
    for setting in SETTINGS:
        if setting.wire in given and _repeated(setting):
            values = _several(given[setting.wire], setting.option)
            given[setting.wire] = dict(values) if values and isinstance(setting.kind, Retries) else values
    return given


def _several(values: Iterable[Any], option: str) -> list[Any] | None:
    found = list(values)
    if None not in found:
        return found
    if len(found) > 1:
        raise click.UsageError(f"{option} '' clears them all: give it alone.")
    return None


def applied(settings: CallSettings, changes: Sent, country: str) -> CallSettings:
    """Apply changes to settings; OperatorError names the options when the settings contradict each other."""
    try:
        return settings_request.changed(settings, changes, country)
    except InvalidInput as error:
        raise OperatorError(naming_options(error.message)) from None


def naming_options(message: str) -> str:
    """A message about settings, with the names of their options in place of those in requests."""
    options = {setting.wire: setting.option for setting in SETTINGS}
    return re.sub(rf"\b({'|'.join(options)})\b", lambda found: options[found[0]], message)


def in_words(settings: CallSettings, windows: Week) -> dict[str, object]:
    """The settings in effect by the name of their option, in the form that the option takes."""
    effective: dict[str, object] = {
        "callingWindows": week_in_words(windows),
        "retryRules": _rules(rules.retries(settings)),
        "contactCeiling": settings.contact_cap and _cap(settings.contact_cap),
        "numberCeiling": "; ".join(map(_cap, rules.number_caps(settings))) or None,
    }
    return {
        _label(setting.option): effective.get(setting.wire, getattr(settings, setting.name)) for setting in SETTINGS
    }


def _label(option: str) -> str:
    """`callerId` for `--caller-id`, as the other rows of `campaign show` are labelled."""
    first, *rest = option.removeprefix("--").split("-")
    return first + "".join(word.capitalize() for word in rest)


def _days(written: str) -> list[str]:
    if written == "daily":
        return [*DAYS]
    found: list[str] = []
    for part in written.split(","):
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [DAYS[day % 7] for day in range(begin, end + 1 if end >= begin else end + 8)]
    return sorted(set(found), key=DAYS.index)


def week_in_words(week: Week) -> str:
    return "; ".join(f"{days_in_words(window.days)} {window.from_}-{window.to}" for window in Windows().show(week))


def days_in_words(days: Sequence[str]) -> str:
    """`daily`, or runs such as `mon-fri`, separated by commas."""
    if len(days) == len(DAYS):
        return "daily"
    runs: list[list[str]] = []
    for day in days:
        if runs and DAYS.index(runs[-1][-1]) + 1 == DAYS.index(day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _rules(retries: Mapping[str, RetryRule]) -> str:
    return "; ".join(f"{outcome}={_rule(rule)}" for outcome, rule in retries.items())


def _rule(rule: RetryRule) -> str:
    return f"{_length(rule.after)}*{rule.times}" if rule.times else "never"


def _cap(cap: FrequencyCap) -> str:
    return str(cap.calls) if cap.period == EVER else f"{cap.calls}/{_length(cap.period)}"


def _length(length: timedelta) -> str:
    return f"{length // _MINUTE}m" if length % _HOUR else f"{length // _HOUR}h"
