"""The rules of a queue, from all of its settings. Pure."""

from tongdai.ids import QueueId
from tongdai.queues.model import HANG_UP, Destination, QueueRules, Selector, Strategy
from tongdai.queues.settings.model import QueueSettings

_COUNTRY_LANGUAGES = {"VN": "vi"}


def language_of(country: str) -> str:
    """The language of prompts in a country."""
    return _COUNTRY_LANGUAGES.get(country, "en")


def music_class_of(file: str) -> str:
    """The switch's class of music on hold for a queue's file: its name without the ending."""
    name, dot, _ = file.rpartition(".")
    return name if dot else file


def rules_of(
    queue_id: QueueId,
    name: str,
    strategy: Strategy,
    settings: QueueSettings,
    *,
    moh_file: str | None,
    max_wait_s: int | None,
    announce_position: bool | None,
    country: str,
    closed: Destination | None,
) -> QueueRules:
    """The rules for callers who arrive; `closed` is where they go, None while the queue is open."""
    return QueueRules(
        queue_id=queue_id,
        name=name,
        strategy=strategy,
        divert_to=settings.divert_to,
        closed=closed,
        locked=settings.locked or HANG_UP,
        max_length=settings.max_length,
        when_full=settings.when_full or HANG_UP,
        join_empty=settings.join_empty,
        when_empty=settings.when_empty or HANG_UP,
        leave_empty_after_s=settings.leave_empty_after_s,
        max_wait_s=max_wait_s,
        overflow=settings.overflow or HANG_UP,
        hold_music=moh_file,
        announce_position=bool(announce_position),
        country=country,
        language=settings.language or language_of(country),
        selector=settings.agent_selector or Selector.LONGEST_IDLE,
        skills=settings.skills,
        skills_for_s=settings.skills_for_s,
        preferred_agent_days=settings.preferred_agent_days,
        preferred_agent_patience_s=settings.preferred_agent_patience_s,
        vip_head_start_s=settings.vip_head_start_s,
        inbound_reserve=settings.inbound_reserve,
        ring_timeout_s=settings.ring_timeout_s,
        auto_pause_after=settings.auto_pause_after,
        announce_wait=settings.announce_wait,
        announce_every_s=settings.announce_every_s,
        service_level_s=settings.service_level_s,
        callback_offered=settings.callback_offered,
        callback_key=settings.callback_key,
        callback_mode=settings.callback_mode,
        callback_expires_s=settings.callback_expires_s,
        menu_id=settings.menu_id,
    )
