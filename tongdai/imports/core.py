"""What becomes of the rows of a chunk. Pure."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tongdai.contacts.model import NewContact
from tongdai.contacts.phone import Reason
from tongdai.contacts.validation import Problem, check
from tongdai.ids import ContactId
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes.codec import ChunkOutcome
from tongdai.imports.readers import Row

Checked = list[NewContact | Problem]
"""A chunk's rows in their order: whom to call, or why that cannot be."""


def checked(rows: list[Row], normalise: Callable[[str], str | Reason]) -> Checked:
    """`normalise` reads numbers in the tenant's country."""
    return [check(normalise, row.phoneNumber, row.name, row.externalId, row.attributes, row.timeZone) for row in rows]


def contacts_of(rows: Checked) -> list[NewContact]:
    return [row for row in rows if not isinstance(row, Problem)]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chunk's numbers stand in the campaign. In a dry run, what is made has no contact."""

    contact_ids: Mapping[str, ContactId]
    """The contact that each number has."""
    made: AbstractSet[str]
    """The numbers that are new with this chunk."""
    ours: AbstractSet[ContactId] = frozenset()
    """The contacts that earlier chunks of the job made."""

    @property
    def first_made(self) -> ContactId | None:
        """The least id of the contacts that this chunk made."""
        contact_ids = self.contact_ids
        return min((contact_ids[phone] for phone in self.made if phone in contact_ids), default=None)


def perhaps_repeated(
    contact_ids: Mapping[str, ContactId], made: AbstractSet[str], first: ContactId | None
) -> list[ContactId]:
    """The contacts of a chunk that an earlier chunk of the job may have made; `first` is the least id of those."""
    if first is None:
        return []
    return [contact_id for phone, contact_id in contact_ids.items() if contact_id >= first and phone not in made]


def settle(rows: list[Row], checked: Checked, standing: Standing) -> ChunkOutcome:
    """What became of the rows of one chunk. Of rows with one number, the first may be created."""
    letters: list[str] = []
    found: list[int] = []
    problems: list[tuple[str, str]] = []
    contact_ids, made, ours = standing.contact_ids, standing.made, standing.ours
    new = set(made)
    for row in checked:
        if isinstance(row, Problem):
            letters.append(codec.FAILED)
            problems.append((row.code, str(row)))
            continue
        contact_id = contact_ids.get(row.phone)
        if row.phone in new:
            new.remove(row.phone)
            letter = codec.CREATED if contact_id is not None else codec.WOULD_CREATE
        elif contact_id is None:  # a dry run's, and not new: it stood in an earlier row
            letter = codec.WOULD_REPEAT
        else:
            letter = codec.REPEATED if row.phone in made or contact_id in ours else codec.IN_CAMPAIGN
        letters.append(letter)
        if contact_id is not None:
            found.append(contact_id)
    external_ids = [codec.sent(row.externalId) for row in rows]
    return ChunkOutcome(
        "".join(letters),
        [codec.sent(row.phoneNumber) for row in rows],
        None if external_ids.count(None) == len(rows) else external_ids,
        found,
        problems,
    )
