"""People to import: numbers in no order, the same in every run, and files of them."""

import random
from pathlib import Path

# What begins the numbers of Vietnam's mobile networks, after the leading zero; each has ten million.
_NETWORKS = (
    *(32, 33, 34, 35, 36, 37, 38, 39, 56, 58, 70, 76, 77, 78, 79),
    *(81, 82, 83, 84, 85, 86, 88, 90, 91, 93, 94, 96, 97, 98),
)
_EACH = 10_000_000
PARTS = 16
"""Parts of all numbers: no number is in two."""
_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô")
_MIDDLE = ("Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh")
_GIVEN = ("An", "Bình", "Châu", "Dũng", "Giang", "Hạnh", "Hùng", "Lan", "Linh", "Mai", "Phúc", "Quân", "Thảo")


def numbers(part: int, count: int) -> list[str]:
    """National numbers without their leading zero, each once; the same whenever asked."""
    of_part = range(part, len(_NETWORKS) * _EACH, PARTS)
    drawn = random.Random(part).sample(of_part, count)
    return [f"{_NETWORKS[n // _EACH]}{n % _EACH:07d}" for n in drawn]


def name(number: int) -> str:
    # The lists' lengths have no common divisor, so that all combinations come.
    family, middle, given = (each[number % len(each)] for each in (_FAMILY, _MIDDLE, _GIVEN))
    return f"{family} {middle} {given}"


def write_csv(path: Path, of: list[str]) -> Path:
    """Write people as an export has them: numbers nationally, with names and identifiers of their own."""
    with path.open("w", encoding="utf-8") as file:
        file.write("phoneNumber,name,externalId\n")
        file.writelines(f"0{number},{name(i)},KH-{i:07d}\n" for i, number in enumerate(of))
    return path


COPY_COLUMNS = "id, campaign_id, list_id, phone, name, external_id"


def write_copy(contacts: Path, of: list[str], campaign_id: int, list_id: int, first_id: int) -> None:
    """The same people as `write_csv` tells, in COPY's own text, of COPY_COLUMNS."""
    place = f"{campaign_id}\t{list_id}"
    with contacts.open("w", encoding="utf-8") as file:
        file.writelines(f"{first_id + i}\t{place}\t+84{n}\t{name(i)}\tKH-{i:07d}\n" for i, n in enumerate(of))
