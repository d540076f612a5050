"""Wallboards: what they show, and the colours of their figures. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from tongdai.http.principal import Principal, Reach
from tongdai.ids import QueueId, TenantId, UserId, WallboardId
from tongdai.tenants.model import Tenant

MAX_BOARDS = 100
"""The most boards of a tenant."""
MAX_QUEUES = 100
"""The most queues of a board that names some."""


class Tile(StrEnum):
    """A figure of a board."""

    WAITING = "waiting"
    LONGEST = "longest"
    SERVICE = "service"
    AGENTS = "agents"
    CALLBACKS = "callbacks"
    TODAY = "today"


class Theme(StrEnum):
    DARK = "dark"
    LIGHT = "light"


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    warn: int
    """The figure from which it warns."""
    alarm: int
    """The figure from which it alarms, no better than `warn`."""


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    waiting: Threshold | None = None
    """Callers who wait; null: never."""
    longest_sec: Threshold | None = None
    """Seconds of the longest wait; null: never."""
    service_percent: Threshold | None = None
    """Service level of today: this low; null: never."""


@dataclass(frozen=True, slots=True)
class Look:
    """Content and colours of a board."""

    name: str
    tiles: tuple[Tile, ...]
    queue_ids: tuple[QueueId, ...]
    """Empty: all queues."""
    thresholds: Thresholds
    language: str | None
    """None: the browser's."""
    theme: Theme


@dataclass(frozen=True, slots=True)
class Wallboard:
    wallboard_id: WallboardId
    tenant_id: TenantId
    hint: str
    look: Look
    user_id: UserId | None
    """The user who made it; None: a key."""
    created_at: datetime
    seen_at: datetime | None

    def usable(self, now: datetime) -> bool:
        """A revoked one is no more."""
        return True

    def principal(self, tenant: Tenant) -> Principal:
        """The principal of its token."""
        return Principal(
            tenant.tenant_id,
            None,
            frozenset(),
            None,
            tenant.country,
            tenant.tenant_limit,
            tenant.route_limit,
            Reach.WALLBOARD,
            wallboard_id=self.wallboard_id,
        )


def fault(thresholds: Thresholds) -> str | None:
    """The fault of thresholds; None: they have none."""
    of = thresholds
    each = (
        ("waiting", of.waiting, 100_000),
        ("longestSec", of.longest_sec, 86_400),
        ("servicePercent", of.service_percent, 100),
    )
    for name, found, most in each:
        if found is None:
            continue
        if not (0 <= found.warn <= most and 0 <= found.alarm <= most):
            return f"thresholds.{name} must be of whole numbers from 0 to {most}"
        if found.warn < found.alarm if name == "servicePercent" else found.warn > found.alarm:
            return f"thresholds.{name}.alarm must be no better than its warn"
    return None
