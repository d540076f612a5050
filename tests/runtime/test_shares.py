"""A tenant has a share of the requests that are handled at once."""

from contextlib import ExitStack

import pytest

from tongdai.errors import RateLimited
from tongdai.runtime.shares import Shares

A, B = 1, 2


def take(stack: ExitStack, shares: Shares, tenant_id: int, count: int, *, upload: bool = False) -> None:
    for _ in range(count):
        stack.enter_context(shares.held(tenant_id, upload=upload))


def test_tenant_may_have_half_of_the_requests_and_a_quarter_may_be_uploads() -> None:
    shares = Shares(16)
    with ExitStack() as stack:
        take(stack, shares, A, 4, upload=True)
        with pytest.raises(RateLimited, match="4 uploads under way"):
            take(stack, shares, A, 1, upload=True)
        take(stack, shares, A, 4)
        for upload in (False, True):
            with pytest.raises(RateLimited, match="under way in a worker already") as refused:
                take(stack, shares, A, 1, upload=upload)
            assert refused.value.headers == {"Retry-After": "1"}
        take(stack, shares, B, 4, upload=True)
        take(stack, shares, B, 4)
    with ExitStack() as stack:
        take(stack, shares, A, 8)


def test_request_that_fails_gives_its_place_back() -> None:
    shares = Shares(2)
    for _ in range(3):
        with pytest.raises(ValueError, match="it"), shares.held(A, upload=True):
            raise ValueError("it")


def test_small_server_handles_one_of_each_tenant() -> None:
    shares = Shares(1)
    with shares.held(A, upload=True), shares.held(B, upload=False):
        pass
