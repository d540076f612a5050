"""Called numbers: given, taken, and the tenant and queue of a call that comes in."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.numbers.examples import EXAMPLES
from tongdai.db.pool import Connection
from tongdai.ids import KeyId, QueueId, SwitchId, TenantId
from tongdai.numbers import core, store
from tongdai.numbers.endpoints import store as endpoints
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.model import CalledNumber, GiveRefusal, Owned
from tongdai.queues import store as queues
from tongdai.queues.model import Change
from tongdai.switches import store as switches
from tongdai.switches.model import DEFAULT
from tongdai.tenants import store as tenants
from tongdai.testing import factories

NUMBER = 842873001234
FORMS = ("+842873001234", "842873001234", "00842873001234", "02873001234")


async def given(conn: Connection, tenant_id: TenantId, number: int = NUMBER, trunk: str | None = None) -> CalledNumber:
    made = await store.give(conn, tenant_id, number, trunk, None)
    assert isinstance(made, CalledNumber)
    return made


async def a_queue(conn: Connection, tenant_id: TenantId, number: str | None) -> QueueId:
    made = await queues.create(conn, tenant_id, "A queue", number, Change(), None)
    assert isinstance(made, int)
    return made


async def called(conn: Connection, text: str, trunk: str | None = "carrier", switch_id: SwitchId = DEFAULT) -> Any:
    return await store.resolve(conn, switch_id, trunk, text)


async def test_number_leads_to_its_tenants_queue_in_every_form_of_both(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    for written in FORMS:
        queue_id = await a_queue(own_conn, tenant_id, written)
        for text in FORMS:
            assert await called(own_conn, text) == Owned(tenant_id, queue_id, "+842873001234"), (written, text)
        assert await queues.delete(own_conn, tenant_id, queue_id, KeyId(1)) is True


async def test_every_form_of_a_number_of_any_country_is_its_tenants(own_conn: Connection) -> None:
    """Or nobody's, where another tenant's number is written the same: never another's."""
    two = [await factories.tenant(own_conn) for _ in range(2)]
    owner = {number: two[place % 2] for place, number in enumerate(EXAMPLES)}
    for number, tenant_id in owner.items():
        await given(own_conn, tenant_id, number)
    ambiguous = 0
    for number, tenant_id in owner.items():
        for text in core.forms(number, core.national(number)):
            found = await called(own_conn, text)
            if text.startswith(("+", "00")) or found is not None:
                assert found is not None, text
                assert found.tenant_id == tenant_id, text
            ambiguous += found is None
    assert 0 < ambiguous < len(owner)


