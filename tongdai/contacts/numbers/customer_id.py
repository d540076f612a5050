"""The id of a customer: who has a number, in all campaigns of a tenant. Pure.

No table: the id is computed from tenant and number, one-to-one, so it never changes, costs an import nothing and needs
no look-up. It is an affine map modulo the largest prime below 2^53, shifted by one: ids are whole numbers from 1 that
every JSON reader takes exactly. It is no secret: whoever may see a customer's id may see the number.

The constants must never change. They are such that the demo's first customer has the id of the API's samples.
"""

from collections.abc import Callable

from tongdai.ids import CustomerId, TenantId

PRIME = 2**53 - 111
_FACTOR = 5566755282872657
_TENANT_FACTOR = 3141592653589793
_OFFSET = 585366256237350
_INVERSE = pow(_FACTOR, -1, PRIME)
LARGEST_NUMBER = 10**15 - 1


def of(tenant_id: TenantId) -> Callable[[int], CustomerId]:
    """The ids of a tenant's customers, by their number (E.164 without the `+`)."""
    offset = _offset(tenant_id)

    def customer_id(number: int) -> CustomerId:
        return CustomerId((number * _FACTOR + offset) % PRIME + 1)

    return customer_id


def number_of(tenant_id: TenantId, customer_id: int) -> int | None:
    """The number of a tenant's customer; None: no number has that id."""
    if not 1 <= customer_id <= PRIME:
        return None
    number = (customer_id - 1 - _offset(tenant_id)) * _INVERSE % PRIME
    return number if 1 <= number <= LARGEST_NUMBER else None


def _offset(tenant_id: TenantId) -> int:
    return (tenant_id * _TENANT_FACTOR + _OFFSET) % PRIME
