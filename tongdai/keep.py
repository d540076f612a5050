"""The sentinel for partial changes: a field that a change leaves as it is, where None would clear it."""

from enum import Enum, auto
from typing import Final


class Keep(Enum):
    KEEP = auto()


KEEP: Final = Keep.KEEP
