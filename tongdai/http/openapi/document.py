"""The OpenAPI 3.1 document, made of the endpoints' own declarations and of what every route has in common."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from tongdai import errors, ids
from tongdai.http.body import BodyTimeout
from tongdai.http.endpoint import Endpoint
from tongdai.http.envelope import Failure
from tongdai.http.idempotency import HEADER, MAX_LENGTH
from tongdai.settings import Settings

Json = dict[str, Any]
Refs = dict[Any, Json]  # struct → the reference to its schema

PREFIX = "/v1"
TAGS = {
    "Campaigns": "What is called for: made, started, paused and stopped here.",
    "Contacts": "Whom a campaign calls. A number is in a campaign once, whatever its list and however it is written.",
    "Do not call": "Numbers that are not called: by no campaign, or not by one.",
    "Imports": "Many contacts at once, as a job that outlives a restart: send them, then poll the job.",
    "Calls": "The attempts to reach contacts, what became of them, and why nobody is being called.",
    "Live": "What happens now.",
    "Agents": "Who talks to those called: signed in and out here, and shown a contact before it is called.",
    "Inbound queues": "Where incoming calls wait.",
    "Tenants and keys": "The tenant that a key acts for, and its keys.",
}  # a tag that is not here stands without a description

_KEY_HEADERS = {"ApiKey": "X-Api-Key", "Authorization": "Authorization"}
_READS_BODY = frozenset(("POST", "PUT", "PATCH"))

_ABOUT = """\
Campaigns, contacts, imports and queues of a contact centre. Every path also exists under `/api/v1`.

## Keys
Send your key as `X-Api-Key: <key>` or `Authorization: <key>`. A key belongs to one tenant and has scopes; each route \
names the one it asks for. `X-Tenant-ID` may repeat the key's tenant. A platform key belongs to none and must send it.
## Ids
1 to 18 ASCII digits, above zero. Anything else in a path is not found, and so is what belongs to another tenant.
## Pages
`page` counts from 0, `size` (`limit` for campaigns) is 1 to 1000, 20 if left out. `totalRecord` counts all.
## Bodies
JSON in UTF-8, at most {0.max_body_mb} MB, and where a route says so files, at most {0.max_upload_mb} MB. Unknown \
fields are refused, unknown parameters ignored.
## Limits
At most {0.tenant_limit} requests a tenant and {0.route_limit} a route in any 10 seconds, unless your tenant has its \
own. Answers carry what is left; a 429 says in `Retry-After` how many seconds to wait.
## Repeating a POST
Send an `Idempotency-Key`: repeated with the same body within 24 hours it gets the first answer and does nothing twice.
## Failures
Every failure is `{{"success": "0", "error_code": …, "error_message": …}}`. Quote `X-Request-Id` when you ask about one.

| status | error_code | meaning |
|---|---|---|
| 400 | `INVALID_INPUT` | a parameter or the body is wrong; the message names it |
| 400 | `INVALID_STATE` | not possible in its present state |
| 401 | `UNAUTHORIZED` | the key is missing, wrong, expired or revoked |
| 403 | `INSUFFICIENT_SCOPE` | the key lacks the scope |
| 404, 405 | `NOT_FOUND` | no such thing or path; 405: the path has no such method, `Allow` names those it has |
| 408, 413, 415 | `INVALID_INPUT` | the body is too slow, too large, or of a type not understood |
| 429 | `RATE_LIMIT_EXCEEDED` | too many requests; wait `Retry-After` seconds |
| 500, 503 | `FAIL` | unexpected; 503: try again after `Retry-After` seconds |
"""


def document(endpoints: Sequence[Endpoint], version: str, settings: Settings) -> Json:
    """The whole document. ValueError when two endpoints would be one operation."""
    structs = dict.fromkeys(struct for spec in endpoints for struct in (spec.body, spec.answer) if struct is not None)
    found, schemas = msgspec.json.schema_components([*structs, Failure], ref_template="#/components/schemas/{name}")
    refs: Refs = dict(zip([*structs, Failure], found, strict=True))
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
        "security": [{scheme: []} for scheme in _KEY_HEADERS],
        "tags": [{"name": name, "description": TAGS.get(name, "")} for name in tags],
        "paths": paths,
        "components": {
            "schemas": _refined(schemas, endpoints, refs),
            "responses": _shared_failures(settings, limits),
            "headers": _answer_headers(settings),
            "parameters": _PARAMETERS,
            "securitySchemes": {
                scheme: {"type": "apiKey", "in": "header", "name": name} for scheme, name in _KEY_HEADERS.items()
            },
        },
    }


def _operation(spec: Endpoint, refs: Refs, limits: Sequence[str]) -> Json:
    operation: Json = {
        "operationId": operation_id(spec),
        "tags": [spec.tag] if spec.tag else [],
        "summary": spec.summary,
        "description": f"{spec.description}\n\nThe key needs the scope `{spec.scope}`.".strip(),
        "x-scope": str(spec.scope),
        "parameters": _parameters(spec),
        "responses": _answers(spec, refs, limits),
    }
    content = ({} if spec.body is None else _json(refs[spec.body], spec.body_sample)) | dict(spec.media)
    return operation | ({"requestBody": {"required": True, "content": content}} if content else {})


def operation_id(spec: Endpoint) -> str:
    """`listCampaignContactLists`: a verb and the path's words, those of one thing in the singular; `startCampaign`."""
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
    what = "An id; what is none is not found"
    found = [_parameter(name, "path", what, _OTHER_IDS.get(name, _ID)) for name in _ids_of(spec)]
    for query in spec.query:
        example = {} if query.example is None else {"example": query.example}
        found.append(_parameter(query.name, "query", query.description, query.schema) | example)
    names = _PARAMETERS if spec.method == "POST" else ("TenantId", "RequestId")
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _parameter(name: str, where: str, description: str, schema: Mapping[str, Any]) -> Json:
    required = {"required": True} if where == "path" else {}
    return {"name": name, "in": where, "description": description, "schema": dict(schema)} | required


