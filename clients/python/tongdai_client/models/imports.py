"""Import jobs and the outcome of their rows."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from tongdai_client.models.base import Done, Result


class ImportOutcome(StrEnum):
    """The outcome of a row."""

    CREATED = "created"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    FAILED = "failed"


class ImportId(NamedTuple):
    """Identifies an import by its ids."""

    campaign_id: int
    job_id: int


class Import(Protocol):
    """Anything that identifies an import: an `ImportId`, an `ImportStarted` or an `ImportJob`."""

    @property
    def campaign_id(self) -> int: ...
    @property
    def job_id(self) -> int: ...


class ImportStarted(Done, frozen=True, kw_only=True):
    """An import that the server has stored. It survives any crash."""

    campaign_id: int = 0
    """The value of the request; the response does not repeat it."""
    job_id: int = msgspec.field(name="job_id")
    total_rows: int = msgspec.field(name="total_rows")


class ImportColumn(Result, frozen=True, kw_only=True):
    """A column of a file and what it was used for."""

    column: str
    use: str
    """phoneNumber, name, externalId, timeZone, country, attribute or ignored; of numbers that must not be called also
    areaCode, reason, expiresAt."""
    numbers: int | None
    """Number of rows whose phone number is from this column, where a table has several columns of numbers."""
    left_empty: int
    """Number of cells with an error such as #N/A or a formula without a result."""


class ImportTable(Result, frozen=True, kw_only=True):
    """A table that was read: a CSV file or a sheet of a workbook."""

    sheet: str | None
    header_row: int | None
    """None: the table has no header."""
    columns: list[ImportColumn]
    rows: int
    hidden_rows: int


class ImportLeftOut(Result, frozen=True, kw_only=True):
    """A sheet that was not read."""

    sheet: str
    rows: int
    reason: str


class ImportDetected(Result, frozen=True, kw_only=True):
    """How the server read a file."""

    format: str
    encoding: str | None
    encoding_doubt: str | None
    """Why another encoding may be the right one; None if there is no doubt."""
    separator: str | None
    tables: list[ImportTable]
    left_out: list[ImportLeftOut]
    skipped_hidden_rows: int
    notes: list[str]


class FileColumn(Result, frozen=True, kw_only=True):
    """A column of a file that is not imported yet."""

    column: str
    use: str
    """Use that an import would make of it: phoneNumber, name, externalId, timeZone, country, attribute or ignored."""
    samples: list[str]
    """Some different values of the first rows."""


class FileTable(Result, frozen=True, kw_only=True):
    """A table of such a file: CSV, or a sheet of a workbook."""

    sheet: str | None
    header_row: int
    columns: list[FileColumn]


class FileColumns(Result, frozen=True, kw_only=True):
    """How an import would read a file."""

    format: str
    encoding: str | None
    encoding_doubt: str | None
    separator: str | None
    tables: list[FileTable]
    left_out: list[ImportLeftOut]


class ImportJob(Result, frozen=True, kw_only=True):
    campaign_id: int = 0
    """The value of the request; the response does not repeat it."""
    job_id: int
    status: str
    """pending, processing, done or failed."""
    total_rows: int
    processed_rows: int
    """The sum of created, updated, duplicate and failed rows."""
    failed_rows: int
    duplicate_rows: int
    error_message: str | None
    """Why the whole import failed."""
    created_rows: int
    list_id: int | None
    """None if a dry run would have created the list."""
    list_name: str
    started_at: datetime | None
    finished_at: datetime | None
    dry_run: bool
    removed_rows: int
    """Contacts removed by an undo."""
    undone_at: datetime | None
    detected: ImportDetected | None = None
    """How the file was read."""
    updated_rows: int = 0
    """Rows that updated a contact; only with `on_duplicate`."""

    @property
    def ended(self) -> bool:
        return self.status in {"done", "failed"}


class ImportRow(Result, frozen=True, kw_only=True):
    row: int
    """Counted from 1, without the header row."""
    phone_number: str | None
    external_id: str | None
    outcome: str
    """An `ImportOutcome`."""
    reason: str | None
    reason_code: str | None
    contact_id: int | None
    """The contact created or updated; for a duplicate, the existing contact."""


class ImportUndone(Done, frozen=True, kw_only=True):
    job_id: int = msgspec.field(name="job_id")
    removed_rows: int
    undone: bool
    """False while contacts are still being removed."""
