"""Whether a database continues the one that dialled last, or is a restored backup that calls must wait for. Pure.

Asked when a process begins to lead a switch, and when a beat found the database other than it was:

| what is found                                           | verdict |
|---------------------------------------------------------|---|
| no campaign                                             | continues: there is nobody to call |
| a lower beat than was remembered                        | held: WENT_BACK |
| another system identifier or database                   | held: OTHER_DATABASE |
| embedded: a beat, and no beat file                      | held: BEAT_FILE_MISSING |
| embedded: the beat file was another file                | held: DIRECTORY_COPIED |
| a clock that is behind the last beat                    | held: CLOCK_BEHIND |
| another timeline, and nobody remembers the last beats   | held: NOT_CONTINUED |
| anything else                                           | continues |

A database that was stopped, for however long, continues: nothing of the above changes. So does a standby that has
every beat which was acknowledged: its timeline alone is new, and the leader remembers the last beats (or the last one
is so young that the switch was led until now). After a release all is accepted as it was found then.
"""

from collections.abc import Sequence
from datetime import timedelta

from tongdai.dialing.model import MISSING, HoldReason, Identity, Present, Recorded, Remembered

CLOCKS_DIFFER = timedelta(seconds=5)
"""By so much a clock may be behind: servers that take over from each other do not agree to the second."""
LATELY = timedelta(minutes=1)


def discontinuity(recorded: Recorded | None, remembered: Sequence[Remembered], present: Present) -> HoldReason | None:
    """Why nothing may be dialled on this database; None: it continues.

    `recorded` is None in a database whose switch was never led. What was `remembered` of other databases is ignored.
    """
    if not present.anybody:
        return None
    known = last_beat(recorded, remembered)
    if recorded is None:
        return None if known is None else HoldReason.WENT_BACK
    own_file = present.embedded and present.file != recorded.accepted_file
    new_timeline = _differ(recorded.identity.timeline, present.identity.timeline)
    found = {
        HoldReason.WENT_BACK: known is not None and recorded.beat < known,
        HoldReason.OTHER_DATABASE: is_other(recorded.identity, present.identity),
        HoldReason.BEAT_FILE_MISSING: own_file and present.file == MISSING,
        HoldReason.DIRECTORY_COPIED: own_file and present.file_copied,
        HoldReason.CLOCK_BEHIND: present.now < recorded.beat_at - CLOCKS_DIFFER,
        HoldReason.NOT_CONTINUED: new_timeline and not _vouched(recorded, known, present),
    }
    return next((reason for reason, is_so in found.items() if is_so), None)


def last_beat(recorded: Recorded | None, remembered: Sequence[Remembered]) -> int | None:
    """The last beat that is remembered of the database that was recorded; None: none is."""
    return max(
        (one.beat for one in remembered if recorded is None or not is_other(recorded.identity, one.identity)),
        default=None,
    )


def is_other(one: Identity, other: Identity) -> bool:
    """Whether these are two databases, as far as is known; servers that take over from each other are one."""
    return _differ(one.system_identifier, other.system_identifier) or _differ(one.database_oid, other.database_oid)


def _differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _vouched(recorded: Recorded, known: int | None, present: Present) -> bool:
    """Whether this process, or one before it on this data directory, led the switch to the last."""
    knows = known is not None and recorded.beat - known <= LATELY // timedelta(milliseconds=1)
    return knows or present.now - recorded.beat_at < LATELY
