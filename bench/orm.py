"""The server that a good engineer would write first: FastAPI, SQLAlchemy ORM on asyncpg, pydantic response models."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel
from sqlalchemy import BigInteger, func, select
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TEXT
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tongdai.contacts.numbers import customer_id
from tongdai.ids import TenantId
from tongdai.tenants import key_format


class Base(DeclarativeBase):
    type_annotation_map = {int: BigInteger, str: TEXT}  # noqa: RUF012 - SQLAlchemy's way to declare it


class ApiKey(Base):
    __tablename__ = "api_key"
    key_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int | None]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ContactList(Base):
    __tablename__ = "contact_list"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int]


class Contact(Base):
    __tablename__ = "contact"
    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int]
    number: Mapped[int]
    name: Mapped[str | None]
    process_status: Mapped[int]
    call_status: Mapped[str | None]
    external_id: Mapped[str | None]
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    zone: Mapped[int]


class TimeZone(Base):
    __tablename__ = "time_zone"
    zone: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ContactRow(BaseModel):
    contactId: int  # noqa: N815 - the wire's names
    customerId: int  # noqa: N815
    phoneNumber: str  # noqa: N815
    name: str | None
    processStatus: int  # noqa: N815
    callStatus: str | None  # noqa: N815
    externalId: str | None  # noqa: N815
    attributes: dict[str, Any] | None
    timeZone: str | None  # noqa: N815


class ContactPage(BaseModel):
    success: str = "1"
    totalRecord: int  # noqa: N815
    data: list[ContactRow]


_engine = create_async_engine(
    "postgresql+asyncpg://",
    async_creator=lambda: asyncpg.connect(os.environ["BENCH_DSN"], server_settings={"timezone": "UTC", "jit": "off"}),
    pool_size=int(os.environ.get("BENCH_POOL", "10")),
    max_overflow=0,
)
_sessions = async_sessionmaker(_engine, expire_on_commit=False)
_pepper = os.environ.get("BENCH_PEPPER", "").encode()
application = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    async with _sessions() as opened:
        yield opened


Session: TypeAlias = Annotated[AsyncSession, Depends(session)]


async def authorised(db: Session, x_api_key: Annotated[str, Header()]) -> ApiKey:
    digest = key_format.digest(x_api_key, _pepper)
    key = (await db.execute(select(ApiKey).where(ApiKey.digest == digest))).scalar_one_or_none()
    if key is None or key.revoked_at or (key.expires_at and key.expires_at < datetime.now(UTC)):
        raise HTTPException(401, "Missing or incorrect API key")
    if "campaign" not in key.scopes:
        raise HTTPException(403, "Key does not have scope campaign")
    return key


@application.get("/v1/campaigns/{campaign_id}/contact-lists/{list_id}/contacts", response_model=ContactPage)
async def contacts(
    campaign_id: int,
    list_id: int,
    db: Session,
    key: Annotated[ApiKey, Depends(authorised)],
    page: Annotated[int, Query(ge=0)] = 0,
    size: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> ContactPage:
    found = await db.get(ContactList, (key.tenant_id, list_id))
    if found is None or found.campaign_id != campaign_id:
        raise HTTPException(404, "Contact list not found")
    of_list = (Contact.tenant_id == key.tenant_id, Contact.list_id == list_id)
    total = (await db.execute(select(func.count()).select_from(Contact).where(*of_list))).scalar_one()
    zoned = select(Contact, TimeZone.name).join(TimeZone, TimeZone.zone == Contact.zone)
    wanted = zoned.where(*of_list).order_by(Contact.contact_id).limit(size).offset(page * size)
    assert key.tenant_id is not None, "no platform key is used here"
    customer = customer_id.of(TenantId(key.tenant_id))
    rows = await db.execute(wanted)
    return ContactPage(
        totalRecord=total, data=[_row(contact, zone, customer(contact.number)) for contact, zone in rows]
    )


def _row(contact: Contact, zone: str, customer: int) -> ContactRow:
    return ContactRow(
        contactId=contact.contact_id,
        customerId=customer,
        phoneNumber="0" + str(contact.number).removeprefix("84"),
        name=contact.name,
        processStatus=contact.process_status,
        callStatus=contact.call_status,
        externalId=contact.external_id,
        attributes=contact.attributes,
        timeZone=zone or None,
    )
