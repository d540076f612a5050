"""When a campaign is paused whose sound was not played."""

from tongdai.dialer.call.unplayed import Unplayed

ONE, OTHER = (1, 7), (1, 8)


def test_campaign_is_paused_after_so_many_calls_in_a_row_that_played_nothing() -> None:
    unplayed = Unplayed(3)
    assert [unplayed.ended(ONE, played=False) for _ in range(4)] == [False, False, True, True]
    assert unplayed.calls(ONE) == 4


def test_sound_that_was_played_begins_the_count_anew_and_what_is_not_known_changes_nothing() -> None:
    unplayed = Unplayed(2)
    assert not unplayed.ended(ONE, played=False)
    assert not unplayed.ended(ONE, played=True)
    assert not unplayed.ended(ONE, played=False)
    assert not unplayed.ended(ONE, played=None)
    assert unplayed.ended(ONE, played=False)


def test_calls_of_another_campaign_do_not_count() -> None:
    unplayed = Unplayed(2)
    assert not unplayed.ended(ONE, played=False)
    assert not unplayed.ended(OTHER, played=False)
    assert not unplayed.ended(OTHER, played=True)
    assert unplayed.ended(ONE, played=False)


def test_campaign_that_was_paused_and_resumed_begins_anew() -> None:
    unplayed = Unplayed(2)
    assert not unplayed.ended(ONE, played=False)
    unplayed.keep({ONE, OTHER})
    assert unplayed.calls(ONE) == 1
    unplayed.keep({OTHER})
    assert not unplayed.ended(ONE, played=False)
