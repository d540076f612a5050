"""Call settings as options of commands, and in the words of these options."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Any

import click

from tongdai.campaigns.settings import model as settings_model
from tongdai.campaigns.settings import request as settings_request
from tongdai.campaigns.settings.model import EVER, CallSettings, FrequencyCap, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.view import (
    RANGES,
    TEXTS,
    ContactCeiling,
    NumberCeiling,
    Retry,
    SettingsSent,
    Window,
    windows_of,
)
from tongdai.campaigns.settings.windows import DAYS, Week
from tongdai.cli.param_types import DURATION, ID, Pattern
from tongdai.errors import InvalidInput, OperatorError

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_DAY = "|".join(DAYS)
_WINDOW = re.compile(
    rf"(?P<days>daily|(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*) +"
    r"(?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})"
)
_RETRY = re.compile(r"(?P<outcome>[a-z_]+)=(?:never|(?P<after>[0-9]+[smhd])\*(?P<times>[0-9]{1,3}))")
_CEILING = re.compile(r"(?P<calls>[0-9]{1,4})(?:/(?P<period>[0-9]+[smhd]))?")
_OPTIONS = {
    "dialingMode": "--mode",
    "queueId": "--queue",
    "callingWindows": "--window",
    "preset": "--preset",
    "contactCeiling": "--contact-ceiling",
    "numberCeiling": "--number-ceiling",
    "retryRules": "--retry",
}


class _Cleared(click.ParamType[Any]):
    """What another type accepts, or '' for None."""

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
        if written is None or written["outcome"] not in settings_model.RETRIES:
            known = ", ".join(settings_model.RETRIES)
            self.fail(f"{value!r}: expected OUTCOME=60m*3 or OUTCOME=never, the outcome one of {known}.", param, ctx)
        if written["after"] is None:
            return written["outcome"], Retry(0, 0)
        after = DURATION.convert(written["after"], param, ctx)
        if after % _MINUTE:
            self.fail(f"{value!r}: expected whole minutes.", param, ctx)
        return written["outcome"], Retry(after // _MINUTE, int(written["times"]))


class _CeilingType(click.ParamType[tuple[int, int | None]]):
    name = "ceiling"

    def __init__(self, *, for_ever: bool) -> None:
        self._for_ever = for_ever

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int | None]:
        written = _CEILING.fullmatch(str(value))
        period = DURATION.convert(written["period"], param, ctx) if written and written["period"] else None
        if written is None or (period is None and not self._for_ever) or (period is not None and period % _HOUR):
            alone = ", or 6 for calls in all time" if self._for_ever else ""
            self.fail(f"{value!r}: expected calls in hours or days, as in 1/24h or 6/7d{alone}.", param, ctx)
        return int(written["calls"]), None if period is None else period // _HOUR


def _choice(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


def _range(name: str) -> click.ParamType[Any]:
    least, most = RANGES[name]
    return (click.FloatRange if name == "abandonmentCapPercent" else click.IntRange)(least, most)


def _text(name: str) -> click.ParamType[Any]:
    form, _, expected = TEXTS[name]
    return _Cleared(Pattern("text", form.pattern, expected))


_SETTINGS = (
    click.option("--purpose", type=_choice(Purpose), help="What is called for. Advertising keeps to a preset."),
    click.option("--mode", "dialingMode", type=_choice(Mode), help="How it dials. All but agentless need a queue."),
    click.option("--queue", "queueId", metavar="ID", type=_Cleared(ID), help="Whose agents talk."),
    click.option("--caller-id", "callerId", metavar="NUMBER", type=_text("callerId"), help="The number shown."),
    click.option("--trunk", type=_text("trunk"), help="The PJSIP endpoint that calls go out by."),
    click.option("--audio", "audioFile", metavar="SOUND", type=_text("audioFile"), help="What agentless calls play."),
    click.option(
        "--abandon-audio",
        "abandonFile",
        metavar="SOUND",
        type=_text("abandonFile"),
        help="What is played to whom no agent came.",
    ),
    click.option(
        "--ring-timeout", "ringTimeoutSec", metavar="SECONDS", type=_range("ringTimeoutSec"), help="15 to 60."
    ),
    click.option(
        "--max-calls", "maxConcurrentCalls", metavar="CALLS", type=_range("maxConcurrentCalls"), help="At once."
    ),
    click.option("--cps", "callsPerSecond", metavar="CALLS", type=_range("callsPerSecond"), help="Calls a second."),
    click.option("--preset", type=_choice(Preset), help="The law to keep to; see docs/calling-rules.md."),
    click.option(
        "--window",
        "callingWindows",
        multiple=True,
        type=_Cleared(_WindowType()),
        help="'mon-fri 08:00-17:00', in the contact's time zone, within the preset's. Repeat for more.",
    ),
    click.option(
        "--retry",
        "retryRules",
        multiple=True,
        type=_Cleared(_RetryType()),
        help="no_answer=60m*3 or busy=never, instead of the usual rule. Repeat for more.",
    ),
    click.option(
        "--contact-ceiling",
        "contactCeiling",
        type=_Cleared(_CeilingType(for_ever=True)),
        help="At most so many calls of a contact: 6, or 6/7d.",
    ),
    click.option(
        "--number-ceiling",
        "numberCeiling",
        type=_Cleared(_CeilingType(for_ever=False)),
        help="At most so many calls of a number by all campaigns: 1/24h.",
    ),
    click.option(
        "--abandon-cap",
        "abandonmentCapPercent",
        metavar="PERCENT",
        type=_range("abandonmentCapPercent"),
        help="Of those who answer, how many may find no agent.",
    ),
    click.option("--priority", metavar="NUMBER", type=_range("priority"), help="-100 to 100; higher first."),
)


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of all call settings; what is not given is not among the parameters of the command."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def sent_by(options: dict[str, Any]) -> SettingsSent:
    """What these options send: those that were given, '' as null."""
    context = click.get_current_context()
    given = {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    if "callingWindows" in given:
        given["callingWindows"] = _several(given["callingWindows"], "--window")
    if "retryRules" in given:
        rules = _several(given["retryRules"], "--retry")
        given["retryRules"] = None if rules is None else dict(rules)
    for name, struct in {"contactCeiling": ContactCeiling, "numberCeiling": NumberCeiling}.items():
        if given.get(name) is not None:
            given[name] = struct(*given[name])
    return SettingsSent(**given)


def _several(values: Iterable[Any], option: str) -> list[Any] | None:
    found = list(values)
    if None not in found:
        return found
    if len(found) > 1:
        raise click.UsageError(f"{option} '' clears them all: give it alone.")
    return None


def applied(settings: CallSettings, changes: SettingsSent, country: str) -> CallSettings:
    """The settings with the changes; OperatorError in the options' words when they do not go together."""
    try:
        return settings_request.changed(settings, changes, country)
    except InvalidInput as error:
        words = re.sub("|".join(_OPTIONS), lambda found: _OPTIONS[found[0]], error.message)
        raise OperatorError(words) from None