def _ids_of(spec: Endpoint) -> list[str]:
    return re.findall(r"\{(\w+)\}", spec.path)


def _json(schema: Json, sample: Any) -> Json:
    return {"application/json": {"schema": schema} | ({} if sample is None else {"example": sample})}


def _answers(spec: Endpoint, refs: Refs, limits: Sequence[str]) -> Json:
    """Everything a route can answer. What is alike for all routes is a component."""
    headers = _headers(["X-Request-Id", *limits])
    content = ({} if spec.answer is None else _json(refs[spec.answer], spec.sample)) | dict(spec.answer_media)
    answers: Json = {"200": {"description": "Done", "headers": headers, "content": content}}
    own: dict[int, list[errors.ApiError]] = {}
    for error in (*_failures(spec), errors.InsufficientScope(spec.scope)):
        own.setdefault(error.status, []).append(error)
    answers |= {str(status): _failed(alike, limits) for status, alike in own.items()}
    for status in (401, *((408, 413, 415) if spec.method in _READS_BODY else ()), 429, 500, 503):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/Failure{status}"})
    return dict(sorted(answers.items()))


def _failures(spec: Endpoint) -> list[errors.ApiError]:
    """What a route says of itself, after what is true of every route with such a query, body or path."""
    found: list[errors.ApiError] = []
    if spec.query:
        found.append(errors.InvalidInput(f"{spec.query[0].name} is given 2 times: expected once"))
    if spec.body is not None:
        found.append(errors.InvalidInput("Object contains unknown field `colour`"))
    if spec.method == "POST":
        found.append(errors.InvalidInput(f"{HEADER} was used before with another request: expected a fresh key"))
    found.extend(spec.failures)
    if spec.states and not any(isinstance(error, errors.InvalidState) for error in found):
        found.append(errors.InvalidState("Not possible in its present state"))
    if _ids_of(spec) and not any(isinstance(error, errors.NotFound) for error in found):
        found.append(errors.NotFound("Not found"))
    return found


def _failed(alike: Sequence[errors.ApiError], more_headers: Iterable[str]) -> Json:
    """A failure's answer, with the bodies of these errors of one status."""
    examples: Json = {}
    for error in alike:
        name = error.error_code if error.error_code not in examples else f"{error.error_code}_{len(examples) + 1}"
        examples[name] = {"value": {"success": "0", "error_code": error.error_code, "error_message": error.message}}
    return {
        "description": HTTPStatus(alike[0].status).phrase,
        "headers": _headers(["X-Request-Id", *more_headers, *alike[0].headers]),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}, "examples": examples}},
    }


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _shared_failures(settings: Settings, limits: Sequence[str]) -> Json:
    limited = (
        BodyTimeout("The body did not arrive in time"),
        errors.TooLarge(f"The body is larger than {settings.max_body_mb} MB"),
        errors.UnsupportedMediaType("Content-Type text/xml is not understood: expected application/json"),
        errors.RateLimited("Exceeded request limit", 3),
    )
    plain = (errors.Unauthorized(), errors.ApiError("System error"), errors.Unavailable())
    answers = [(error, _failed([error], limits if error in limited else ())) for error in (*limited, *plain)]
    return {f"Failure{error.status}": answer for error, answer in answers}


def _refined(schemas: dict[str, Json], endpoints: Sequence[Endpoint], refs: Refs) -> dict[str, Json]:
    """Schemas with what endpoints check beyond types, and with all that answers always carry as required."""
    for spec in endpoints:
        for name, properties in spec.refine.items():
            for field, keywords in properties.items():
                (schemas[name]["properties"][field] if field else schemas[name]).update(keywords)
        # To msgspec a field with a default is optional; answers are written with all of them.
        if spec.answer is None:
            continue
        schema = schemas[refs[spec.answer]["$ref"].rpartition("/")[2]]
        if not spec.answer.__struct_config__.omit_defaults:
            defaulted = [name for name, value in schema["properties"].items() if "default" in value]
            schema["required"] = list(dict.fromkeys((*defaulted, *schema["required"])))
    return schemas


_ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**ids.MAX_DIGITS - 1}
_NUMBER = {"type": "string", "pattern": "^[+]?[0-9]+$", "example": "0901234567"}
_UUID = {"type": "string", "format": "uuid"}
_KEY = {"type": "string", "maxLength": MAX_LENGTH, "pattern": "^[!-~]([ -~]*[!-~])?$"}
_TENANT = {"type": "string", "pattern": "^[0-9]{1,18}$"}
_OTHER_IDS = {"callId": _UUID, "phoneNumber": _NUMBER}
_REQUEST_ID = {"type": "string"}  # one that cannot be used is replaced, not refused
_PARAMETERS = {
    "TenantId": _parameter("X-Tenant-ID", "header", "The tenant to act for, needed with a platform key", _TENANT),
    "RequestId": _parameter("X-Request-Id", "header", "Comes back in the answer, and is logged", _REQUEST_ID),
    "IdempotencyKey": _parameter(HEADER, "header", "A repeated request gets the first answer again", _KEY),
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
