"""Errors that mean that the database is unavailable for now: what failed is tried again, and is not at fault.

| SQLSTATE            | meaning |
|---------------------|---|
| class 08            | the connection failed, or the pooler's |
| class 28, 3D000     | log-in is refused, as while a password is rotated or `pg_hba.conf` edited |
| class 53            | the server lacks disk, memory or connections |
| 55000, 55006, 55P03 | an object is in another state, in use or locked for longer than `lock_timeout` |
| class 57            | the server stops, starts or recovers; a statement was cancelled, as by `statement_timeout` |
| class 58            | input and output of the server failed |
| 25006               | the server is read-only: a standby, or one that runs short of disk |
| 25P03, 25P04        | a transaction was idle or open for too long, as of a process that was suspended |

Besides these, what asyncpg raises without a SQLSTATE: the socket was refused or closed, no answer came in time.

A request is then answered 503 with `Retry-After`; workers and background tasks wait and try again, for as long as it
lasts. What a statement itself is at fault for (class 22, 23, 42 …) is never among these.
"""

import asyncpg

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a query on a connection at the instant that it breaks
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
)
"""Exceptions to catch; where any exception is caught, ask `unavailable`."""


def unavailable(error: BaseException) -> bool:
    """Whether the database is unavailable. InterfaceError also reports wrong arguments, which are not that."""
    return isinstance(error, UNAVAILABLE) and not isinstance(error, ValueError)
