"""Which backups this version restores into which server."""

from datetime import UTC, datetime

import msgspec
import pytest

from tongdai.backup.model import FORMAT, Dump, Manifest, Migration, Pepper, other_format, unfit

KNOWN = {1: "aa", 2: "bb"}


def manifest(migrations: dict[int, str], postgresql: int = 180006) -> Manifest:
    return Manifest(
        format=FORMAT,
        tongdai="1.2.3",
        taken_at=datetime(2026, 11, 28, tzinfo=UTC),
        postgresql=postgresql,
        schema="public",
        migrations=[Migration(number, f"m{number}", checksum) for number, checksum in migrations.items()],
        tables={"contact": 2, "campaign": 1},
        dump=Dump(3, "ab"),
        pepper=Pepper(None, included=False),
    )


@pytest.mark.parametrize(
    ("of", "major", "said"),
    [
        (manifest({1: "aa", 2: "bb"}), 18, None),
        (manifest({1: "aa"}), 18, None),  # migrated afterwards
        (manifest({1: "aa"}, 150004), 18, None),
        (manifest({1: "aa", 2: "bb", 3: "cc"}), 18, "migration 3 (m3), which this version does not know"),
        (manifest({1: "zz"}), 18, "migration 1 (m1) of the backup differs from this version's"),
        (manifest({1: "aa"}), 17, "the backup is of PostgreSQL 18, and the server is 17"),
    ],
)
def test_backup_is_restored_by_a_version_that_knows_it(of: Manifest, major: int, said: str | None) -> None:
    why = unfit(of, KNOWN, major)
    assert (why is None) == (said is None), why
    assert said is None or said in str(why)


def test_manifest_says_its_rows_and_is_read_back() -> None:
    of = manifest({1: "aa"})
    encoded = msgspec.json.encode(of)
    assert b'"takenAt":"2026-11-28T00:00:00Z"' in encoded
    assert msgspec.json.decode(encoded, type=Manifest) == of
    assert other_format(msgspec.json.decode(encoded)) is None
    assert of.rows == 3
