"""Customer ids: one-to-one, the same for ever, and exact in every JSON reader."""

from hypothesis import example, given
from hypothesis import strategies as st

from tongdai.contacts.numbers import customer_id
from tongdai.ids import TenantId

TENANTS = st.integers(1, 10**18 - 1).map(TenantId)
NUMBERS = st.integers(1, customer_id.LARGEST_NUMBER)


@given(TENANTS, NUMBERS)
@example(TenantId(1), 1)
@example(TenantId(10**18 - 1), customer_id.LARGEST_NUMBER)
def test_id_is_a_whole_number_below_2_to_the_53(tenant_id: TenantId, number: int) -> None:
    assert 1 <= customer_id.of(tenant_id)(number) < 2**53


@given(TENANTS, NUMBERS)
def test_number_is_found_from_the_id(tenant_id: TenantId, number: int) -> None:
    assert customer_id.number_of(tenant_id, customer_id.of(tenant_id)(number)) == number


@given(TENANTS, st.lists(NUMBERS, unique=True, max_size=50))
def test_different_numbers_have_different_ids(tenant_id: TenantId, numbers: list[int]) -> None:
    assert len(set(map(customer_id.of(tenant_id), numbers))) == len(numbers)


@given(TENANTS, st.integers(-(2**60), 2**60))
def test_id_that_no_number_has_gives_none(tenant_id: TenantId, value: int) -> None:
    number = customer_id.number_of(tenant_id, value)
    assert number is None or customer_id.of(tenant_id)(number) == value


IDS = [55001, 286514937958920, 8420574362221610]


def test_ids_never_change() -> None:
    """Written down from the first version: clients keep them."""
    ids = [
        customer_id.of(TenantId(tenant))(number)
        for tenant, number in ((20260310, 84901234567), (1, 1), (7, 15551234567))
    ]
    assert ids == IDS


def test_the_modulus_is_prime() -> None:
    """Fermat's test to several bases: a composite modulus would make the map no bijection."""
    assert all(pow(base, customer_id.PRIME - 1, customer_id.PRIME) == 1 for base in (2, 3, 5, 7, 11, 13))
    assert 10**15 - 1 == customer_id.LARGEST_NUMBER < customer_id.PRIME < 2**53
