"""Lint the OpenAPI document.

    python -m checks.openapi

`openapi-spec-validator` holds the document to the specification. The rules here hold it to what readers and generators
of clients need:

1. Each operation has an id, a summary, a description, a tag that is described, and an answer for each refusal.
2. Each parameter, each property and each field of a form has a description, and a type or a reference.
3. Each number has a format, and each instant, which its name tells (`endedAt`, `stateSince`), is a date-time.
4. Each path parameter is in its path, and the other way round.
5. Each component is used.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import validate

from tongdai.http.openapi.document import document
from tongdai.processes.api import ALL_ENDPOINTS
from tongdai.settings.declarations import Settings

Json = dict[str, Any]
INSTANT = re.compile(r"^at$|[a-z](At|Since)$")
TYPED = ("$ref", "type", "anyOf", "oneOf", "allOf", "enum")


def offences_in(made: Json) -> Iterator[str]:
    """All offences of a document that is valid."""
    tags = {tag["name"] for tag in made["tags"] if tag["description"]}
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            where = f"{method.upper()} {path}"
            yield from (f"{where}: {why}" for why in _operation(operation, tags))
            yield from (f"{where}: {why}" for why in _path_parameters(path, _parameters(made, operation)))
            for parameter in _parameters(made, operation):
                yield from (f"{where}: {parameter['name']} {why}" for why in _value(parameter["schema"]))
                if not parameter.get("description"):
                    yield f"{where}: {parameter['name']} has no description"
            for field, value in _form_fields(operation):
                yield from (f"{where}: {field} {why}" for why in _property(field, value))
    for name, schema in made["components"]["schemas"].items():
        for field, value in schema.get("properties", {}).items():
            yield from (f"{name}.{field} {why}" for why in _property(field, value))
    yield from _unused(made)


def _operation(operation: Json, tags: set[str]) -> Iterator[str]:
    yield from (f"no {key}" for key in ("operationId", "summary", "description") if not operation.get(key))
    if not operation["tags"] or not set(operation["tags"]) <= tags:
        yield "no tag, or one without a description"
    yield from (
        f"no answer {status}"
        for status in ("200", "401", *(("403",) if "x-scope" in operation else ()), "429", "500")
        if status not in operation["responses"]
    )


def _form_fields(operation: Json) -> Iterator[tuple[str, Json]]:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield from media.get("schema", {}).get("properties", {}).items()


def _parameters(made: Json, operation: Json) -> list[Json]:
    return [_resolved(made, parameter) for parameter in operation["parameters"]]


def _resolved(made: Json, value: Json) -> Json:
    while "$ref" in value:
        found: Any = made
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def _path_parameters(path: str, parameters: list[Json]) -> Iterator[str]:
    named = set(re.findall(r"\{(\w+)\}", path))
    declared = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    yield from (f"{name} is in the path or the parameters only" for name in sorted(named ^ declared))


def _property(name: str, schema: Json) -> Iterator[str]:
    if not schema.get("description"):
        yield "has no description"
    yield from _value(schema)
    if INSTANT.search(name) and not any(branch.get("format") == "date-time" for branch in _branches(schema)):
        yield "is an instant, and no date-time"


def _value(schema: Json) -> Iterator[str]:
    if not any(key in schema for key in TYPED):
        yield "has no type"
    for branch in _branches(schema):
        if branch.get("type") in {"integer", "number"} and not {"format", "enum"} & branch.keys():
            yield "is a number without a format"


def _branches(schema: Json) -> Iterator[Json]:
    """A schema and those within it."""
    yield schema
    within = [
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]
    for branch in within:
        if isinstance(branch, dict):
            yield from _branches(branch)


def _unused(made: Json) -> Iterator[str]:
    used = set(_references(made))
    for kind, components in made["components"].items():
        if kind != "securitySchemes":
            yield from (
                f"{kind} {name} is used nowhere" for name in components if f"#/components/{kind}/{name}" not in used
            )


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str() as reference}:
            yield reference
        case dict():
            for part in value.values():
                yield from _references(part)
        case list():
            for part in value:
                yield from _references(part)
        case _:
            return


def main() -> int:
    made = document(ALL_ENDPOINTS, "1", Settings())
    validate(made)
    offences = sorted(offences_in(made))
    sys.stdout.writelines(f"{offence}\n" for offence in offences)
    properties = sum(len(schema.get("properties", {})) for schema in made["components"]["schemas"].values())
    sys.stdout.write(f"{len(made['paths'])} paths, {properties} properties, {len(offences)} offences\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
