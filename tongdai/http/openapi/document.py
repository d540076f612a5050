"""Builds the OpenAPI 3.1 document from the declarations of the endpoints and what all routes have in common."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from tongdai import errors, ids
from tongdai.http.body import KB, BodyTimeout, too_large
from tongdai.http.endpoint import Endpoint
from tongdai.http.envelope import Failure
from tongdai.http.idempotency import HEADER, MAX_LENGTH
from tongdai.http.openapi import describe
from tongdai.http.routes import PREFIX
from tongdai.mismatch import explain
from tongdai.settings.declarations import Settings

Json = dict[str, Any]
Refs = dict[Any, Json]  # struct → the reference to its schema

TAGS = {
    "Campaigns": "Create, change, start, pause and stop campaigns.",
    "Customers": "The person with a number, in all campaigns of a tenant: found, exported, erased.",
    "Contacts": "The persons a campaign calls. A number is in a campaign once, whatever its list and notation.",
    "Do not call": "Lists of numbers that must not be called, by any campaign or by one.",
    "Imports": "Add many contacts with a job that survives restarts: send them, then poll the job.",
    "Live calls": "Holding, muting and ending calls while they last.",
    "Calls": "Calls to contacts, their outcomes, and why nobody is being called.",
    "Live": "Live figures.",
    "Numbers and endpoints": "Give called numbers, phones and trunks to tenants: for the operator of the installation.",
    "Dialing": "Hold the dialing of the whole installation, as after a restored backup, and release it.",
    "Agents": "Agents sign in and out, and preview a contact before it is called.",
    "Inbound queues": "Queues in which incoming calls wait.",
    "Callbacks": "Customers who are to be called by an agent of a queue, in one order with its callers.",
    "Reports": "What happened by interval, in the tenant's zone; call logs as the vendor has them.",
    "Missed calls": "Callers whom nobody answered, to be called back.",
    "Wrap-up": "Wrap-up codes: what a call was, as its agent says, and what follows from it.",
    "Menus": "Keypad menus in front of queues.",
    "Sounds": "Hold music and prompts that are uploaded.",
    "Opening hours": "When queues admit callers: weekly hours, holidays, and the switch `closed now`.",
    "Sign-in": "People sign in with a password; the session's cookie opens what their role may use.",
    "Users": "The people of a tenant who sign in, their roles and sessions.",
    "Teams": "Teams of agents.",
    "Webhooks": "Where events are sent as they happen, and what was sent.",
    "Wallboards": "Boards for televisions, and what they show by their tokens.",
    "Tenants and keys": "The tenant that a key acts for, and its keys.",
}  # a tag that is missing here has no description

_KEY_HEADERS = {"ApiKey": "X-Api-Key", "Authorization": "Authorization"}
_SESSION = "Session"
_READS_BODY = frozenset(("POST", "PUT", "PATCH"))

_ABOUT = """\
Campaigns, contacts, imports and queues of a contact centre. Every path also exists under `/api/v1`.

## Keys
Send your key as `X-Api-Key: <key>` or `Authorization: <key>`. A key belongs to one tenant and has scopes; each route \
names the one it asks for. `X-Tenant-ID` may repeat the key's tenant. A platform key belongs to none and must send it.
People sign in (`POST /v1/session`) and send the session's cookie instead of a key, and `X-CSRF-Token` with each \
request that is no GET. Their role says what they may use.
## Ids
1 to 18 ASCII digits, above zero. Anything else in a path is not found, and so is what belongs to another tenant.
## Pages
`page` counts from 0, `size` (`limit` for campaigns) is 1 to 1000, 20 if left out. `totalRecord` counts all.
## Cursors
Rows that are inserted or deleted between two pages move the others: a reader misses some and sees others twice. To \
read a list to its end, send `cursor=*` instead of `page`, then the `nextCursor` of each response as `cursor`, with \
the same filters, until it is null. What is in the list all the time comes exactly once. Such responses have no \
`totalRecord`.
## Bodies
JSON in UTF-8, at most {0.max_json_kb} KB, {0.max_body_mb} MB for a bulk import; where a route says so files, at most \
{0.max_upload_mb} MB. Unknown fields are refused. Unknown query parameters are ignored by the vendor's documented \
routes, refused by bulk import and by all others.
## Limits
At most {0.tenant_limit} requests a tenant and {0.route_limit} a route in any 10 seconds, unless your tenant has its \
own. Responses carry what is left; a 429 says in `Retry-After` how many seconds to wait.
## Repeating a POST
Send an `Idempotency-Key`: repeated with the same body within 24 hours it gets the first response, and does nothing \
twice.
## Failures
Every failure is `{{"success": "0", "error_code": …, "error_message": …}}`. Quote `X-Request-Id` when you ask about one.