def in_words(settings: CallSettings) -> dict[str, object]:
    """By setting, written as the options take it where there is one."""
    return {
        "purpose": settings.purpose,
        "mode": settings.mode,
        "queue": settings.queue_id,
        "callerId": settings.caller_id,
        "trunk": settings.trunk,
        "audio": settings.audio_file,
        "abandonAudio": settings.abandon_file,
        "ringTimeoutSec": settings.ring_timeout_s,
        "maxCalls": settings.max_calls,
        "callsPerSecond": settings.calls_per_second,
        "preset": settings.preset,
        "windows": _week(settings_model.week(settings)),
        "retries": _rules(settings_model.retries(settings)),
        "contactCeiling": settings.contact_cap and _ceiling(settings.contact_cap),
        "numberCeilings": "; ".join(map(_ceiling, settings_model.number_caps(settings))) or None,
        "abandonCapPercent": settings.abandon_cap,
        "priority": settings.priority,
    }


def _days(written: str) -> list[str]:
    if written == "daily":
        return [*DAYS]
    found: list[str] = []
    for part in written.split(","):
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [DAYS[day % 7] for day in range(begin, end + 1 if end >= begin else end + 8)]
    return sorted(set(found), key=DAYS.index)


def _week(week: Week) -> str:
    return "; ".join(f"{_days_in_words(window.days)} {window.from_}-{window.to}" for window in windows_of(week))


def _days_in_words(days: list[str]) -> str:
    """`daily`, or runs as `mon-fri`, parted by commas."""
    if len(days) == len(DAYS):
        return "daily"
    runs: list[list[str]] = []
    for day in days:
        if runs and DAYS.index(runs[-1][-1]) + 1 == DAYS.index(day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _rules(rules: Any) -> str:
    return "; ".join(f"{outcome}={_rule(rule)}" for outcome, rule in rules.items())


def _rule(rule: RetryRule) -> str:
    return f"{_length(rule.after)}*{rule.times}" if rule.times else "never"


def _ceiling(ceiling: FrequencyCap) -> str:
    return str(ceiling.calls) if ceiling.period == EVER else f"{ceiling.calls}/{_length(ceiling.period)}"


def _length(length: timedelta) -> str:
    return f"{length // _MINUTE}m" if length % _HOUR else f"{length // _HOUR}h"
