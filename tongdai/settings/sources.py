"""Settings are read once, from a TOML file, the environment (TONGDAI_*) and options; later ones win."""

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from tongdai.errors import OperatorError, shown
from tongdai.mismatch import expected as expected_of
from tongdai.settings.declarations import Settings

ENV_PREFIX = "TONGDAI_"
ROLE_SETTINGS = "TONGDAI_ROLE_SETTINGS"
"""Environment variable of a process started by `serve`: its settings, as `dump` writes them."""
ROLE_DSN = "TONGDAI_ROLE_DSN"
"""Environment variable of such a process: its database."""
ROLE_PARENT = "TONGDAI_ROLE_PARENT"
"""Environment variable of such a process: the pid of its parent; it ends with its parent."""


def load(
    config: Path | None,
    env: Mapping[str, str],
    flags: Mapping[str, object],
    defaults: Mapping[str, object] | None = None,
) -> Settings:
    """Settings from a TOML file, the environment and flags (None: not given); `defaults` precede those of Settings.

    Raises OperatorError naming the file, variable or flag and what it should be.
    """
    values: dict[str, Any] = dict(defaults or {})
    if config is not None:
        values |= _from_toml(config)
    kinds = typing.get_type_hints(Settings)
    for name, kind in kinds.items():
        text = env.get(ENV_PREFIX + name.upper())
        if text is not None:
            values[name] = _convert(_split(text, kind), kind, ENV_PREFIX + name.upper())
    values |= {name: value for name, value in flags.items() if value is not None}
    return Settings(**values)


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OperatorError(f"cannot read {path}: {error}") from None
    kinds = typing.get_type_hints(Settings)
    if unknown := table.keys() - kinds.keys():
        raise OperatorError(f"{path}: unknown setting {min(unknown)}")
    return {name: _convert(value, kinds[name], f"{path}: {name}") for name, value in table.items()}


def _split(text: str, kind: Any) -> object:
    """Parse a list in the environment: `a,b`; the empty string is the empty list."""
    if typing.get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return None if text == "" and isinstance(kind, types.UnionType) else text


def _convert(value: object, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, kind, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        raise OperatorError(f"{where} must be {expected_of(_not_null(kind))}, not {shown(value)!r}") from None


def _not_null(kind: Any) -> Any:
    """The type without None, which no file and no variable can say."""
    kinds = [one for one in typing.get_args(kind) if one is not types.NoneType]
    return kinds[0] if isinstance(kind, types.UnionType) and len(kinds) == 1 else kind


def dump(settings: Settings) -> str:
    """Serialise the settings for a child process; `restore` reads them."""
    return msgspec.json.encode({f.name: getattr(settings, f.name) for f in fields(settings)}).decode()


def restore(text: str) -> Settings:
    return msgspec.json.decode(text, type=Settings)
