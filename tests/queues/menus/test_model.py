"""Levels of menus are counted from the top to the bottom, and a cycle is too many."""

import pytest

from tongdai.ids import MenuId
from tongdai.queues.menus.model import Menu, submenus, too_deep
from tongdai.queues.model import HANG_UP, Destination, DestinationKind


def menus(**below: str) -> dict[MenuId, Menu]:
    """`menus(a="bc")`: menu a has the options b and c, which are menus."""
    return {MenuId(ord(one)): menu_with(*others) for one, others in below.items()}


def menu_with(*names: str) -> Menu:
    options = {str(key): Destination(DestinationKind.MENU, str(ord(name))) for key, name in enumerate(names)}
    return Menu(name="M", options={**options, "9": HANG_UP})


@pytest.mark.parametrize(
    ("tree", "wrong"),
    [
        ({"a": ""}, False),
        ({"a": "b", "b": "c", "c": ""}, False),
        ({"a": "bc", "b": "c", "c": ""}, False),
        ({"a": "b", "b": "c", "c": "d", "d": ""}, True),
        ({"a": "bd", "b": "c", "c": "d", "d": ""}, True),
        ({"a": "a"}, True),
        ({"a": "b", "b": "a"}, True),
        ({"a": "b", "b": "c", "c": "b"}, True),
        ({"a": "x"}, False),  # a menu that is not there
    ],
)
def test_menus_have_three_levels_at_most(tree: dict[str, str], wrong: bool) -> None:
    found = menus(**tree)
    assert any(too_deep(found, one) for one in found) == wrong


def test_change_in_the_middle_sees_what_is_above_and_below() -> None:
    found = menus(a="b", b="c", c="d", d="")
    assert all(too_deep(found, one) for one in found)


def test_submenus_are_the_options_that_are_menus() -> None:
    assert submenus(menu_with("a", "b")) == {ord("a"), ord("b")}
