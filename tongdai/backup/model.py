"""A backup: one file with a dump of the database and a manifest of it, and what makes one fit for a restore."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

FORMAT = 1


class Migration(msgspec.Struct, frozen=True):
    number: int
    name: str
    checksum: str


class Dump(msgspec.Struct, frozen=True):
    bytes: int
    sha256: str


class Pepper(msgspec.Struct, frozen=True):
    fingerprint: str | None
    """By which peppers can be compared; None: no key was ever made with one."""
    included: bool


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """The contents of a backup, as its `manifest.json` has them."""

    format: int
    tongdai: str
    """The version that made it."""
    taken_at: datetime
    """The instant of the snapshot: what was committed later is not in it."""
    postgresql: int
    """The server's version, as server_version_num: 180006."""
    schema: str
    """The schema that the tables are in."""
    migrations: list[Migration]
    tables: Mapping[str, int]
    """Rows of each table; partitions by themselves."""
    dump: Dump
    pepper: Pepper

    @property
    def postgresql_major(self) -> int:
        return self.postgresql // 10_000

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def other_format(manifest: object) -> str | None:
    """Why a manifest cannot be read; None: it has the format that this version writes."""
    match manifest:
        case {"format": int(number), "tongdai": str(version)}:
            if number == FORMAT:
                return None
            return f"it has format {number}, and this version reads {FORMAT}: restore it with Tongdai {version}"
        case _:
            return "its manifest is none of Tongdai's"


def unfit(manifest: Manifest, known: Mapping[int, str], server_major: int) -> str | None:
    """Why a backup cannot be restored here; None: it can.

    `known` are the checksums of this version's migrations by number, `server_major` the PostgreSQL to restore into.
    """
    made_by = f"Tongdai {manifest.tongdai}"
    for migration in manifest.migrations:
        ours = known.get(migration.number)
        if ours is None:
            return (
                f"the backup has migration {migration.number} ({migration.name}), which this version does not know: "
                f"restore it with {made_by} or a newer one"
            )
        if ours != migration.checksum:
            return f"migration {migration.number} ({migration.name}) of the backup differs from this version's"
    if manifest.postgresql_major > server_major:
        return (
            f"the backup is of PostgreSQL {manifest.postgresql_major}, and the server is {server_major}: "
            "restore it into the same version or a newer one"
        )
    return None
