"""The share that a tenant may have of the requests that a worker handles at once.

Without one, a tenant whose uploads take an hour would leave the others none, within all of its rate limits.
"""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from tongdai.errors import RateLimited

OF_REQUESTS, OF_UPLOADS = 2, 4
"""A tenant may have half of the requests that are handled at once, and a quarter may be uploads."""
RETRY_AFTER_S = 1


class Shares:
    """Counts the requests of each tenant that are being handled, in this process."""

    def __init__(self, at_once: int) -> None:
        """`at_once`: how many requests this process handles at once."""
        self._requests, self._uploads = max(1, at_once // OF_REQUESTS), max(1, at_once // OF_UPLOADS)
        self._handled = Counter[tuple[int, bool]]()

    @contextmanager
    def held(self, tenant_id: int, *, upload: bool) -> Generator[None]:
        """Count a request within the block; RateLimited when the tenant has its share already.

        `upload`: it is of an endpoint that takes files, and may take long.
        """
        uploads, others = self._handled[tenant_id, True], self._handled[tenant_id, False]
        if upload and uploads >= self._uploads:
            raise RateLimited(f"The tenant has {uploads} uploads under way in a worker already", RETRY_AFTER_S)
        if (handled := uploads + others) >= self._requests:
            raise RateLimited(f"The tenant has {handled} requests under way in a worker already", RETRY_AFTER_S)
        key = tenant_id, upload
        self._handled[key] += 1
        try:
            yield
        finally:
            self._handled[key] -= 1
            if not self._handled[key]:
                del self._handled[key]
