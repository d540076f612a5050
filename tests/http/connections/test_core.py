"""The head of a request has a time limit, and the wait for a request another."""

from tongdai.http.connections.core import Connection, Heads

LIMIT_S = 10.0


def seen(received: int, steps: int, identity: int = 1) -> Connection:
    return Connection(identity, ("192.0.2.1", "40000"), received, steps)


def overdue_at(*looks: tuple[float, Connection]) -> list[float]:
    """When the connection is overdue, of the looks at it."""
    heads = Heads(LIMIT_S)
    return [at for at, connection in looks if heads.overdue(at, [connection])]


def test_a_head_that_dribbles_is_overdue_after_the_limit() -> None:
    assert overdue_at((0, seen(0, 0)), (1, seen(20, 0)), (6, seen(30, 0)), (10.9, seen(40, 0)), (11, seen(41, 0))) == [
        11
    ]


def test_the_limit_begins_with_the_first_bytes_of_a_connection() -> None:
    assert overdue_at((0, seen(20, 0)), (9, seen(20, 0)), (10, seen(20, 0))) == [10]


def test_a_connection_that_sends_nothing_is_never_overdue() -> None:
    assert overdue_at((0, seen(0, 0)), (100, seen(0, 0))) == []


def test_a_connection_that_waits_between_requests_is_never_overdue() -> None:
    assert overdue_at((0, seen(80, 2)), (50, seen(80, 2)), (100, seen(160, 4)), (200, seen(160, 4))) == []


def test_a_body_that_arrives_while_its_request_is_answered_is_no_head() -> None:
    assert overdue_at((0, seen(80, 1)), (20, seen(900, 1)), (40, seen(9000, 1)), (60, seen(9000, 2))) == []


def test_the_second_head_of_a_connection_has_the_same_limit() -> None:
    assert overdue_at((0, seen(80, 2)), (5, seen(90, 2)), (14, seen(91, 2)), (15, seen(91, 2))) == [15]


def test_a_request_that_began_ends_the_limit() -> None:
    looks = ((0, seen(80, 2)), (5, seen(90, 2)), (6, seen(170, 4)), (16, seen(170, 4)))
    assert overdue_at(*looks) == []


def test_a_connection_with_the_port_of_one_that_was_closed_is_another() -> None:
    assert overdue_at((0, seen(20, 0)), (9, seen(5, 0, identity=2)), (18, seen(5, 0, identity=2))) == []
