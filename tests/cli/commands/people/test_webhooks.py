"""`tongdai webhook`."""

import json

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server

SPAN = ("--since", "2026-01-01T00:00Z", "--before", "2100-01-01T00:00Z")


async def test_webhooks_are_registered_changed_tried_and_deleted(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def done(*arguments: str) -> str:
        ended = programs.tongdai("webhook", *arguments, environment=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    secret = done("create", "https://crm.example/a", "--event", "call.ended", "--event", "import.done")
    assert secret.startswith("whsec_")
    (hook,) = json.loads(done("list", "--json"))
    assert (hook["url"], hook["events"], hook["body"]) == (
        *("https://crm.example/a", ["call.ended", "import.done"], "vendor"),
    )
    webhook_id = str(hook["webhookId"])
    assert done("rotate", webhook_id, "--overlap-hours", "1").startswith("whsec_")
    sent = done("test", webhook_id)
    delivery_id = sent.rsplit(" ", 1)[1]
    (delivery,) = json.loads(done("deliveries", webhook_id, "--state", "waiting", "--json"))
    assert (str(delivery["deliveryId"]), delivery["event"]) == (delivery_id, "webhook.test")
    assert done("resend", webhook_id, delivery_id) == "Delivery is sent again"
    assert done("replay", webhook_id, *SPAN) == "0 deliveries are sent again"
    assert done("change", webhook_id, "--off", "--event", "call.missed", "--no-authorization") == "Webhook updated"
    (hook,) = json.loads(done("list", "--json"))
    assert (hook["events"], hook["enabled"], hook["offReason"]) == (["call.missed"], False, "asked")
    both = programs.tongdai(
        *("webhook", "change", webhook_id, "--authorization", "Bearer a", "--no-authorization"),
        environment=environment,
    )
    assert "not both" in both.stderr
    assert done("delete", webhook_id) == "Webhook deleted"
    assert json.loads(done("list", "--json")) == []