| status | error_code | meaning |
|---|---|---|
| 400 | `INVALID_INPUT` | a parameter or the body is wrong; the message names it |
| 400 | `INVALID_STATE` | not possible in its present state |
| 401 | `UNAUTHORIZED` | the key, or the session, is missing, wrong, expired or revoked |
| 403 | `INSUFFICIENT_SCOPE` | the key lacks the scope, the user's role forbids it, or the CSRF token is missing |
| 404, 405 | `NOT_FOUND` | no such thing or path; 405: the path has no such method, `Allow` names those it has |
| 408, 413, 415 | `INVALID_INPUT` | the body is too slow, too large, or of a type not understood |
| 429 | `RATE_LIMIT_EXCEEDED` | too many requests; wait `Retry-After` seconds |
| 500, 503 | `FAIL` | unexpected; 503: try again after `Retry-After` seconds |
"""


def document(endpoints: Sequence[Endpoint], version: str, settings: Settings) -> Json:
    """Build the document; ValueError when two endpoints have the same operationId."""
    bodies = [struct for spec in endpoints for struct in (spec.body, spec.response) if struct is not None]
    structs = describe.structs_of([*bodies, Failure])
    found, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    refs: Refs = dict(zip(structs, found, strict=True))
    limits = (*settings.limit_headers, "RateLimit-Policy", "RateLimit")
    paths: dict[str, Json] = {}
    for spec in endpoints:
        paths.setdefault(PREFIX + spec.path, {})[spec.method.lower()] = _operation(spec, refs, limits)
    tags = dict.fromkeys(spec.tag for spec in endpoints if spec.tag)
    named = {operation["operationId"] for path in paths.values() for operation in path.values()}
    if len(named) != len(endpoints):
        raise ValueError("Two endpoints have one operationId")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tongdai", "version": version, "description": _ABOUT.format(settings)},
        "servers": [{"url": "/"}, {"url": "/api"}],
        "security": [{scheme: []} for scheme in (*_KEY_HEADERS, _SESSION)],
        "tags": [{"name": name, "description": TAGS.get(name, "")} for name in tags],
        "paths": paths,
        "components": {
            "schemas": _refined(schemas, endpoints, refs),
            "responses": _shared_failures(settings, limits),
            "headers": _answer_headers(settings),
            "parameters": _PARAMETERS,
            "securitySchemes": {
                **{scheme: {"type": "apiKey", "in": "header", "name": name} for scheme, name in _KEY_HEADERS.items()},
                _SESSION: {"type": "apiKey", "in": "cookie", "name": "tongdai_session"},
            },
        },
    }


def _operation(spec: Endpoint, refs: Refs, limits: Sequence[str]) -> Json:
    operation: Json = {
        "operationId": operation_id(spec),
        "tags": [spec.tag] if spec.tag else [],
        "summary": spec.summary,
        "description": f"{spec.description}\n\n{_access(spec)}".strip(),
        "parameters": _parameters(spec),
        "responses": _responses(spec, refs, limits),
    }
    if spec.scope is None:
        operation["security"] = [{scheme: []} for scheme in _schemes(spec)]
    else:
        operation["x-scope"] = str(spec.scope)
    if spec.platform:
        operation["x-platform"] = True
    content = ({} if spec.body is None else _json(refs[spec.body], spec.body_sample)) | dict(spec.media)
    return operation | ({"requestBody": {"required": True, "content": content}} if content else {})


def _schemes(spec: Endpoint) -> Sequence[str]:
    """The ways in which a request names who sends it, of an endpoint that no key has access to."""
    if spec.open:
        return ()
    return tuple(_KEY_HEADERS) if spec.wallboard else (_SESSION,)


def _access(spec: Endpoint) -> str:
    """The sentence that says to whom an endpoint is open."""
    if spec.scope is not None:
        return f"The key needs the scope `{spec.scope}`."
    if spec.wallboard:
        return "For wallboards, by their token in place of a key."
    return "Needs no key." if spec.open else "For people who are signed in, whatever their role."


def operation_id(spec: Endpoint) -> str:
    """Derive an operationId: a verb and the words of the path, as `listCampaignContactLists`, `startCampaign`."""
    parts = spec.path[1:].split("/")
    one = [after.startswith("{") or (spec.method == "POST" and not after) for after in [*parts[1:], ""]]
    named = [(part.removesuffix("s") if single else part) for part, single in zip(parts, one, strict=True)]
    words = [word for word in named if not word.startswith("{")]
    if spec.method == "POST" and parts[-2:-1] and parts[-2].startswith("{") and words[-1] == parts[-1]:
        verb = _camel(words[-1:])
        return verb[:1].lower() + verb[1:] + _camel(words[:-1])
    lists = "totalRecord" in spec.sample and not parts[-1].startswith("{")
    verbs = {"GET": "list" if lists else "get", "POST": "create", "PUT": "update", "PATCH": "update"}
    return verbs.get(spec.method, spec.method.lower()) + _camel(words)


def _camel(words: Iterable[str]) -> str:
    return "".join(part.capitalize() for word in words for part in word.split("-"))


def _parameters(spec: Endpoint) -> list[Json]:
    what = "An id; anything else is answered 404"
    found = [_parameter(name, "path", what, _OTHER_IDS.get(name, _ID)) for name in _ids_of(spec)]
    for query in spec.query:
        example = {} if query.example is None else {"example": query.example}
        found.append(_parameter(query.name, "query", query.description, query.schema) | example)
    names = _PARAMETERS if spec.method == "POST" else ("TenantId", "RequestId")
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _parameter(name: str, where: str, description: str, schema: Mapping[str, Any]) -> Json:
    required = {"required": True} if where == "path" else {}
    sent = {**schema, **describe.number_format(schema)}
    return {"name": name, "in": where, "description": description, "schema": sent} | required


def _ids_of(spec: Endpoint) -> list[str]:
    return re.findall(r"\{(\w+)\}", spec.path)


def _json(schema: Json, sample: Any) -> Json:
    return {"application/json": {"schema": schema} | ({} if sample is None else {"example": sample})}


def _responses(spec: Endpoint, refs: Refs, limits: Sequence[str]) -> Json:
    """All responses of a route; those that every route has are components."""
    headers = _headers(["X-Request-Id", *limits])
    content = ({} if spec.response is None else _json(refs[spec.response], spec.sample)) | dict(spec.response_media)
    responses: Json = {"200": {"description": "Done", "headers": headers, "content": content}}
    own: dict[int, list[errors.ApiError]] = {}
    for error in (*_failures(spec), *_forbidden(spec)):
        own.setdefault(error.status, []).append(error)
    responses |= {str(status): _failed(failures, limits) for status, failures in own.items()}
    for status in (401, *((408, 413, 415) if spec.method in _READS_BODY else ()), 429, 500, 503):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Failure{status}"})
    return dict(sorted(responses.items()))


def _forbidden(spec: Endpoint) -> list[errors.ApiError]:
    if spec.scope is not None:
        return [errors.InsufficientScope(spec.scope)]
    if spec.wallboard:
        return [errors.WallboardAlone()]
    return [] if spec.open or spec.method == "GET" else [errors.CsrfTokenNeeded()]


def _failures(spec: Endpoint) -> list[errors.ApiError]:
    """Examples of failures: those of every route with such a query, body or path, then the route's own."""
    found: list[errors.ApiError] = []
    if spec.query:
        found.append(errors.InvalidInput(f"{spec.query[0].name} is given 2 times: expected once"))
    elif not spec.by_vendor:
        found.append(errors.InvalidInput("Query parameter dry_run is not known: this endpoint has none"))
    if spec.body is not None:
        found.append(errors.InvalidInput(explain(spec.body, b'{"colour":"red"}', "Unknown field")))
    if spec.method == "POST":
        found.append(errors.InvalidInput(f"{HEADER} was used before with another request: expected a fresh key"))
    found.extend(spec.failures)
    if spec.states and not any(isinstance(error, errors.InvalidState) for error in found):
        found.append(errors.InvalidState("Not possible in its present state"))
    if _ids_of(spec) and not any(isinstance(error, errors.NotFound) for error in found):
        found.append(errors.NotFound("Not found"))
    return found


