"""The SDK and the OpenAPI document agree: every route, parameter and field of one is in the other."""

import inspect
import typing
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType

import msgspec
import pytest

from tests.support.campaign_settings import examples
from tests.support.sdk_arguments import OF_LISTS, OF_LIVE_CALLS, OF_PEOPLE, OF_QUEUES, OF_WRAP_UP, STEPS
from tongdai.contacts.fields import FIELDS
from tongdai.http.openapi.document import document
from tongdai.processes.api import ENDPOINTS
from tongdai.settings.declarations import Settings
from tongdai_client import (
    AgentSkill,
    AsyncClient,
    CallingWindow,
    CallSettings,
    Client,
    FrequencyCap,
    ImportId,
    ImportJob,
    ImportStarted,
    NewContact,
    NewDncNumber,
    QueueMember,
    RetryRule,
    operations,
)
from tongdai_client.models.base import ChangedPage, Page
from tongdai_client.operation import Operation, PagedOperation
from tongdai_client.upload import FORMATS, Upload

DOCUMENT = document(ENDPOINTS, "1", Settings())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path.removeprefix('/v1')}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
ENVELOPE = {"success", "error_code"}
"""Fields of every response, which results of the SDK leave out."""

BY_PAGES_OR_CURSOR = {"totalRecord", "nextCursor"}
"""A list has the one or the other; the SDK has None for the other."""

