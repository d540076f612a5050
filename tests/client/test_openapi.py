"""The SDK has all of the OpenAPI document and nothing else: routes, parameters, fields. So neither drifts."""

import inspect
import typing
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType

import msgspec
import pytest

from tests.support.campaign_settings import examples
from tongdai.client import (
    AsyncClient,
    CallingWindow,
    CallSettings,
    Ceiling,
    Client,
    ImportId,
    ImportJob,
    ImportStarted,
    NewContact,
    NewDncNumber,
    RetryRule,
    agent_operations,
    call_figures,
    do_not_call,
    imports,
    operations,
)
from tongdai.client.calls import Call, Listing
from tongdai.client.model import Page
from tongdai.client.uploads import FORMATS, Upload
from tongdai.http.openapi.document import document
from tongdai.processes.api import ENDPOINTS
from tongdai.settings import Settings

DOCUMENT = document(ENDPOINTS, "1", Settings())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/v1')}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
ENVELOPE = {"success", "error_code"}
"""Of every answer: a result says as much by being one."""

HERE = Path(__file__)
JOB = ImportId(1, 2)
SETTINGS = msgspec.convert(examples(1), CallSettings)
ALL_ARGUMENTS = {
    "campaigns": {"user_name": "a", "status": 2, "type": "X", "page_size": 20},
    "campaign": {"campaign_id": 1},
    "create_campaign": {"name": "a", "type": "X", "user_name": "a", "settings": SETTINGS},
    "update_campaign": {"campaign_id": 1, "name": "a", "user_name": None, "settings": SETTINGS},
    "start_campaign": {"campaign_id": 1},
    "pause_campaign": {"campaign_id": 1},
    "stop_campaign": {"campaign_id": 1},
    "contact_lists": {"campaign_id": 1},
    "contacts": {
        "campaign_id": 1,
        "list_id": 2,
        "process_status": 0,
        "phone_number": "0901",
        "external_id": "a",
        "page_size": 20,
    },
    "add_contact": {
        "campaign_id": 1,
        "phone_number": "0901",
        "name": "a",
        "list_id": 2,
        "external_id": "a",
        "attributes": {"a": 1},
        "time_zone": "Asia/Bangkok",
    },
    "contact": {"campaign_id": 1, "contact_id": 2},
    "update_contact": {
        "campaign_id": 1,
        "contact_id": 2,
        "name": "a",
        "time_zone": "Asia/Bangkok",
        "external_id": "a",
        "attributes": {"a": 1},
    },
    "delete_contact": {"campaign_id": 1, "contact_id": 2},
    "dnc_lists": {"page_size": 20},
    "dnc_list": {"dnc_list_id": 1},
    "create_dnc_list": {"name": "a", "campaign_id": 2},
    "delete_dnc_list": {"dnc_list_id": 1},
    "dnc_numbers": {"dnc_list_id": 1, "phone_number": "0901", "page_size": 20},
    "add_dnc_number": {
        "dnc_list_id": 1,
        "phone_number": "0901",
        "reason": "a",
        "expires_at": datetime(2030, 1, 1, tzinfo=UTC),
    },
    "add_dnc_numbers": {"dnc_list_id": 1, "numbers": [NewDncNumber("0901", "a", datetime(2030, 1, 1, tzinfo=UTC))]},
    "remove_dnc_number": {"dnc_list_id": 1, "phone_number": "0901"},
    "check_dnc": {"phone_number": "0901", "campaign_id": 2},
    "queues": {"page_size": 20},
    "queue": {"queue_id": 1},
    "create_queue": {
        "name": "a",
        "number": "1900",
        "moh_file_id": "a.wav",
        "max_wait_sec": 5,
        "strategy": 1,
        "announce_position": True,
    },
    "update_queue": {
        "queue_id": 1,
        "moh_file_id": "a.wav",
        "max_wait_sec": 5,
        "strategy": 1,
        "announce_position": True,
    },
    "delete_queue": {"queue_id": 1},
    "agents": {"queue_id": 1, "state": "idle", "page_size": 20},
    "agent": {"agent_id": 1},
    "create_agent": {"name": "a", "endpoint": "a", "queue_id": 1, "wrap_up_sec": 5},
    "update_agent": {"agent_id": 1, "name": "a", "endpoint": "a", "queue_id": 1, "wrap_up_sec": 5},
    "delete_agent": {"agent_id": 1},
    "sign_in_agent": {"agent_id": 1},
    "sign_out_agent": {"agent_id": 1},
    "ready_agent": {"agent_id": 1},
    "offer_contact": {"agent_id": 1, "campaign_id": 2},
    "accept_contact": {"agent_id": 1},
    "skip_contact": {"agent_id": 1},
    "calls": {
        "campaign_id": 1,
        "contact_id": 2,
        "phone_number": "0901",
        "outcome": "busy",
        "state": "ended",
        "agent_id": 3,
        "opened_from": datetime(2030, 1, 1, tzinfo=UTC),
        "opened_before": datetime(2030, 1, 2, tzinfo=UTC),
        "page_size": 20,
    },
    "call_record": {"call_id": "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"},
    "attempts": {"campaign_id": 1, "contact_id": 2, "page_size": 20},
    "diagnostics": {"campaign_id": 1},
    "why": {"campaign_id": 1, "contact_id": 2},
    "live": {},
    "campaign_live": {"campaign_id": 1},
    "tenant": {},
    "api_keys": {"page_size": 20},
    "create_api_key": {"scopes": ["queue"], "name": "a", "expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "revoke_api_key": {"key_id": 1},
    "import_contacts": {
        "campaign_id": 1,
        "contacts": [NewContact("0901", "a", "b", {"c": 1}, "Asia/Bangkok")],
        "list_name": "a",
        "dry_run": True,
    },
    "import_job": {"campaign_id": 1, "job_id": 2},
    "import_jobs": {"campaign_id": 1, "page_size": 20},
    "import_rows": {"job": JOB, "outcome": "failed", "page_size": 20},
}
IMPORT_FILE = imports.import_file(1, HERE, list_name="a", dry_run=True, format="csv")
FLOWS: dict[str, Call[object]] = {
    "undo_import": imports.undo(JOB),
    "watch": imports.events(JOB),
    "wait": imports.import_job(*JOB),
    "save_rows_csv": imports.rows_as_csv(JOB, "failed"),
    "import_file": IMPORT_FILE,
    "watch_campaign": call_figures.campaign_events(1, 2),
    "save_calls_csv": call_figures.calls_as_csv(
        dict.fromkeys(call_figures.calls().first.query.keys() - {"page", "size"})
    ),
    "add_dnc_csv": do_not_call.add_dnc_csv(1, HERE),
    "save_dnc_csv": do_not_call.dnc_numbers_as_csv(1),
}
"""Methods that are more than their call, and the call that they repeat."""


def operation_of(name: str) -> typing.Callable[..., Call[object] | Listing[object]]:
    return next(
        getattr(module, name)
        for module in (operations, imports, agent_operations, do_not_call, call_figures)
        if hasattr(module, name)
    )


def call_of(name: str) -> Call[object]:
    made = operation_of(name)(**ALL_ARGUMENTS[name])
    return made.first if isinstance(made, Listing) else made


CALLS = {name: call_of(name) for name in ALL_ARGUMENTS}
ONE_OR_MANY = (CALLS["add_dnc_number"], CALLS["add_dnc_numbers"])
"""Two methods for the two forms of one route's body."""
BOTH = [pytest.param(call, id=name) for name, call in (CALLS | FLOWS).items()]
each_call = pytest.mark.parametrize("call", BOTH)


def public(cls: type) -> dict[str, object]:
    return {name: member for name, member in vars(cls).items() if not name.startswith("_") and callable(member)}


def route_of(call: Call[object]) -> str:
    return f"{call.method} {call.template}"


def operation(call: Call[object]) -> dict[str, typing.Any]:
    return OPERATIONS[route_of(call)]


def schema(media: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return SCHEMAS[media["schema"]["$ref"].rpartition("/")[2]]


def resolved(schema: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def nullable(schema: dict[str, typing.Any]) -> bool:
    return schema.get("type") == "null" or any(map(nullable, schema.get("anyOf", [])))


def fields(struct: type) -> dict[str, object]:
    return {
        field.encode_name: field.type
        for field in msgspec.structs.fields(struct)
        if (struct, field.name) not in {(ImportJob, "campaign_id"), (ImportStarted, "campaign_id")}  # the request's
    }


def agrees(struct: typing.Any, schema: dict[str, typing.Any]) -> None:
    """The fields are the properties, and can be None where these can be null."""
    properties = {name: resolved(found) for name, found in schema["properties"].items() if name not in ENVELOPE}
    named = fields(struct)
    assert named.keys() == properties.keys()
    for name, kind in named.items():
        if name != "data":
            optional = isinstance(kind, UnionType) and type(None) in typing.get_args(kind)
            assert optional == nullable(properties[name]), name


def test_every_operation_of_the_document_has_a_method():
    assert {route_of(call) for call in (CALLS | FLOWS).values()} == OPERATIONS.keys()


def test_every_method_is_checked_here():
    methods = public(Client).keys() - {"close"}
    assert methods == CALLS.keys() | FLOWS.keys()


def test_both_clients_have_the_same_methods_with_the_same_parameters():
    blocking, waiting = public(Client), public(AsyncClient)
    assert blocking.keys() - {"close"} == waiting.keys() - {"aclose"}
    for name in blocking.keys() - {"close"}:
        ours, theirs = inspect.signature(blocking[name]), inspect.signature(waiting[name])
        assert (ours.parameters, blocking[name].__doc__) == (theirs.parameters, waiting[name].__doc__)
        assert next(iter(ours.parameters)) == "self"
        assert blocking[name].__doc__


@pytest.mark.parametrize("name", ALL_ARGUMENTS)
def test_all_parameters_are_checked_here(name: str):
    taken = inspect.signature(operation_of(name)).parameters.keys() - {"idempotency_key"}
    assert taken == ALL_ARGUMENTS[name].keys()


@each_call
def test_results_have_the_fields_of_the_answers(call: Call[object]):
    content = operation(call)["responses"]["200"]["content"]
    if call.accept != "application/json":
        assert call.accept in content
        return
    described = schema(content["application/json"])
    agrees(call.answer, described)
    if typing.get_origin(call.answer) is Page:
        (record,) = typing.get_args(call.answer)
        agrees(record, resolved(described["properties"]["data"]["items"]))


@each_call
def test_results_are_read_from_the_documents_own_samples(call: Call[object]):
    sample = operation(call)["responses"]["200"]["content"].get("application/json", {}).get("example")
    if call.accept == "application/json":
        assert call.read(msgspec.json.encode(sample)) is not None


@each_call
def test_query_has_the_parameters_of_the_document(call: Call[object]):
    documented = {p["name"] for p in operation(call)["parameters"] if p.get("in") == "query"}
    one_at_a_time = {"listName"} if call is CALLS["import_contacts"] else set()  # it is in the body
    pages = {"page", "size"} if call.accept == "text/csv" else set()  # CSV has no pages
    whole = {"phoneNumber"} if call is FLOWS["save_dnc_csv"] else set()
    assert call.query.keys() == documented - one_at_a_time - pages - whole


@each_call
def test_bodies_have_the_fields_of_the_document(call: Call[object]):
    content = operation(call).get("requestBody", {"content": {}})["content"]
    if isinstance(call.body, Upload):
        assert (set(FORMATS.values()) if call is IMPORT_FILE else {call.body.content_type}) <= content.keys()
        return
    sent = call.body or {}
    if call in ONE_OR_MANY:
        sent = ONE_OR_MANY[0].body | ONE_OR_MANY[1].body
    assert sent.keys() == (schema(content["application/json"])["properties"].keys() if content else set())


def test_settings_have_parts_with_the_fields_of_the_document():
    parts = {"Window": CallingWindow, "Retry": RetryRule, "ContactCeiling": Ceiling, "NumberCeiling": Ceiling}
    for name, struct in parts.items():
        assert fields(struct).keys() == SCHEMAS[name]["properties"].keys()


def test_contacts_of_an_import_have_the_fields_of_the_document():
    content = operation(CALLS["import_contacts"])["requestBody"]["content"]["application/json"]
    contact = resolved(schema(content)["properties"]["contacts"]["items"])
    assert fields(NewContact).keys() == contact["properties"].keys()


@each_call
def test_every_post_has_an_idempotency_key_and_nothing_else_has(call: Call[object]):
    documented = any(p.get("$ref", "").endswith("/IdempotencyKey") for p in operation(call)["parameters"])
    assert (call.idempotency_key is not None) == documented
