"""What becomes of the rows of a chunk. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from tongdai.contacts.checking import Problem, check
from tongdai.contacts.model import NewContact
from tongdai.contacts.phone import Reason
from tongdai.imports.readers import Row


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a chunk that can be called, in their order, and how many cannot."""

    contacts: list[NewContact]
    failed: int


def sort(rows: list[Row], normalise: Callable[[str], str | Reason]) -> Sorted:
    """`normalise` reads numbers in the tenant's country."""
    checked = [check(normalise, row.phoneNumber, row.name, row.externalId, row.attributes) for row in rows]
    contacts = [row for row in checked if not isinstance(row, Problem)]
    return Sorted(contacts, len(rows) - len(contacts))
