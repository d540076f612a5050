"""How many may wait, by how soon places become free."""

from tongdai.db.waiting import Waiting

NEVER, ALWAYS = 3600.0, -1.0
FEW = 2


def test_few_may_wait_however_long_it_takes() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS)
    waiting.add()
    assert not waiting.crowded()
    waiting.add()
    assert waiting.crowded(), "one has waited for too long"
    assert len(waiting) == waiting.room() == FEW


def test_any_number_may_wait_while_nothing_is_known() -> None:
    waiting = Waiting(FEW, crowded_s=NEVER)
    for _ in range(100):
        waiting.add()
    assert not waiting.crowded()
    assert not waiting.crowded(10_000)


def test_those_that_are_about_to_come_count_too() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS)
    waiting.add()
    assert waiting.crowded(more=1)


def test_fewer_may_wait_the_longer_places_are_held() -> None:
    waiting = Waiting(FEW, crowded_s=NEVER)
    for one in [waiting.add() for _ in range(100)]:
        waiting.served(one)
    room = waiting.room()
    assert FEW < room < float("inf")
    assert waiting.crowded(round(room) + 1)
    assert not waiting.crowded(round(room / 2))


def test_one_that_gave_up_no_longer_waits() -> None:
    waiting = Waiting(FEW, crowded_s=ALWAYS)
    first, _ = waiting.add(), waiting.add()
    waiting.remove(first)
    assert len(waiting) == 1
    assert not waiting.crowded()
