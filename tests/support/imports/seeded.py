"""Rows of an import generated from a seed, with the counts to expect: 7 % repeats, 3 % known before, 1 % invalid."""

import random
from dataclasses import dataclass

from tongdai.testing.factories import vn_mobile

UNUSABLE = ("", "0", "12345", "abc", "0901234567x", "+84 90", "0" * 40)


@dataclass(frozen=True, slots=True)
class Seeded:
    rows: list[dict[str, str]]
    """The rows as sent."""
    known: list[str]
    """Numbers that the campaign must have before, as E.164."""
    fresh: frozenset[str]
    """Numbers that the import adds, as E.164."""
    duplicate: int
    failed: int

    @property
    def counts(self) -> dict[str, int]:
        """The counters that polling shows at the end."""
        return {
            "createdRows": len(self.fresh),
            "duplicateRows": self.duplicate,
            "failedRows": self.failed,
            "processedRows": len(self.rows),
            "totalRows": len(self.rows),
        }


def seeded(seed: int, rows: int, first: int = 0) -> Seeded:
    """`rows` rows with numbers from the `first` of `vn_mobile` on; those of two seeds `rows` apart are disjoint."""
    rng = random.Random(seed)
    repeats, known, failed = rows * 7 // 100, rows * 3 // 100, rows // 100
    numbers = [vn_mobile(first + n) for n in range(rows - repeats - failed)]
    fresh = numbers[known:]
    written = [*numbers, *(_otherwise(rng, rng.choice(fresh)) for _ in range(repeats))]
    written += [rng.choice(UNUSABLE) for _ in range(failed)]
    rng.shuffle(written)
    return Seeded(
        [{"phoneNumber": phone, "name": f"KH {n}"} for n, phone in enumerate(written)],
        [_e164(phone) for phone in numbers[:known]],
        frozenset(map(_e164, fresh)),
        repeats + known,
        failed,
    )


def _e164(national: str) -> str:
    return f"+84{national[1:]}"


def _otherwise(rng: random.Random, national: str) -> str:
    spaced = f"{national[:4]} {national[4:7]} {national[7:]}"
    return rng.choice((national, _e164(national), _e164(national)[1:], spaced))
