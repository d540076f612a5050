from typing import Any, cast

import pytest

from tongdai.errors import MethodNotAllowed, NotFound
from tongdai.http.request import Request, Response
from tongdai.http.routes import Routes


def asked(routes, method, path):
    """The handler's own name, and the path parameters it would get."""
    request = Request({"method": method, "path": path, "headers": []}, cast("Any", None), cast("Any", None))
    return routes.find(request).__name__, request.path_params


def handler(name):
    async def handle(_):
        return Response(name.encode())

    handle.__name__ = name
    return handle


@pytest.fixture
def routes():
    made = Routes()
    for method, template in [
        ("GET", "/v1/things"),
        ("GET", "/v1/things/{id}"),
        ("DELETE", "/v1/things/{id}"),
        ("POST", "/v1/things/bulk"),
        ("GET", "/v1/things/{id}/parts/{partId}"),
    ]:
        made.add(method, template, handler(f"{method} {template}"))
    return made


def test_parameters_are_named_and_in_order(routes):
    assert asked(routes, "GET", "/v1/things/7/parts/9") == (
        "GET /v1/things/{id}/parts/{partId}",
        {"id": "7", "partId": "9"},
    )


def test_a_literal_part_wins_over_a_parameter(routes):
    assert asked(routes, "POST", "/v1/things/bulk") == ("POST /v1/things/bulk", {})


def test_a_slash_at_the_end_changes_nothing(routes):
    assert asked(routes, "GET", "/v1/things/") == ("GET /v1/things", {})


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/v1", "/v1/nothing", "/v1/things/7/parts", "/v1/things//parts/9", "/v1/things/7/parts/9/more"),
        *("//v1/things", "/v1//things", "/v1/things//", "//things"),
    ],
)
def test_unknown_path_is_not_found(routes, path):
    with pytest.raises(NotFound, match=r"^Not found$"):
        asked(routes, "GET", path)


@pytest.mark.parametrize("raw", [b"/v1/things%2f7", b"/v1%2Fthings", b"/v1/things/7%2f"])
def test_escaped_slash_separates_nothing(routes, raw):
    scope = {"method": "GET", "path": "/v1/things/7", "raw_path": raw, "headers": []}
    with pytest.raises(NotFound, match=r"^Not found: a path must not contain %2F$"):
        routes.find(Request(scope, cast("Any", None), cast("Any", None)))


def test_a_path_that_lacks_only_the_prefix_is_answered_with_the_one_that_is_there(routes):
    with pytest.raises(NotFound, match=r"^Not found: expected /v1/things/7$"):
        asked(routes, "GET", "/things/7")


def test_another_method_gets_the_methods_of_the_path(routes):
    with pytest.raises(MethodNotAllowed) as refused:
        asked(routes, "PATCH", "/v1/things/7")
    assert refused.value.headers == {"Allow": "DELETE, GET, HEAD"}


def test_head_is_handled_as_get(routes):
    assert asked(routes, "HEAD", "/v1/things/7") == ("GET /v1/things/{id}", {"id": "7"})


def test_head_of_a_path_without_get_is_answered_with_its_methods(routes):
    with pytest.raises(MethodNotAllowed) as refused:
        asked(routes, "HEAD", "/v1/things/bulk/")
    assert refused.value.headers == {"Allow": "POST"}


def test_two_handlers_for_one_route_are_refused(routes):
    with pytest.raises(ValueError, match="twice"):
        routes.add("GET", "/v1/things/{other}", handler("another"))
