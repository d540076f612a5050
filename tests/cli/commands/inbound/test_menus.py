"""`tongdai queue menu`."""

import json

from tests.cli.commands.inbound.conftest import Desk
from tongdai_client import CallerDestination


def test_menu_is_created_listed_put_before_a_queue_replaced_and_deleted(desk: Desk) -> None:
    with desk.client() as client:
        queue_id = client.create_queue("Support").queue_id
        menu_id = int(
            desk.printed(
                "menu", "create", "--name", "Chào mừng", "--greeting", "tongdai/welcome",
                "--press", f"1=queue:{queue_id}", "--press", "*=callback",
                "--otherwise", "hang_up", "--timeout", 8, "--repeats", 1,
            )
        )  # fmt: skip
        made = client.menu(menu_id)
        assert (made.name, made.greeting, made.timeout_sec, made.repeats) == ("Chào mừng", "tongdai/welcome", 8, 1)
        assert made.options == {
            "1": CallerDestination(kind="queue", queue_id=queue_id),
            "*": CallerDestination(kind="callback"),
        }
        assert made.otherwise == CallerDestination(kind="hang_up")
        (listed,) = json.loads(desk.printed("menu", "list", "--json"))
        assert listed == {
            "menuId": menu_id,
            "name": "Chào mừng",
            "greeting": "tongdai/welcome",
            "keys": ["*=callback", f"1=queue:{queue_id}"],
            "otherwise": "hang_up",
            "timeoutSec": 8,
            "repeats": 1,
            "usedBy": [],
        }
        desk.printed("settings", queue_id, f"menuId={menu_id}")
        assert client.queue_settings(queue_id).menu_id == menu_id
        (listed,) = json.loads(desk.printed("menu", "list", "--json"))
        assert listed["usedBy"] == [f"queue:{queue_id}"]
        assert f"queue {queue_id}" in desk.failed("menu", "delete", menu_id)
        replaced = desk.printed("menu", "replace", menu_id, "--name", "Nights", "--press", "2=message:closed")
        assert replaced == "Menu updated successfully"
        assert client.menu(menu_id).options == {"2": CallerDestination(kind="message", sound="closed")}
        desk.printed("settings", queue_id, "menuId=none")
    assert desk.printed("menu", "delete", menu_id) == "Menu deleted successfully"
    assert desk.printed("menu", "list").splitlines()[1:] == []


def test_what_is_wrong_is_named(desk: Desk) -> None:
    new = ("menu", "create", "--name", "A")
    assert "Missing option '--press'" in desk.failed(*new, code=2)
    assert "expected KEY=DESTINATION, a key of" in desk.failed(*new, "--press", "x=callback", code=2)
    assert "1 is given twice" in desk.failed(*new, "--press", "1=callback", "--press", "1=hang_up", code=2)
    assert "expected queue:ID" in desk.failed(*new, "--press", "1=queu:1", code=2)
    assert "expected queue:ID" in desk.failed(*new, "--press", "1=callback", "--otherwise", "queu:1", code=2)
    assert "options.1.queueId: inbound queue 17 not found" in desk.failed(*new, "--press", "1=queue:17")
    assert "otherwise must be no menu" in desk.failed(*new, "--press", "1=callback", "--otherwise", "menu:17")
    assert "Menu not found" in desk.failed("menu", "replace", 17, "--name", "A", "--press", "1=callback")
