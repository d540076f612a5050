"""Keypad menus."""

import msgspec

from tongdai_client.models.base import Done
from tongdai_client.models.inbound.menus import Menu, MenuCreated, NewMenu
from tongdai_client.operation import PAGE_SIZE, Operation, PagedOperation, operation, paged_operation

_MENU = "/queues/menus/{menuId}"


def menus(*, page_size: int = PAGE_SIZE) -> PagedOperation[Menu]:
    """List the keypad menus by id."""
    return paged_operation("/queues/menus", (), Menu, page_size, {})


def menu(menu_id: int) -> Operation[Menu]:
    """Get a keypad menu."""
    return operation("GET", _MENU, (menu_id,), Menu)


def create_menu(menu: NewMenu, *, idempotency_key: str | None = None) -> Operation[MenuCreated]:
    """Create a keypad menu."""
    body = msgspec.to_builtins(menu)
    return operation("POST", "/queues/menus", (), MenuCreated, body=body, idempotency_key=idempotency_key)


def replace_menu(menu_id: int, menu: NewMenu) -> Operation[Done]:
    """Replace a keypad menu by another."""
    return operation("PUT", _MENU, (menu_id,), Done, body=msgspec.to_builtins(menu))


def delete_menu(menu_id: int) -> Operation[Done]:
    """Delete a keypad menu. InvalidState while queues or other menus refer to it."""
    return operation("DELETE", _MENU, (menu_id,), Done)