_ROLES = {
    "mode": "ring",
    "team_id": 1,
    "queues": [QueueMember(queue_id=2, position=3)],
    "skills": [AgentSkill(skill="english", level=2)],
}
HERE = Path(__file__)
JOB = ImportId(1, 2)
SETTINGS = msgspec.convert(examples(1), CallSettings)
ALL_ARGUMENTS = {
    "campaigns": {"user_name": "a", "status": 2, "type": "X", "archived": "all", "page_size": 20},
    "campaign": {"campaign_id": 1},
    "create_campaign": {"name": "a", "type": "X", "user_name": "a", "settings": SETTINGS},
    "update_campaign": {"campaign_id": 1, "name": "a", "user_name": None, "settings": SETTINGS},
    "start_campaign": {"campaign_id": 1},
    "pause_campaign": {"campaign_id": 1},
    "stop_campaign": {"campaign_id": 1},
    "contact_lists": {"campaign_id": 1},
    **OF_LISTS,
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
        "on_duplicate": "update",
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
    "add_dnc_numbers": {
        "dnc_list_id": 1,
        "numbers": [NewDncNumber("0901", "a", datetime(2030, 1, 1, tzinfo=UTC))],
        "errors": 10_000,
    },
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
        "name": "a",
        "moh_file_id": "a.wav",
        "max_wait_sec": 5,
        "strategy": 1,
        "announce_position": True,
        "number": "1900",
    },
    "delete_queue": {"queue_id": 1},
    **OF_QUEUES,
    **OF_WRAP_UP,
    "agents": {"queue_id": 1, "state": "idle", "team_id": 1, "page_size": 20},
    "agent": {"agent_id": 1},
    "create_agent": {"name": "a", "endpoint": "a", "queue_id": 1, "wrap_up_sec": 5} | _ROLES,
    "update_agent": {"agent_id": 1, "name": "a", "endpoint": "a", "queue_id": 1, "wrap_up_sec": 5} | _ROLES,
    "delete_agent": {"agent_id": 1},
    "phone_account": {"agent_id": 1},
    "make_phone_account": {"agent_id": 1},
    "rotate_phone_password": {"agent_id": 1},
    "remove_phone_account": {"agent_id": 1},
    "sign_in_agent": {"agent_id": 1},
    "sign_out_agent": {"agent_id": 1},
    "ready_agent": {"agent_id": 1},
    "pause_agent": {"agent_id": 1, "reason": "lunch"},
    "set_next_state": {"agent_id": 1, "state": "paused", "reason": "lunch"},
    "force_pause_agent": {"agent_id": 1, "reason": "lunch"},
    "force_ready_agent": {"agent_id": 1},
    "force_sign_out_agent": {"agent_id": 1},
    "release_agent": {"agent_id": 1},
    "next_preview": {"agent_id": 1, "campaign_id": 2},
    "accept_preview": {"agent_id": 1},
    "calls": {
        "campaign_id": 1,
        "contact_id": 2,
        "external_id": "a",
        "phone_number": "0901",
        "outcome": "busy",
        "state": "ended",
        "agent_id": 3,
        "opened_from": datetime(2030, 1, 1, tzinfo=UTC),
        "opened_before": datetime(2030, 1, 2, tzinfo=UTC),
        "ended_after": datetime(2030, 1, 1, tzinfo=UTC),
        "direction": "inbound",
        "queue_id": 4,
        "page_size": 20,
    },
    **OF_LIVE_CALLS,
    "attempts": {"campaign_id": 1, "contact_id": 2, "page_size": 20},
    "called_numbers": {"tenant_id": 1, "page_size": 20},
    "give_number": {"phone_number": "0901", "tenant_id": 1, "trunk": "a"},
    "take_number": {"phone_number": "+84901"},
    "sip_endpoints": {"tenant_id": 1, "switch": "a", "kind": "phone", "page_size": 20},
    "give_endpoint": {"name": "a", "kind": "phone", "tenant_id": 1, "switch": "b"},
    "take_endpoint": {"endpoint_id": 1},
    "dialing": {},
    "hold_dialing": {},
    "release_dialing": {"hold_id": 1},
    "campaign_diagnostics": {"campaign_id": 1},
    "contact_diagnostics": {"campaign_id": 1, "contact_id": 2},
    "queue_diagnostics": {"queue_id": 1},
    "live": {},
    "health": {},
    "campaign_live": {"campaign_id": 1},
    "queues_live": {"service_level_sec": 30},
    "queue_live": {"queue_id": 1, "service_level_sec": 30},
    "tenant": {},
    "calling_hours": {},
    "set_calling_hours": {"windows": [CallingWindow(["mon"], "08:00", "12:00")]},
    "api_keys": {"page_size": 20},
    "create_api_key": {"scopes": ["queue"], "name": "a", "expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "revoke_api_key": {"key_id": 1},
    **OF_PEOPLE,
    "import_contacts": {
        "campaign_id": 1,
        "contacts": [NewContact("0901", "a", "b", {"c": 1}, "Asia/Bangkok")],
        "list_name": "a",
        "dry_run": True,
        "on_duplicate": "update",
    },
    "import_job": {"campaign_id": 1, "job_id": 2},
    "import_jobs": {"campaign_id": 1, "page_size": 20},
    "import_rows": {"job": JOB, "outcome": "failed", "page_size": 20},
}
_FILE: dict[str, typing.Any] = {
    "format": "csv",
    "encoding": "tcvn3",
    "sheet": "a",
    "all_sheets": True,
    "skip_hidden": True,
}
IMPORT_FILE = operations.imports.import_file(
    1, HERE, list_name="a", dry_run=True, columns={"a": "phoneNumber"}, on_duplicate="update", **_FILE
)
COLUMNS = operations.imports.file_columns(1, HERE, columns={"a": "name"}, **_FILE)
FLOWS: dict[str, Operation[typing.Any]] = {
    "undo_import": operations.imports.undo_step(JOB),
    "watch": operations.imports.import_events(JOB),
    "wait": operations.imports.import_job(*JOB),
    "save_rows_csv": operations.imports.rows_as_csv(JOB, "failed"),
    "save_failed_rows": operations.imports.failed_rows_as_sent(JOB),
    "import_file": IMPORT_FILE,
    "file_columns": COLUMNS,
    "watch_campaign": operations.live.campaign_live_events(1, 2),
    "watch_live": operations.live.live_events(["queues", "agents"], 1),
    "watch_queues": operations.live.queues_live_events(30, 1),
    "watch_queue": operations.live.queue_live_events(1, 30, 1),
    "save_recording": operations.calls.call_recording(**OF_LIVE_CALLS["call"]),
    "save_calls_csv": operations.calls.calls_as_csv(operations.calls.calls()),
    **STEPS,
    "save_report": operations.reports.report_as_file("queues", "a.xlsx", **OF_QUEUES["queue_report"]),
    "add_dnc_csv": operations.do_not_call.add_dnc_csv(1, HERE),
    "save_sound": operations.queues.sound_as_wav(1),
    "save_dnc_csv": operations.do_not_call.dnc_numbers_as_csv(1),
}
"""Methods that send several requests or stream a response, and an operation that they send."""


def operation_of(name: str) -> typing.Callable[..., Operation[typing.Any] | PagedOperation[typing.Any]]:
    modules = (getattr(operations, module) for module in operations.__all__)
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def made_by(name: str) -> Operation[typing.Any]:
    made = operation_of(name)(**ALL_ARGUMENTS[name])
    return made.first if isinstance(made, PagedOperation) else made


BY_METHOD = {name: made_by(name) for name in ALL_ARGUMENTS}
ONE_OR_MANY = (BY_METHOD["add_dnc_number"], BY_METHOD["add_dnc_numbers"])
"""Two methods for the two forms of one route's body."""
BOTH = [pytest.param(operation, id=name) for name, operation in (BY_METHOD | FLOWS).items()]
each_operation = pytest.mark.parametrize("operation", BOTH)


def public(cls: type) -> dict[str, typing.Callable[..., object]]:
    return {name: member for name, member in vars(cls).items() if not name.startswith("_") and callable(member)}


def route_of(operation: Operation[object]) -> str:
    return f"{operation.method} {operation.template}"