def _failed(failures: Sequence[errors.ApiError], more_headers: Iterable[str]) -> Json:
    """The response for one status, with these errors as examples."""
    examples: Json = {}
    for error in failures:
        name = error.error_code if error.error_code not in examples else f"{error.error_code}_{len(examples) + 1}"
        examples[name] = {"value": {"success": "0", "error_code": error.error_code, "error_message": error.message}}
    return {
        "description": HTTPStatus(failures[0].status).phrase,
        "headers": _headers(["X-Request-Id", *more_headers, *failures[0].headers]),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}, "examples": examples}},
    }


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _shared_failures(settings: Settings, limits: Sequence[str]) -> Json:
    limited = (
        BodyTimeout("The body did not arrive in time"),
        too_large(settings.max_json_kb * KB),
        errors.UnsupportedMediaType("Content-Type text/xml is not understood: expected application/json"),
        errors.RateLimited("Exceeded request limit", 3),
    )
    plain = (errors.Unauthorized(), errors.ApiError("System error"), errors.Unavailable())
    responses = [(error, _failed([error], limits if error in limited else ())) for error in (*limited, *plain)]
    return {f"Failure{error.status}": response for error, response in responses}


def _refined(schemas: dict[str, Json], endpoints: Sequence[Endpoint], refs: Refs) -> dict[str, Json]:
    """Add the docstrings of fields and the checks of endpoints to the schemas, and require all fields of responses."""
    for struct, ref in refs.items():
        describe.describe(schemas[ref["$ref"].rpartition("/")[2]], struct)
    for spec in endpoints:
        for name, properties in spec.refine.items():
            for field, keywords in properties.items():
                (schemas[name]["properties"][field] if field else schemas[name]).update(keywords)
        # msgspec takes a field with a default for optional, but responses always contain it.
        if spec.response is None:
            continue
        schema = schemas[refs[spec.response]["$ref"].rpartition("/")[2]]
        if not spec.response.__struct_config__.omit_defaults:
            defaulted = [name for name, value in schema["properties"].items() if "default" in value]
            schema["required"] = list(dict.fromkeys((*defaulted, *schema["required"])))
        if {"totalRecord", "nextCursor"} <= schema["properties"].keys():
            schema["oneOf"] = _BY_PAGES_OR_CURSOR
    return schemas


