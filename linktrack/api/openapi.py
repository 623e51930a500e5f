"""Write the OpenAPI 3.1 document from the operations and the types of their JSON.

A shape has its name in the code there, without the `Json` at the end of what is answered.
"""

from collections.abc import Mapping
from functools import cache
from inspect import cleandoc
from typing import Final

from msgspec.json import schema_components

from linktrack import __version__
from linktrack.api.operations import ARGUMENT, OPERATIONS, Operation, Parameter
from linktrack.api.problems import PROBLEMS, ProblemJson
from linktrack.api.read import LARGEST_ID

Json = dict[str, object]

EVERYWHERE: Final = (401, 403, 422, 429, 503)
"""Problems that every operation can answer."""

REFERENCE: Final = "#/components/schemas/{name}"


@cache
def document(base_url: str) -> Json:
    """Return an installation's document."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS.values():
        path = f"/api/v1{operation.path}"
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "linktrack",
            "version": __version__,
            "description": "Shorten links and measure clicks per follower.",
        },
        "servers": [{"url": base_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {
                problem.name: {
                    "description": problem.means,
                    "content": {"application/problem+json": {"schema": _reference(ProblemJson)}},
                }
                for problem in PROBLEMS.values()
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> Json:
    responses: Json = {
        str(status): _answer(operation, kind) for status, kind in operation.answers.items()
    }
    if operation.method == "GET" and isinstance(operation.answers.get(200), type | tuple):
        responses["304"] = {"description": "Not modified since the ETag that was sent."}
    problems = {*EVERYWHERE, *operation.problems}
    if operation.body is not None:
        problems |= {400, 413}
    if operation.takes_key:
        problems.add(409)
    if operation.has_version:
        problems.add(412)
    for status in sorted(problems):
        responses[str(status)] = {"$ref": f"#/components/responses/{PROBLEMS[status].name}"}
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs a token with the scope {operation.scope}.",
        "parameters": [*_path(operation), *map(_query, operation.query), *_headers(operation)],
        "responses": responses,
    }
    if operation.body is not None:
        schema = _reference(operation.body)
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _answer(operation: Operation, kind: type | tuple[type, ...] | str | None) -> Json:
    if kind is None:
        return {"description": "Done."}
    if isinstance(kind, tuple):
        one_of: Json = {"anyOf": [_reference(each) for each in kind]}
        return {
            "description": operation.summary,
            "content": {"application/json": {"schema": one_of}},
        }
    if isinstance(kind, str):
        streams = {media.strip(): {"schema": {"type": "string"}} for media in kind.split(",")}
        return {"description": "A stream of rows.", "content": streams}
    said = (kind.__doc__ or operation.summary).splitlines()[0]
    return {
        "description": said,
        "content": {"application/json": {"schema": _reference(kind)}},
    }


def _path(operation: Operation) -> list[Json]:
    found = []
    for number, name in ARGUMENT.findall(operation.rule):
        schema: Json = {"type": "string", "minLength": 1}
        if number:
            schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query(parameter: Parameter) -> Json:
    schema: Json = {"type": "integer"} if parameter.kind == "whole" else {"type": "string"}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.many:
        schema = {"type": "array", "items": schema}
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": schema,
    }


def _headers(operation: Operation) -> list[Json]:
    if operation.takes_key:
        meaning = "Repeated within a day, a request gets the first answer, done once."
        return [_header("Idempotency-Key", meaning, maxLength=255)]
    if operation.has_version:
        return [_header("If-Match", "The ETag of what you read: refused if it has changed since.")]
    return []


def _header(name: str, meaning: str, **bounds: int) -> Json:
    schema: Json = {"type": "string", "minLength": 1, **bounds}
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": meaning,
        "schema": schema,
    }


def _reference(kind: type) -> Json:
    return {"$ref": REFERENCE.format(name=_named(kind.__name__))}


def _named(name: str) -> str:
    return name.removesuffix("Json")


def _schemas() -> dict[str, Json]:
    """Return the JSON Schema of every type of JSON that is sent or answered, by its name."""
    bodies = {each.body for each in OPERATIONS.values() if each.body is not None}
    kinds = [kind for each in OPERATIONS.values() for kind in each.shapes]
    _, found = schema_components(
        (ProblemJson, *kinds), schema_hook=_schema_of_others, ref_template=REFERENCE
    )
    closed = {body.__name__ for body in bodies}  # an unknown field is refused
    schemas = {}
    for name, schema in found.items():
        written = _written(schema) | {"title": _named(name)}
        if "description" in schema:
            written["description"] = cleandoc(schema["description"])
        if name in closed:
            written["additionalProperties"] = False
        schemas[_named(name)] = written
    return schemas


def _schema_of_others(kind: type) -> Json:
    """Return the schema of a type that msgspec has none for: `object` is whatever JSON holds."""
    if kind is object:
        return {"description": "Anything."}
    raise NotImplementedError


def _written(schema: Mapping[str, object]) -> Json:
    """Return a schema that refers to others by their names here, and gives an enum its type."""
    return {
        **({"type": "string"} if isinstance(schema.get("enum"), list) else {}),
        **{name: _part(name, value) for name, value in schema.items()},
    }


def _part(name: str, value: object) -> object:
    if isinstance(value, str):
        return _named(value) if name == "$ref" else value
    if isinstance(value, Mapping):
        return _written(value)
    if isinstance(value, list):
        return [_written(each) if isinstance(each, Mapping) else each for each in value]
    return value
