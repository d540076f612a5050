"""Phone numbers of a Vietnamese list, as people write them, read into E.164."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from bench import rounds
from bench.report import Row
from bench.rounds import Measured
from bench.world import World
from tongdai.contacts.numbers import phone
from tongdai.contacts.numbers.phone import NumberFault

NUMBERS = 100_000
ROUNDS = 7
AT_ONCE = 1_000
"""Numbers that are given to `normalise_all` together."""
_MOBILES = (
    "32", "33", "34", "35", "36", "37", "38", "39", "56", "58", "70", "76", "77", "78", "79",
    "81", "82", "83", "84", "85", "86", "88", "90", "91", "93", "94", "96", "97", "98",
)  # fmt: skip
_FIXED = ("24", "28", "203", "225", "236", "251", "274", "292")
_OLD = (
    "120", "121", "122", "123", "124", "125", "126", "127", "128", "129", "162",
    "163", "164", "165", "166", "167", "168", "169", "186", "188", "199",
)  # fmt: skip
_STARTS = ["0"] * 12 + ["+84", "+84", "84", "84", "0084", ""]
_WAYS = ["{}{}{}"] * 10 + ["{} {} {}"] * 4 + ["{}.{}.{}", "{}-{}-{}", "({}) {} {}", "{}\u00a0{}\u00a0{}"]
_NONE = ("", "0", "113", "n/a", "không có", "gọi sau 17h", "+999123456789")


def run(on: World, logs: Path) -> list[Row]:
    written = mix(NUMBERS)
    _same_answers(written)
    sides: dict[str, Callable[[list[str]], object]] = {"at once": _at_once, "singly": _singly, "library": _library}
    found = {name: Measured() for name in sides}
    for _ in range(ROUNDS):
        for name, read in sides.items():
            began = time.process_time()
            read(written)
            found[name].rates.append(NUMBERS / (time.process_time() - began))
    what = "a number of a list: 85 % mobile, 10 % fixed, 3 % from before 2018, 2 % none"
    library, alone = found["library"], "nothing: by itself; a second of processor time"
    return [
        Row("numbers", f"{what}; {AT_ONCE:,} at once", alone, "≥ 500,000/s", _rate(found["at once"])),
        Row("numbers", f"{what}; one by one", alone, "", _rate(found["singly"])),
        Row("numbers", f"{what}; {AT_ONCE:,} at once", "`phonenumbers`", "", rounds.ratio(found["at once"], library)),
    ]


def mix(count: int) -> list[str]:
    """Texts as they stand in lists, the same ones each time."""
    chance = random.Random(84)
    kinds = chance.choices((_mobile, _fixed, _old, _none), (85, 10, 3, 2), k=count)
    return [kind(chance) for kind in kinds]


def _mobile(chance: random.Random) -> str:
    return _written(chance, chance.choice(_MOBILES) + _digits(chance, 7))


def _fixed(chance: random.Random) -> str:
    area = chance.choice(_FIXED)
    return _written(chance, f"{area}3{_digits(chance, 9 - len(area))}")


def _old(chance: random.Random) -> str:
    return _written(chance, chance.choice(_OLD) + _digits(chance, 7))


def _none(chance: random.Random) -> str:
    """Half of them a mobile number with a digit too few or too many, or of a prefix that nobody has."""
    prefix, length = chance.choice((("90", 6), ("90", 8), ("54", 7), ("95", 5)))
    return chance.choice((_written(chance, prefix + _digits(chance, length)), chance.choice(_NONE)))


def _written(chance: random.Random, national: str) -> str:
    start = chance.choice(_STARTS)
    return chance.choice(_WAYS).format(start + national[:-6], national[-6:-3], national[-3:])


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _at_once(texts: list[str]) -> list[str | NumberFault]:
    batches = (texts[i : i + AT_ONCE] for i in range(0, len(texts), AT_ONCE))
    return [number for batch in batches for number in phone.normalise_all(batch, "VN")]


def _singly(texts: list[str]) -> list[str | NumberFault]:
    return [*map(phone.normaliser("VN"), texts)]


def _library(texts: list[str]) -> list[str | None]:
    """Read as importers do; numbers from before 2018 are unknown to it."""
    return [*map(_library_number, texts)]


def _library_number(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "VN")
    except NumberParseException:
        return None
    kind = phonenumbers.number_type(number)
    if kind in {PhoneNumberType.UNKNOWN, PhoneNumberType.PREMIUM_RATE}:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _same_answers(texts: list[str]) -> None:
    """Assert that numbers which the library reads are read alike, and others are numbers to the library too."""
    ours = _at_once(texts)
    numbers = [None if isinstance(number, NumberFault) else number for number in ours]
    moved = [a for a, b in zip(numbers, _library(texts), strict=True) if a != b]
    if (
        ours != _singly(texts)
        or None in moved
        or _library([number or "" for number in moved]) != moved
        or len(moved) > len(texts) * 0.04
    ):
        raise SystemExit("bench: the sides read numbers differently")


def _rate(measured: Measured) -> str:
    rates = measured.rates
    return f"{statistics.median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f})"
