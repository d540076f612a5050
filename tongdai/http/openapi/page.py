"""The page `/docs` and its headers: the content security policy allows only its own two inline blocks."""

import base64
import hashlib
import re
from importlib import resources

DOCS_HTML = resources.files("tongdai.http").joinpath("docs.html").read_bytes()


def _source(block: str) -> str:
    """Hash of the exact bytes of the page's only `<block>`, for the content security policy."""
    found = re.search(rf"<{block}>(.*?)</{block}>".encode(), DOCS_HTML, re.DOTALL)
    assert found is not None
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1]).digest()).decode()}'"


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_source('script')}",
        f"style-src {_source('style')}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
DOCS_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]
