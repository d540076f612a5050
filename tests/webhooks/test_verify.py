"""The SDK's check of requests, and the receiver of the documentation, with signatures of the server and of the
reference library."""

import re
import threading
from collections.abc import Callable
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


def signed(*keys: bytes, later_s: int = 0) -> dict[str, str]:
    """The headers of a request that is signed now, or so much later."""
    at_s = int(datetime.now(UTC).timestamp()) + later_s
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": signature(list(keys), "msg_1", at_s, BODY),
    }


def test_signature_of_the_server_is_the_reference_librarys() -> None:
    at = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
    assert signature([KEY], "msg_1", int(at.timestamp()), BODY) == Judge(SECRET).sign("msg_1", at, BODY.decode())


def test_request_of_the_server_is_taken() -> None:
    assert verify_webhook(SECRET, signed(KEY), BODY) == {"type": "call.ended", "n": 1.0}


def test_either_secret_is_taken_during_a_rotation() -> None:
    both = signed(KEY, bytes(32))
    assert verify_webhook(SECRET, both, BODY) == verify_webhook(OTHER, both, BODY)


@pytest.mark.parametrize(
    ("request_of", "body"),
    [
        (lambda: signed(bytes(32)), BODY),
        (lambda: signed(KEY), BODY + b" "),
        (lambda: signed(KEY, later_s=-600), BODY),
        (lambda: signed(KEY, later_s=600), BODY),
        (lambda: signed(KEY) | {"Webhook-Id": "msg_2"}, BODY),
        (lambda: signed(KEY) | {"Webhook-Timestamp": "now"}, BODY),
        (lambda: signed(KEY) | {"Webhook-Signature": "v1,é v2,a v1,"}, BODY),
        (dict[str, str], BODY),
    ],
)
def test_any_other_request_is_refused(request_of: Callable[[], dict[str, str]], body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        verify_webhook(SECRET, request_of(), body)


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
