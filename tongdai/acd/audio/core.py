"""Decides which sounds an announcement is made of. Pure.

Recorded parts are of the tenant (uploaded) or of the switch (in its folder of sounds), and some may be missing. A
sentence with a gap misleads: "you are number … hundred". So an announcement is played whole or not at all, by one voice
if one has all parts, and the next best of these is played: place and wait, the place alone, a request to stay on the
line. If even that is missing the caller hears the music, and it is tried again at the next time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tongdai.queues.model import QueueRules
from tongdai.queues.prompts.core import Announced, Announcement, announcement
from tongdai.queues.prompts.model import sounds
from tongdai.queues.sounds.model import StoredFile

Voiced = StoredFile | str
"""An uploaded part, or the name of a sound of the switch."""


def announcements(
    heard: Announced, rules: QueueRules, now: datetime, *, position: int, wait_s: float | None
) -> list[Announcement]:
    """The announcements of which the first that can be played is due now, best first; none: nothing is due."""
    due = announcement(heard, rules, now, position=position, wait_s=wait_s, offered=False)
    if due is None:
        return []
    plain = replace(rules, callback_offered=False)
    without = announcement(heard, plain, now, position=position, wait_s=wait_s, offered=False)
    alone = announcement(heard, replace(plain, announce_wait=False), now, position=position, wait_s=None, offered=False)
    assert without is not None, "whether one is due does not depend on what it says"
    assert alone is not None, "whether one is due does not depend on what it says"
    found = [due]
    for one in (without, alone, Announcement(("please-wait",), replace(heard, playing=True))):
        if one.parts != found[-1].parts:
            found.append(one)
    return found


def parts_of(candidates: Sequence[Announcement]) -> set[str]:
    return {part for one in candidates for part in one.parts}


def voiced(
    parts: Sequence[str], language: str, uploaded: Mapping[str, StoredFile], present: Collection[str]
) -> list[Voiced] | None:
    """The sounds of parts; None: one is missing. `present`: the names of sounds that the switch has."""
    own = [uploaded.get(part) for part in parts]
    if all(own):
        return [file for file in own if file is not None]
    names = sounds(language, parts)
    of_switch = [name if name in present else None for name in names]
    if all(of_switch):
        return list(names)
    mixed = [file or name for file, name in zip(own, of_switch, strict=True)]
    found: list[Voiced] = [one for one in mixed if one is not None]
    return found if len(found) == len(parts) else None


@dataclass(frozen=True, slots=True)
class Choice:
    announcement: Announcement
    sounds: Sequence[Voiced]


def choice(candidates: Sequence[Announcement], voice: Callable[[Sequence[str]], list[Voiced] | None]) -> Choice | None:
    """The first announcement that can be played; None: none can."""
    for one in candidates:
        found = voice(one.parts)
        if found is not None:
            return Choice(one, found)
    return None
