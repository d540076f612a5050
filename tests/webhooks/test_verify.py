"""The SDK's check of requests, and the receiver of the documentation, with signatures of the server and of the
reference library."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook as Judge

from tongdai.webhooks.model import shown_secret, signature
from tongdai_client.webhooks import WebhookRefused, verify_webhook

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
KEY = bytes(range(32))
SECRET, OTHER = shown_secret(KEY), shown_secret(bytes(32))
BODY = b'{"type": "call.ended", "n": 1.0}'
NOW_S = int(datetime.now(UTC).timestamp())


def signed(*keys: bytes, at_s: int = NOW_S) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": signature(list(keys), "msg_1", at_s, BODY),
    }


def test_signature_of_the_server_is_the_reference_librarys() -> None:
    at = datetime.fromtimestamp(NOW_S, UTC)
    assert signature([KEY], "msg_1", NOW_S, BODY) == Judge(SECRET).sign("msg_1", at, BODY.decode())


def test_request_of_the_server_is_taken() -> None:
    assert verify_webhook(SECRET, signed(KEY), BODY) == {"type": "call.ended", "n": 1.0}


def test_either_secret_is_taken_during_a_rotation() -> None:
    both = signed(KEY, bytes(32))
    assert verify_webhook(SECRET, both, BODY) == verify_webhook(OTHER, both, BODY)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (signed(bytes(32)), BODY),
        (signed(KEY), BODY + b" "),
        (signed(KEY, at_s=NOW_S - 600), BODY),
        (signed(KEY, at_s=NOW_S + 600), BODY),
        (signed(KEY) | {"Webhook-Id": "msg_2"}, BODY),
        (signed(KEY) | {"Webhook-Timestamp": "now"}, BODY),
        (signed(KEY) | {"Webhook-Signature": "v1,é v2,a v1,"}, BODY),
        ({}, BODY),
    ],
)
def test_any_other_request_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        verify_webhook(SECRET, headers, body)


def test_receiver_of_the_documentation_takes_what_is_signed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    source = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(source[0], names)
    server = names["serve"](0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/"
        found = [
            httpx2.post(url, content=BODY, headers=headers).status_code
            for headers in (signed(KEY), signed(KEY), signed(bytes(32)))
        ]
        assert (found, names["seen"]) == ([204, 204, 401], {"msg_1"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
