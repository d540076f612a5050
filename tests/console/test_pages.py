"""The console's files over HTTP: what is found, how it is sent, and what attackers ask for."""

from typing import Any, cast

import pytest

from tongdai.console.files import File
from tongdai.console.pages import Console, is_client_route
from tongdai.errors import MethodNotAllowed, NotFound
from tongdai.http.request import Request, Response
from tongdai.http.routes import Routes

FILES = {
    "index.html": File(b"<html>", "text/html; charset=utf-8", "i1", {"br": b"ib"}),
    "docs.html": File(b"<html docs>", "text/html; charset=utf-8", "d1"),
    "icon.svg": File(b"<svg>", "image/svg+xml", "s1"),
    "assets/app-1.js": File(b"script", "text/javascript; charset=utf-8", "a1", {"br": b"jb", "gzip": b"jg"}),
}
NAVIGATION = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def routes_with(files):
    routes = Routes()

    async def campaigns(_):
        return Response(b"[]")

    routes.add("GET", "/v1/campaigns", campaigns)
    routes.otherwise = Console(files).find
    return routes


async def ask(path, method="GET", files=FILES, **headers):
    """Status, headers and body."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": method, "path": path, "raw_path": path.encode(), "headers": sent}
    request = Request(scope, cast("Any", None), cast("Any", None))
    response = await routes_with(files).find(request)(request)
    messages: list[Any] = []

    async def send(message):
        messages.append(message)

    await (response.send_head if method == "HEAD" else response.send)(send, [])
    got = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], got, b"".join(message["body"] for message in messages[1:])


@pytest.mark.parametrize(
    "path", ["/", "/live", "/campaigns", "/campaigns/1042/contacts", "/wall/abc", "/reset", "/live/"]
)
async def test_a_navigation_gets_the_index_which_is_never_stored(path):
    status, headers, body = await ask(path, **NAVIGATION)
    assert (status, body) == (200, b"<html>")
    assert headers["cache-control"] == "no-store"
    assert "etag" not in headers


async def test_a_program_gets_the_index_at_the_root_alone():
    assert (await ask("/", accept="*/*"))[0] == 200
    with pytest.raises(NotFound, match=r"^Not found: expected /v1/campaigns$"):
        await ask("/campaigns", accept="*/*")


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/nothing", "/api/v1/nothing", "/docs/x", "/metrics", "/health/ready", "/openapi.json"]
)
async def test_the_console_takes_no_path_of_the_api(path):
    with pytest.raises(NotFound):
        await ask(path, **NAVIGATION)


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_the_reference_of_the_api_is_a_page_of_its_own(accept):
    status, headers, body = await ask("/docs", accept=accept)
    assert (status, body, headers["cache-control"]) == (200, b"<html docs>", "no-store")
    with pytest.raises(MethodNotAllowed):
        await ask("/docs", "POST")
    with pytest.raises(NotFound):
        await ask("/docs.html")


async def test_an_asset_is_stored_for_ever():
    status, headers, body = await ask("/assets/app-1.js")
    assert (status, body) == (200, b"script")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["etag"] == '"a1"'
    assert headers["vary"] == "accept-encoding"
    assert "content-encoding" not in headers


@pytest.mark.parametrize(("accepts", "coding", "sent"), [("gzip, br", "br", b"jb"), ("gzip", "gzip", b"jg")])
async def test_an_asset_is_sent_as_it_was_compressed(accepts, coding, sent):
    _, headers, body = await ask("/assets/app-1.js", accept_encoding=accepts)
    assert (headers["content-encoding"], body) == (coding, sent)
    assert headers["content-length"] == str(len(sent))
    assert headers["etag"] == f'"a1-{coding}"'


async def test_a_head_has_the_same_headers_and_no_body():
    _, got, _ = await ask("/assets/app-1.js", accept_encoding="br")
    status, headers, body = await ask("/assets/app-1.js", "HEAD", accept_encoding="br")
    assert (status, headers, body) == (200, got, b"")


@pytest.mark.parametrize("tags", ['"a1"', 'W/"a1"', '"other", "a1"', "*"])
async def test_what_the_client_has_is_not_sent_again(tags):
    status, headers, body = await ask("/assets/app-1.js", if_none_match=tags)
    assert (status, body) == (304, b"")
    assert headers["etag"] == '"a1"'
    assert "content-length" not in headers


async def test_another_coding_is_another_content():
    assert (await ask("/assets/app-1.js", accept_encoding="br", if_none_match='"a1"'))[0] == 200
    assert (await ask("/assets/app-1.js", accept_encoding="br", if_none_match='"a1-br"'))[0] == 304


async def test_a_file_without_a_hash_in_its_name_is_asked_for_each_time():
    _, headers, _ = await ask("/icon.svg")
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/assets/app-1.js"])
async def test_each_answer_forbids_what_an_attacker_would_use(path):
    _, headers, _ = await ask(path)
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "microphone=(self)" in headers["permissions-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", ""])
@pytest.mark.parametrize("path", ["/", "/icon.svg", "/assets/app-1.js"])
async def test_a_file_is_read_and_nothing_else(method, path):
    with pytest.raises(MethodNotAllowed) as refused:
        await ask(path, method)
    assert refused.value.headers == {"Allow": "GET, HEAD"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_a_client_route_is_no_route_for_other_methods(method):
    with pytest.raises(NotFound):
        await ask("/live", method, **NAVIGATION)


@pytest.mark.parametrize(
    "path",
    [
        *("/assets/../index.html", "/assets/../../pages.py", "/../../../etc/passwd", "/assets/..%2f..%2fpages.py"),
        *("/assets//app-1.js", "//assets/app-1.js", "/assets/app-1.js/", "/assets/./app-1.js", "/assets/APP-1.JS"),
        *("/assets/", "/assets", "/assets/app-2.js", "/assets/app-1.js.br", "/assets/app-1.js\0.html", "/.sources"),
        *("/assets\\app-1.js", "/..\\..\\etc\\passwd", "/index.html", "/favicon.ico", "/.git/config", "/x/../v1"),
        *("/..", "/live/..", "/%2e%2e/%2e%2e/etc/passwd", "//evil.example", "/wp-login.php", "/assets/x"),
    ],
)
async def test_what_is_no_file_of_the_build_is_not_found(path):
    with pytest.raises(NotFound):
        await ask(path, accept="*/*")
    if is_client_route(path):  # the console shows that there is no such page
        assert (await ask(path, **NAVIGATION))[2] == b"<html>"
    else:
        with pytest.raises(NotFound):
            await ask(path, **NAVIGATION)


async def test_without_a_build_the_pages_say_so_and_the_api_is_as_ever():
    for path in ("/", "/live"):
        status, headers, body = await ask(path, files=None, **NAVIGATION)
        assert status == 503
        assert b"make console" in body
        assert headers["cache-control"] == "no-store"
    with pytest.raises(NotFound):
        await ask("/assets/app-1.js", files=None)
    assert (await ask("/v1/campaigns", files=None))[2] == b"[]"