async def test_called_number_of_nobody_is_refused_and_logged_without_its_digits(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    await a_queue(own_conn, tenant_id, "02873001234")  # to name a number is not to have it
    with capture_logs() as logged:
        assert await called(own_conn, "02873001234") is None
    assert [(one["event"], one["reason"]) for one in logged] == [("called number refused", "unknown")]
    assert "02873001234" not in str(logged)


async def test_number_without_a_queue_is_its_tenants_and_logged(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    with capture_logs() as logged:
        assert await called(own_conn, FORMS[0]) == Owned(tenant_id, None, "+842873001234")
    assert [(one["reason"], one["tenant"]) for one in logged] == [("no_queue", tenant_id)]


async def test_text_that_fits_numbers_of_two_tenants_is_nobodys(own_conn: Connection) -> None:
    american, egyptian = await factories.tenant(own_conn, "US"), await factories.tenant(own_conn, "EG")
    await given(own_conn, american, 12025550123)
    assert (await called(own_conn, "2025550123")).tenant_id == american
    await given(own_conn, egyptian, 2025550123)
    with capture_logs() as logged:
        assert await called(own_conn, "2025550123") is None
    assert logged[0]["reason"] == "ambiguous"
    assert (await called(own_conn, "+2025550123")).tenant_id == egyptian
    assert (await called(own_conn, "12025550123")).tenant_id == american


async def test_last_digits_are_those_of_one_number_of_the_trunk(own_conn: Connection) -> None:
    tenant_id, other = await factories.tenant(own_conn), await factories.tenant(own_conn)
    await given(own_conn, tenant_id, 842873001234, "carrier")
    await given(own_conn, tenant_id, 842873001334, "carrier")
    await given(own_conn, other, 842873005678, "second")
    await given(own_conn, other, 842873009999)
    assert (await called(own_conn, "1234")).number == "+842873001234"
    assert (await called(own_conn, "334")).number == "+842873001334"
    assert (await called(own_conn, "2873001234")).number == "+842873001234"
    for text, trunk in (
        ("34", "carrier"),  # too few
        ("1234", "second"),  # of another trunk
        ("1234", None),
        ("5678", "carrier"),
        ("9999", "carrier"),  # of no trunk
        ("+1234", "carrier"),
        ("7123", "carrier"),  # not at the end
    ):
        assert await called(own_conn, text, trunk) is None, (text, trunk)
    await given(own_conn, other, 842873101234, "carrier")
    assert await called(own_conn, "1234") is None  # of two numbers
    assert (await called(own_conn, "001234")).number == "+842873001234"


async def test_whole_number_comes_before_last_digits(own_conn: Connection) -> None:
    tenant_id, other = await factories.tenant(own_conn), await factories.tenant(own_conn)
    await given(own_conn, tenant_id, 8419006363, "carrier")
    await given(own_conn, other, 842819006363, "carrier")
    assert (await called(own_conn, "19006363")).number == "+8419006363"


async def test_number_of_a_trunk_is_not_called_by_another(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    await given(own_conn, tenant_id, trunk="carrier")
    assert await called(own_conn, FORMS[0], "carrier") is not None
    assert await called(own_conn, FORMS[0], "second") is None
    assert await called(own_conn, FORMS[0], None) is None
    await given(own_conn, tenant_id)
    assert await called(own_conn, FORMS[0], "second") is not None


async def test_trunk_of_one_tenant_brings_no_call_for_another(own_conn: Connection) -> None:
    tenant_id, other = await factories.tenant(own_conn), await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    await endpoints.give(own_conn, DEFAULT, "theirs", EndpointKind.TRUNK, other, None)
    await endpoints.give(own_conn, DEFAULT, "shared", EndpointKind.TRUNK, None, None)
    assert await called(own_conn, FORMS[0], "theirs") is None
    assert await called(own_conn, FORMS[0], "shared") is not None
    assert await store.give(own_conn, tenant_id, NUMBER, "theirs", None) is GiveRefusal.TRUNK_OF_OTHER
    await endpoints.give(own_conn, DEFAULT, "phone", EndpointKind.PHONE, tenant_id, None)
    assert await store.give(own_conn, tenant_id, NUMBER, "phone", None) is GiveRefusal.TRUNK_OF_OTHER


async def test_number_is_called_on_its_tenants_switch(own_conn: Connection) -> None:
    tenant_id = await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    hanoi = await switches.find_or_add(own_conn, "hanoi")
    assert await called(own_conn, FORMS[0], switch_id=hanoi.switch_id) is None
    assert await tenants.set_switch(own_conn, tenant_id, hanoi)
    assert await called(own_conn, FORMS[0], switch_id=hanoi.switch_id) is not None
    assert await called(own_conn, FORMS[0]) is None


async def test_number_is_given_to_one_tenant_and_free_again_when_it_is_taken(own_conn: Connection) -> None:
    tenant_id, other = await factories.tenant(own_conn), await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    assert await store.give(own_conn, other, NUMBER, None, None) is GiveRefusal.OTHER_TENANT
    assert (await given(own_conn, tenant_id, trunk="carrier")).trunk == "carrier"
    taken = await store.take(own_conn, NUMBER, None)
    assert taken is not None
    assert taken.tenant_id == tenant_id
    assert await store.take(own_conn, NUMBER, None) is None
    await given(own_conn, other)
    rows = await own_conn.fetch(
        "select tenant_id, action, subject from audit where action like 'number.%' order by audit_id"
    )
    subject = "number +842873001234"
    assert [tuple(row) for row in rows] == [
        (tenant_id, "number.give", subject),
        (tenant_id, "number.give", subject),
        (tenant_id, "number.take", subject),
        (other, "number.give", subject),
    ]


async def test_lists_are_of_a_tenant_or_of_all_in_ascending_order(own_conn: Connection) -> None:
    tenant_id, other = await factories.tenant(own_conn), await factories.tenant(own_conn)
    numbers = [NUMBER + i for i in range(5)]
    for place, number in enumerate(reversed(numbers)):
        await given(own_conn, (tenant_id, other)[place % 2], number)
    assert [one.number for one in (await store.page(own_conn, 10, 0, tenant_id=None))[0]] == numbers
    assert await store.page(own_conn, 1, 2, tenant_id=tenant_id) == ([await store.find(own_conn, numbers[4])], 3)
    behind = await store.after(own_conn, numbers[2], 10, tenant_id=None)
    assert [one.number for one in behind] == numbers[3:]


@pytest.mark.parametrize("text", ["", "abc", "0" * 33, "+", "'; drop table tenant"])
async def test_what_is_no_number_is_nobodys(own_conn: Connection, text: str) -> None:
    tenant_id = await factories.tenant(own_conn)
    await given(own_conn, tenant_id)
    assert await called(own_conn, text) is None
