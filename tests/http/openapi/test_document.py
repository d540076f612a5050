"""The OpenAPI document states the declarations of every endpoint; its page loads nothing from elsewhere."""

import dataclasses
from collections import Counter

import jsonschema_rs
import msgspec
import pytest
import schemathesis

from tests.support.schemathesis_results import succeeded
from tongdai.campaigns.api import HANDLERS as CAMPAIGNS
from tongdai.contacts.api import HANDLERS as CONTACTS
from tongdai.errors import InvalidState, NotFound
from tongdai.http.endpoint import PLAIN_TEXT, Endpoint, Query
from tongdai.http.openapi.document import document, operation_id
from tongdai.http.principal import Scope
from tongdai.queues.api import HANDLERS as QUEUES
from tongdai.settings.declarations import Settings
from tongdai.tenants.api import HANDLERS as TENANTS


class Thing(msgspec.Struct, kw_only=True):
    success: str = "1"
    thingId: int  # noqa: N815


class NewThing(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    note: str | None = None


class Other:
    class Thing(msgspec.Struct):
        """A struct with the name of another."""

        size: int


THING = Endpoint(
    method="POST",
    path="/things/{id}/parts",
    scope=Scope.QUEUE,
    summary="Make a part",
    response=Thing,
    sample={"success": "1", "thingId": 1},
    body=NewThing,
    body_sample={"name": "x"},
    media={"text/csv": {"schema": {"type": "string"}, "example": "name\nx"}},
    refine={"NewThing": {"name": {"minLength": 1, "maxLength": 3, **PLAIN_TEXT}, "": {"minProperties": 1}}},
    failures=(NotFound("Thing not found"), InvalidState("The thing is shut")),
)
ENDPOINTS = [THING, *(route.endpoint for route in (*CAMPAIGNS, *CONTACTS, *QUEUES, *TENANTS))]
SETTINGS = Settings(limit_headers=("X-A", "X-B", "X-C", "X-D"))
DOCUMENT = document(ENDPOINTS, "1.2.3", SETTINGS)
OPERATIONS = [
    (f"{method.upper()} {path.removeprefix('/v1')}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize("operation", [pytest.param(o, id=name) for name, o in OPERATIONS])


def resolved(value):
    while "$ref" in value:
        at = DOCUMENT
        for step in value["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        value = at
    return value


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def media_of(operation):
    """Every schema that an operation has a sample for, with the sample."""
    bodies = [operation.get("requestBody", {"content": {}}), *map(resolved, operation["responses"].values())]
    for body in bodies:
        for media in body["content"].values():
            samples = [example["value"] for example in media.get("examples", {}).values()]
            for sample in [*samples, *([media["example"]] if "example" in media else [])]:
                yield media["schema"], sample
    for parameter in map(resolved, operation["parameters"]):
        if "example" in parameter:
            yield parameter["schema"], parameter["example"]


def valid(schema, value):
    return jsonschema_rs.Draft202012Validator(schema | {"components": DOCUMENT["components"]}).is_valid(value)


def response(route, status):
    return resolved(dict(OPERATIONS)[route]["responses"][str(status)])


def test_document_is_valid_openapi():
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    found = [succeeded(result) for result in schema.get_all_operations()]
    assert {operation.label for operation in found} == {f"{e.method} /v1{e.path}" for e in ENDPOINTS}
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_schemas_are_schemas():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_references_resolve():
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        assert resolved(reference)


def test_every_endpoint_appears_once():
    assert Counter(name for name, _ in OPERATIONS) == Counter(e.route for e in ENDPOINTS)
    assert len({operation["operationId"] for _, operation in OPERATIONS}) == len(ENDPOINTS)


def test_two_endpoints_of_one_route_are_refused():
    with pytest.raises(ValueError, match="operationId"):
        document([THING, THING], "1", SETTINGS)


@pytest.mark.parametrize(
    ("method", "path", "sample", "name"),
    [
        ("GET", "/campaigns", {"totalRecord": 0}, "listCampaigns"),
        (
            "GET",
            "/campaigns/{id}/contact-lists/{listId}/contacts",
            {"totalRecord": 0},
            "listCampaignContactListContacts",
        ),
        ("GET", "/campaigns/{id}/contacts/import/{job_id}", {}, "getCampaignContactsImport"),
        ("GET", "/tenants/me", {}, "getTenantsMe"),
        ("POST", "/campaigns", {}, "createCampaign"),
        ("POST", "/campaigns/{id}/contacts", {}, "createCampaignContact"),
        ("POST", "/campaigns/{id}/start", {}, "startCampaign"),
        ("PATCH", "/campaigns/{id}", {}, "updateCampaign"),
        ("DELETE", "/api-keys/{keyId}", {}, "deleteApiKey"),
    ],
)
def test_operation_ids_are_verb_and_resource(method, path, sample, name):
    assert operation_id(dataclasses.replace(THING, method=method, path=path, sample=sample)) == name


@each_operation
def test_samples_are_valid_for_their_schemas(operation):
    for schema, sample in media_of(operation):
        assert valid(schema, sample), sample


@each_operation
def test_every_route_can_refuse_and_fail(operation):
    assert {"200", "401", "403", "429", "500", "503"} <= operation["responses"].keys()
    for status in operation["responses"].keys() - {"200"}:
        described = resolved(operation["responses"][status])
        assert "X-Request-Id" in described["headers"]
        assert ("Retry-After" in described["headers"]) is (status in {"429", "503", "507"})
        assert described["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Failure"}
        assert described["content"]["application/json"]["examples"]


@each_operation
def test_rate_limits_are_in_the_headers_that_the_settings_name(operation):
    for status in ("200", "403", "429"):
        headers = resolved(operation["responses"][status])["headers"]
        assert {"X-A", "X-B", "X-C", "X-D", "RateLimit-Policy", "RateLimit"} <= headers.keys()


@each_operation
def test_scope_is_named(operation):
    scope = operation["x-scope"]
    forbidden = operation["responses"]["403"]["content"]["application/json"]["examples"]
    assert f"`{scope}`" in operation["description"]
    assert forbidden["INSUFFICIENT_SCOPE"]["value"]["error_message"] == f"Key does not have scope {scope}"


@pytest.mark.parametrize("spec", ENDPOINTS, ids=lambda spec: spec.route)
def test_statuses_are_those_the_route_can_answer(spec):
    statuses = dict(OPERATIONS)[spec.route]["responses"].keys()
    writes = spec.method in {"POST", "PUT", "PATCH"}
    assert {"408", "413", "415"} & statuses == ({"408", "413", "415"} if writes else set())
    assert ("404" in statuses) is ("{" in spec.path or any(isinstance(error, NotFound) for error in spec.failures))
    assert ("400" in statuses) is (writes or bool(spec.query) or spec.states or not spec.by_vendor)


@pytest.mark.parametrize("spec", ENDPOINTS, ids=lambda spec: spec.route)
def test_idempotency_key_is_for_posts(spec):
    names = {resolved(parameter)["name"] for parameter in dict(OPERATIONS)[spec.route]["parameters"]}
    assert ("Idempotency-Key" in names) is (spec.method == "POST")
    assert {"X-Tenant-ID", "X-Request-Id"} <= names


def test_invalid_state_has_its_own_example():
    examples = response("POST /campaigns/{id}/start", 400)["content"]["application/json"]["examples"]
    assert "INVALID_STATE" in examples


def test_examples_of_errors_have_the_messages_of_the_endpoint():
    missing = response(THING.route, 404)["content"]["application/json"]["examples"]
    assert [example["value"]["error_message"] for example in missing.values()] == ["Thing not found"]
    wrong = response(THING.route, 400)["content"]["application/json"]["examples"]
    assert "The thing is shut" in {example["value"]["error_message"] for example in wrong.values()}


def test_other_content_types_are_listed_beside_json():
    assert dict(OPERATIONS)[THING.route]["requestBody"]["content"].keys() == {"application/json", "text/csv"}


def test_refinements_are_in_the_schema():
    schema = {"$ref": "#/components/schemas/NewThing"}
    assert valid(schema, {"name": "abc"})
    for name in ("", "abcd", "a\n", "\x00", "\u2028"):
        assert not valid(schema, {"name": name})
    assert DOCUMENT["components"]["schemas"]["NewThing"]["minProperties"] == 1


@pytest.mark.parametrize("spec", [e for e in ENDPOINTS if e.body], ids=lambda spec: spec.route)
def test_unknown_fields_of_bodies_are_refused(spec):
    schema = dict(OPERATIONS)[spec.route]["requestBody"]["content"]["application/json"]["schema"]
    assert not valid(schema, spec.body_sample | {"colour": "red"})


def test_fields_of_the_envelope_are_required():
    assert DOCUMENT["components"]["schemas"]["Done"]["required"] == ["success", "error_code", "error_message"]


@pytest.mark.parametrize(
    ("value", "is_id"), [(1, True), (10**18 - 1, True), (0, False), (-1, False), (10**18, False), ("x", False)]
)
def test_ids_in_paths_are_1_to_18_digits(value, is_id):
    path_id = next(p for p in dict(OPERATIONS)[THING.route]["parameters"] if p.get("in") == "path")
    assert valid(path_id["schema"], value) is is_id


def test_structs_of_one_name_keep_their_own_schemas():
    other = dataclasses.replace(THING, path="/others", response=Other.Thing, sample={"size": 1}, query=())
    made = document([THING, other], "1", SETTINGS)
    contents = [made["paths"][f"/v1{e.path}"]["post"]["responses"]["200"]["content"] for e in (THING, other)]
    refs = [content["application/json"]["schema"]["$ref"].rpartition("/")[2] for content in contents]
    fields = [made["components"]["schemas"][ref]["properties"].keys() for ref in refs]
    assert fields == [{"success", "thingId"}, {"size"}]


def test_a_query_is_shown_with_its_example():
    spec = dataclasses.replace(THING, query=(Query("size", "Records", {"type": "integer"}, 20),))
    parameters = document([spec], "1", SETTINGS)["paths"]["/v1/things/{id}/parts"]["post"]["parameters"]
    schema = {"type": "integer", "format": "int64"}
    assert {"name": "size", "in": "query", "description": "Records", "schema": schema, "example": 20} in parameters


def test_both_prefixes_are_servers():
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/", "/api"]
