"""Held dialing: why nothing is dialled, and what is known of the database that dials.

A beat is a number in the database that the leader of a switch raises every second. It grows with time, and with every
beat. The leader also remembers it outside the database: where the database has a lower one than was remembered, it
went back, and does not know whom it called since.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongdai.ids import KeyId, SwitchId


class HoldReason(StrEnum):
    """Why dialing is held."""

    OPERATOR = "operator"
    STARTED_HELD = "started_held"
    """`tongdai serve --dial=held`."""
    RESTORED = "restored"
    """By `tongdai restore`."""
    OTHER_DATABASE = "other_database"
    """The rows were restored into another database than the one that dialled."""
    WENT_BACK = "went_back"
    """Its leader remembers a later beat than the database has."""
    DIRECTORY_COPIED = "directory_copied"
    """The data directory with the embedded database is a copy."""
    BEAT_FILE_MISSING = "beat_file_missing"
    """The embedded database has dialled, and the file beside it that tells how far is missing."""
    NOT_CONTINUED = "not_continued"
    """The database was recovered or promoted while no leader ran that could tell whether anything is missing."""
    CLOCK_BEHIND = "clock_behind"
    """The database's clock is behind its own last beat."""

    @property
    def of_database(self) -> bool:
        """Whether it says that calls may be missing in the database."""
        return self not in {HoldReason.OPERATOR, HoldReason.STARTED_HELD}


MESSAGES = {
    HoldReason.OPERATOR: "An operator held dialing.",
    HoldReason.STARTED_HELD: "The server was started with --dial=held.",
    HoldReason.RESTORED: "The database was restored from a backup.",
    HoldReason.OTHER_DATABASE: "The data is in another database than the one that dialled: it was restored there.",
    HoldReason.WENT_BACK: "The database is older than what its dialer remembers: a backup was restored over it.",
    HoldReason.DIRECTORY_COPIED: "The data directory is a copy of the one that dialled.",
    HoldReason.BEAT_FILE_MISSING: "The data directory lacks the file of the last beat: only a part of it was restored.",
    HoldReason.NOT_CONTINUED: "The database was recovered or promoted while no dialer ran that knows what it had.",
    HoldReason.CLOCK_BEHIND: "The database's clock is behind the time of its own last heartbeat.",
}
HINT = "find out what was called since, then: tongdai dialing release"


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a database. None: not known, and not compared."""

    system_identifier: int | None = None
    """The cluster's, made by initdb; copies and standbys share it."""
    database_oid: int | None = None
    timeline: int | None = None
    """Changes when a standby is promoted, and with each recovery from an archive."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A beat that was acknowledged, as it is known outside the database."""

    beat: int
    identity: Identity
    """The identity of the database that had it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A switch's last beat, as the database has it."""

    beat: int
    beat_at: datetime
    identity: Identity
    accepted_file: str | None = None
    """The beat file that a release accepted as it was found, until the next beat; see `Present.file`."""


@dataclass(frozen=True, slots=True)
class Present:
    """The database, clock and data directory that a process finds when it begins to lead."""

    identity: Identity
    now: datetime
    """By the database's clock."""
    embedded: bool
    """Whether the database is in the data directory."""
    file: str
    """Identifies the beat file, whatever is in it; MISSING."""
    file_copied: bool
    """Whether its content says that it was another file's."""
    anybody: bool
    """Whether there is a campaign, whose contacts could be called."""


MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Hold:
    """Dialing was held, and is until `released_at`."""

    hold_id: int
    reason: HoldReason
    switch_id: SwitchId | None
    """The switch whose leader found the reason."""
    calls_known_until: datetime | None
    """Calls placed later may be missing in the database; None: none are."""
    held_at: datetime
    held_by: KeyId | None
    """None: the command line, or a process."""
    released_at: datetime | None
    released_by: KeyId | None
    """Likewise."""
    contacts: int | None
    """How many contacts the release said may have been called since `calls_known_until`."""

    @property
    def message(self) -> str:
        return MESSAGES[self.reason]