_BY_PAGES_OR_CURSOR = [{"required": ["totalRecord"]}, {"required": ["nextCursor"]}]
_ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": ids.LARGEST}
_NUMBER = {"type": "string", "pattern": "^[+]?[0-9]+$", "example": "0901234567"}
_UUID = {"type": "string", "format": "uuid"}
_KEY = {"type": "string", "maxLength": MAX_LENGTH, "pattern": "^[!-~]([ -~]*[!-~])?$"}
_TENANT = {"type": "string", "pattern": "^[0-9]{1,18}$"}
_OTHER_IDS = {"callId": _UUID, "callbackId": _UUID, "phoneNumber": _NUMBER}
_REQUEST_ID = {"type": "string"}  # an unusable one is replaced, not refused
_PARAMETERS = {
    "TenantId": _parameter("X-Tenant-ID", "header", "The tenant to act for, needed with a platform key", _TENANT),
    "RequestId": _parameter("X-Request-Id", "header", "Comes back in the response, and is logged", _REQUEST_ID),
    "IdempotencyKey": _parameter(HEADER, "header", "A repeated request gets the first response again", _KEY),
}


def _answer_headers(settings: Settings) -> Json:
    count, text = {"type": "integer", "minimum": 0}, {"type": "string"}
    meanings = (
        "Requests a tenant may make in 10 s",
        "Of these, left",
        "Requests to this route in 10 s",
        "Of these, left",
    )
    limits = zip(settings.limit_headers, meanings, strict=True)
    return {
        "X-Request-Id": {"description": "The request's id", "required": True, "schema": text},
        "Retry-After": {"description": "Seconds to wait", "required": True, "schema": count},
        **{name: {"description": meaning, "schema": count} for name, meaning in limits},
        "RateLimit-Policy": {"description": "Both limits, as the IETF draft writes them", "schema": text},
        "RateLimit": {"description": "What is left of both", "schema": text},
    }
