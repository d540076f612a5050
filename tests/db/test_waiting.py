"""How many may wait, by how soon places become free."""

from tongdai.db.waiting import READ_TIMES, Waiting

NEVER, ALWAYS = 3600.0, -1.0
FEW, BURST = 2, 8


def test_few_may_wait_however_long_it_takes() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS, burst=0)
    waiting.add()
    assert not waiting.refuses(FEW - 1)
    waiting.add()
    assert waiting.refuses(FEW), "one has waited for too long"
    assert len(waiting) == FEW


def test_any_number_may_wait_while_nothing_is_known() -> None:
    waiting = Waiting(FEW, crowded_s=NEVER, burst=0)
    for _ in range(100):
        waiting.add()
    assert not waiting.refuses(10_000)


def test_fewer_may_wait_the_longer_places_are_held() -> None:
    waiting = Waiting(FEW, crowded_s=NEVER, burst=0)
    for one in [waiting.add() for _ in range(100)]:
        waiting.served(one)
    room = next(before for before in range(10**9) if waiting.refuses(2**before))
    assert not waiting.refuses(2 ** (room - 1))
    assert 2**room > FEW


def test_burst_may_wait_until_one_request_was_refused() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS, burst=BURST)
    for _ in range(BURST):
        assert not waiting.refuses(len(waiting))
        waiting.add()
    assert waiting.refuses(BURST)
    assert waiting.refuses(BURST - 1), "it is no burst"
    assert not waiting.refuses(FEW - 1)


def test_request_that_has_been_read_may_wait_for_longer() -> None:
    waiting = Waiting(FEW, crowded_s=NEVER, burst=0)
    for one in [waiting.add() for _ in range(100)]:
        waiting.served(one)
    room = next(before for before in range(10**9) if waiting.refuses(2**before))
    assert not waiting.refuses(2**room, read=True)
    assert waiting.refuses(2**room * READ_TIMES, read=True)


def test_one_that_gave_up_no_longer_waits() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS, burst=0)
    first, _ = waiting.add(), waiting.add()
    waiting.remove(first)
    assert len(waiting) == 1
