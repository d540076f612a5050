"""Wrap-up codes and rules in requests and responses."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tongdai import ids
from tongdai.agents.wrap_up.model import MAX_CODES, MAX_NAME, MAX_TIMED_S, Code, Flags, Rule, WrapUpMode
from tongdai.errors import InvalidInput, shown
from tongdai.http import body
from tongdai.http.endpoint import ID, NAME
from tongdai.http.envelope import Done
from tongdai.http.openapi.fields import one_of
from tongdai.ids import CodeId


class CodeView(msgspec.Struct, kw_only=True):
    codeId: int
    """The code."""
    name: str
    """Its name, as agents read it."""
    success: bool
    """Whether the contact is done: it is not called again."""
    callback: bool
    """Whether the contact is called again at a time that is sent with the code."""
    doNotCall: bool
    """Whether the number goes on the do-not-call list `Wrap-up codes`; the contact is done."""
    numberUnusable: bool
    """Whether the number does not reach the contact, who is done."""


class CodeList(msgspec.Struct, kw_only=True):
    success: Annotated[str, one_of(["1"])] = "1"
    """Always `"1"`."""
    data: list[CodeView]
    """The codes."""


class NewCode(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    """The name of the code, as agents read it; no other code has it."""
    success: bool = False
    """Whether the contact is done: it is not called again."""
    callback: bool = False
    """Whether the contact is called again at a time that is sent with the code; not with the next two."""
    doNotCall: bool = False
    """Whether the number goes on the do-not-call list `Wrap-up codes`; the contact is done."""
    numberUnusable: bool = False
    """Whether the number does not reach the contact, who is done."""


class CodeChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str | UnsetType = UNSET
    """The name of the code, as agents read it; no other code has it."""
    success: bool | UnsetType = UNSET
    """Whether the contact is done: it is not called again."""
    callback: bool | UnsetType = UNSET
    """Whether the contact is called again at a time that is sent with the code; not with the next two."""
    doNotCall: bool | UnsetType = UNSET
    """Whether the number goes on the do-not-call list `Wrap-up codes`; the contact is done."""
    numberUnusable: bool | UnsetType = UNSET
    """Whether the number does not reach the contact, who is done."""


class CodeCreated(Done, kw_only=True):
    codeId: int
    """The new code."""


class RuleView(msgspec.Struct, kw_only=True):
    mode: Annotated[str, one_of(WrapUpMode)]
    """How a wrap-up ends: `optional`, by the agent or after their `wrapUpSec`; `mandatory`, with a code; `timed`, with
    a code or after `timedSec`."""
    timedSec: int | None
    """How long a wrap-up lasts without a code; of `timed` alone."""
    codeIds: list[int] | None
    """The codes that agents may choose from; null: all."""
    codes: list[CodeView]
    """These codes, in the order in which they are offered."""


class NewRule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    mode: str
    """How a wrap-up ends: `optional`, by the agent or after their `wrapUpSec`; `mandatory`, with a code; `timed`, with
    a code or after `timedSec`."""
    timedSec: int | None = None
    """How long a wrap-up lasts without a code; of `timed` alone, where it is needed."""
    codeIds: list[int] | None = None
    """The codes that agents may choose from, in that order; null: all."""


FLAGS = {
    "success": "success",
    "callback": "callback",
    "doNotCall": "do_not_call",
    "numberUnusable": "number_unusable",
}
"""Field of a request → flag."""
CODE_SCHEMA: dict[str, dict[str, Any]] = {"name": {"minLength": 1, **NAME, "maxLength": MAX_NAME}}
RULE_SCHEMA: dict[str, dict[str, Any]] = {
    "mode": {"enum": [mode.value for mode in WrapUpMode]},
    "timedSec": {"minimum": 1, "maximum": MAX_TIMED_S},
    "codeIds": {"maxItems": MAX_CODES, "uniqueItems": True, "items": {"type": "integer", "format": "int64", **ID}},
}
CODE_SAMPLE: dict[str, Any] = {
    "codeId": 3,
    "name": "Sold",
    "success": True,
    "callback": False,
    "doNotCall": False,
    "numberUnusable": False,
}


def fields_of(sent: NewCode | CodeChange) -> dict[str, Any]:
    """The fields that were sent, by the names of the model."""
    found: dict[str, Any] = {name: value for wire, name in FLAGS.items() if (value := getattr(sent, wire)) is not UNSET}
    if not isinstance(sent.name, UnsetType):
        found["name"] = body.text_field("name", sent.name, MAX_NAME, min_length=1)
    return found


def code_view(code: Code) -> CodeView:
    flags: Flags = code.flags
    return CodeView(
        codeId=code.code_id,
        name=code.name,
        success=flags.success,
        callback=flags.callback,
        doNotCall=flags.do_not_call,
        numberUnusable=flags.number_unusable,
    )


def rule_view(rule: Rule, codes: Iterable[Code]) -> RuleView:
    by_id = {code.code_id: code for code in codes}
    offered = tuple(by_id) if rule.codes is None else rule.codes
    return RuleView(
        mode=rule.mode,
        timedSec=rule.timed_s,
        codeIds=None if rule.codes is None else list(rule.codes),
        codes=[code_view(by_id[code_id]) for code_id in offered],
    )


def rule_of(sent: NewRule) -> Rule:
    if sent.mode not in set(WrapUpMode):
        raise InvalidInput(f"mode must be one of {', '.join(WrapUpMode)}, not {shown(sent.mode)!r}")
    mode = WrapUpMode(sent.mode)
    if (sent.timedSec is not None) != (mode is WrapUpMode.TIMED):
        raise InvalidInput("timedSec is needed with mode timed, and no other mode has it")
    if sent.timedSec is not None and not 1 <= sent.timedSec <= MAX_TIMED_S:
        raise InvalidInput(f"timedSec must be seconds, 1 to {MAX_TIMED_S}, not {shown(sent.timedSec)}")
    if sent.codeIds is None:
        return Rule(mode, sent.timedSec)
    if len(sent.codeIds) > MAX_CODES or len(set(sent.codeIds)) < len(sent.codeIds):
        raise InvalidInput(f"codeIds must be at most {MAX_CODES} different codes")
    codes = tuple(CodeId(ids.from_body("codeIds", code_id)) for code_id in sent.codeIds)
    if mode is not WrapUpMode.OPTIONAL and not codes:
        raise InvalidInput("codeIds must have at least one code: the wrap-up ends with one")
    return Rule(mode, sent.timedSec, codes)
