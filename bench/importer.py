"""The importer that a good engineer would write first: csv, phonenumbers, SQLAlchemy's async ORM, batches of 1,000.

`python -m bench.importer FILE CAMPAIGN LIST` tells the seconds that it took, its own start not counted.
"""

import asyncio
import csv
import itertools
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import phonenumbers
from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import TEXT, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BATCH = 1000
PersonRow = dict[str, str]


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, str: TEXT}  # noqa: RUF012 - SQLAlchemy's way to declare it


class Contact(Base):
    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    campaign_id: Mapped[int]
    list_id: Mapped[int]
    phone: Mapped[str]
    name: Mapped[str | None]
    external_id: Mapped[str | None]


_engine = create_async_engine(
    "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(os.environ["BENCH_DSN"]), pool_size=1
)
_sessions = async_sessionmaker(_engine, expire_on_commit=False)


def normalised(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


async def import_file(path: Path, campaign_id: int, list_id: int) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        async with _sessions() as session:
            while batch := list(itertools.islice(rows, BATCH)):
                await _import_batch(session, batch, campaign_id, list_id)
                await session.commit()


async def _import_batch(session: AsyncSession, batch: Iterable[PersonRow], campaign_id: int, list_id: int) -> None:
    contacts = [
        {
            "campaign_id": campaign_id,
            "list_id": list_id,
            "phone": phone,
            "name": row["name"],
            "external_id": row["externalId"],
        }
        for row in batch
        if (phone := normalised(row["phoneNumber"]))
    ]
    await session.execute(insert(Contact).on_conflict_do_nothing(), contacts)


async def _run(path: Path, campaign_id: int, list_id: int) -> None:
    async with _engine.connect():  # connected before the clock starts
        began = time.perf_counter()
    await import_file(path, campaign_id, list_id)
    print(time.perf_counter() - began)
    await _engine.dispose()


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), *(int(part) for part in sys.argv[2:4])))
