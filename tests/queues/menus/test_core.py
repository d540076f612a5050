"""A menu ends for each caller, whatever they press and whatever comes late."""

from hypothesis import given
from hypothesis import strategies as st

from tongdai.ids import MenuId
from tongdai.queues.menus.core import (
    Effect,
    GreetingEnded,
    Key,
    Leave,
    Play,
    PlayInvalid,
    StartTimer,
    State,
    StopPlaying,
    TimedOut,
    begin,
    step,
)
from tongdai.queues.menus.model import KEYS, MAX_LEVELS, Menu
from tongdai.queues.model import HANG_UP, Destination, DestinationKind

TOP, SUB, SILENT = MenuId(1), MenuId(2), MenuId(3)
DESK, LATER = Destination(DestinationKind.QUEUE, "7"), Destination(DestinationKind.CALLBACK)
FALLBACK = Destination(DestinationKind.QUEUE, "8")


def to_menu(menu_id: MenuId) -> Destination:
    return Destination(DestinationKind.MENU, str(menu_id))


MENUS = {
    TOP: Menu(
        name="T", greeting="hello", timeout_s=5, repeats=1, options={"1": DESK, "2": to_menu(SUB)}, otherwise=FALLBACK
    ),
    SUB: Menu(name="S", greeting="more", timeout_s=7, repeats=0, options={"1": LATER, "3": to_menu(SILENT)}),
    SILENT: Menu(name="Q", timeout_s=3, repeats=0, options={"1": DESK}),
}


def test_greeting_is_played_then_a_key_is_waited_for() -> None:
    state, effects = begin(MENUS, TOP)
    assert (state, effects) == (State(TOP), (Play("hello", 0),))
    assert state is not None
    state, effects = step(MENUS, state, GreetingEnded(0))
    assert state is not None
    assert effects == (StartTimer(5, 0),)
    assert step(MENUS, state, Key("1")) == (None, (Leave(DESK),))


def test_key_during_the_greeting_stops_it_and_counts() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    assert step(MENUS, state, Key("1")) == (None, (StopPlaying(), Leave(DESK)))


def test_submenu_begins_with_its_own_greeting_and_turn() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    state, effects = step(MENUS, state, Key("2"))
    assert (state, effects) == (State(SUB, 2, 1), (StopPlaying(), Play("more", 1)))
    assert state is not None
    state, effects = step(MENUS, state, Key("3"))
    assert effects == (StopPlaying(), StartTimer(3, 2))  # it has no greeting
    assert state is not None
    assert step(MENUS, state, TimedOut(2)) == (None, (Leave(HANG_UP),))


def test_greeting_is_repeated_after_no_key_then_callers_go_elsewhere() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    state, _ = step(MENUS, state, GreetingEnded(0))
    assert state is not None
    state, effects = step(MENUS, state, TimedOut(0))
    assert effects == (Play("hello", 1),)
    assert state is not None
    state, _ = step(MENUS, state, GreetingEnded(1))
    assert state is not None
    assert step(MENUS, state, TimedOut(1)) == (None, (Leave(FALLBACK),))


def test_wrong_key_is_said_and_counts_as_a_try() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    state, effects = step(MENUS, state, Key("9"))
    assert effects == (StopPlaying(), PlayInvalid(), Play("hello", 1))
    assert state is not None
    assert step(MENUS, state, Key("9")) == (None, (StopPlaying(), PlayInvalid(), Leave(FALLBACK)))


def test_what_comes_late_does_nothing() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    again, _ = step(MENUS, state, Key("9"))
    assert again is not None
    for late in (GreetingEnded(0), TimedOut(0), TimedOut(1)):
        assert step(MENUS, again, late) == (again, ())


def test_menu_that_was_deleted_meanwhile_ends_the_call() -> None:
    state, _ = begin(MENUS, TOP)
    assert state is not None
    assert step({}, state, Key("1")) == (None, (StopPlaying(), Leave(HANG_UP)))
    assert begin({}, TOP) == (None, (Leave(HANG_UP),))


def test_menus_that_lead_to_each_other_end_by_their_levels() -> None:
    loop = {TOP: Menu(name="L", greeting="again", options={"1": to_menu(TOP)})}
    state, effects = begin(loop, TOP)
    entered = 1
    while state is not None:
        state, effects = step(loop, state, Key("1"))
        entered += state is not None
    assert (entered, effects) == (MAX_LEVELS, (StopPlaying(), Leave(HANG_UP)))


EVENTS = st.lists(
    st.sampled_from(KEYS).map(Key) | st.integers(0, 9).map(GreetingEnded) | st.integers(0, 9).map(TimedOut),
    max_size=60,
)


@given(EVENTS)
def test_callers_leave_once_and_greetings_have_a_limit(events: list[Key | GreetingEnded | TimedOut]) -> None:
    state, effects = begin(MENUS, TOP)
    done: list[Effect] = list(effects)
    for event in events:
        if state is None:
            break
        menu = MENUS[state.menu_id]
        before = state
        state, effects = step(MENUS, state, event)
        done += effects
        if isinstance(event, Key) and event.key in menu.options:
            to = menu.options[event.key]
            assert Leave(to) in effects or (state is not None and str(state.menu_id) == to.target)
        if state is not None:
            assert state.turn >= before.turn
            assert state.level <= MAX_LEVELS
    leaves = [one for one in done if isinstance(one, Leave)]
    assert len(leaves) == (state is None)
    assert sum(isinstance(one, Play) for one in done) <= sum(menu.repeats + 1 for menu in MENUS.values())


@given(EVENTS)
def test_caller_who_is_silent_from_now_on_leaves(events: list[Key | GreetingEnded | TimedOut]) -> None:
    state, _ = begin(MENUS, TOP)
    for event in events:
        if state is not None:
            state, _ = step(MENUS, state, event)
    steps = 0
    while state is not None:
        state, _ = step(MENUS, state, GreetingEnded(state.turn) if state.playing else TimedOut(state.turn))
        steps += 1
        assert steps <= 10