def documented(operation: Operation[object]) -> dict[str, typing.Any]:
    return OPERATIONS[route_of(operation)]


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


LATER = {field.text.wire for field in FIELDS} - fields(NewContact).keys()
"""Contact fields of the server that this release of the SDK does not have yet."""


def agrees(struct: typing.Any, schema: dict[str, typing.Any], of_changes: typing.Collection[str] = ()) -> None:
    """Assert that fields and properties have the same names, and that both can be null or neither."""
    names = schema["properties"].keys() - ENVELOPE - set(of_changes)
    properties = {name: resolved(schema["properties"][name]) for name in names}
    named = fields(struct)
    assert named.keys() == properties.keys() - (LATER - named.keys())
    for name, kind in named.items():
        if name not in {"data", *BY_PAGES_OR_CURSOR}:
            optional = isinstance(kind, UnionType) and type(None) in typing.get_args(kind)
            assert optional == nullable(properties[name]), name


def test_every_operation_of_the_document_has_a_method():
    assert {route_of(operation) for operation in (BY_METHOD | FLOWS).values()} == OPERATIONS.keys()


def test_every_method_is_checked_here():
    methods = public(Client).keys() - {"close"}
    assert methods == BY_METHOD.keys() | FLOWS.keys()


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


@each_operation
def test_results_have_the_fields_of_the_answers(operation: Operation[object]):
    content = documented(operation)["responses"]["200"]["content"]
    if operation.accept != "application/json":
        assert set(operation.accept.split(", ")) <= content.keys()
        return
    described = schema(content["application/json"])
    if typing.get_origin(operation.response_type) in {Page, ChangedPage}:
        agrees(Page[object], described, {"resumeCursor", "deleted"})
        (record,) = typing.get_args(operation.response_type)
        agrees(record, resolved(described["properties"]["data"]["items"]))
    else:
        agrees(operation.response_type, described)


@each_operation
def test_results_are_read_from_the_documents_own_samples(operation: Operation[object]):
    sample = documented(operation)["responses"]["200"]["content"].get("application/json", {}).get("example")
    if operation.accept == "application/json":
        assert operation.read(msgspec.json.encode(sample)) is not None


@each_operation
def test_query_has_the_parameters_of_the_document(operation: Operation[object]):
    parameters = {p["name"] for p in documented(operation)["parameters"] if p.get("in") == "query"}
    # Its list name is in the body, and the other options are of files.
    of_files = {"listName", "encoding", "sheet", "allSheets", "skipHidden", "columns"}
    one_at_a_time = of_files if operation is BY_METHOD["import_contacts"] else set[str]()
    pages = {"page", "size", "cursor"} if operation.accept == "text/csv" else {"format"} - operation.query.keys()
    whole = {"phoneNumber"} if operation is FLOWS["save_dnc_csv"] else set()
    alone = {"errors"} if operation is BY_METHOD["add_dnc_number"] else set()  # it is an error as a whole
    vendors = {"queue_id", "status", "team_id"} if operation is BY_METHOD["agents"] else set()  # of parameters of ours
    if "updatedSince" in operation.query:
        parameters &= {"updatedSince", "size", "cursor"}
    changes = {"updatedSince"} - operation.query.keys()
    assert operation.query.keys() == parameters - one_at_a_time - pages - whole - alone - vendors - changes


@each_operation
def test_bodies_have_the_fields_of_the_document(operation: Operation[object]):
    content = documented(operation).get("requestBody", {"content": {}})["content"]
    if isinstance(operation.body, Upload):
        assert (set(FORMATS.values()) if operation is IMPORT_FILE else {operation.body.content_type}) <= content.keys()
        return
    sent = operation.body or {}
    if operation in ONE_OR_MANY:
        sent = ONE_OR_MANY[0].body | ONE_OR_MANY[1].body
    described = schema(content["application/json"])["properties"].keys() if content else set()
    assert sent.keys() == described - (LATER - sent.keys())


def test_settings_have_parts_with_the_fields_of_the_document():
    parts = {"Window": CallingWindow, "Retry": RetryRule, "ContactCeiling": FrequencyCap, "NumberCeiling": FrequencyCap}
    for name, struct in parts.items():
        assert fields(struct).keys() == SCHEMAS[name]["properties"].keys()


def test_contacts_of_an_import_have_the_fields_of_the_document():
    content = documented(BY_METHOD["import_contacts"])["requestBody"]["content"]["application/json"]
    contact = resolved(schema(content)["properties"]["contacts"]["items"])
    assert fields(NewContact).keys() == contact["properties"].keys() - LATER


@each_operation
def test_every_post_has_an_idempotency_key_and_nothing_else_has(operation: Operation[object]):
    takes_key = any(p.get("$ref", "").endswith("/IdempotencyKey") for p in documented(operation)["parameters"])
    assert (operation.idempotency_key is not None) == takes_key
