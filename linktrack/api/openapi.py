"""The OpenAPI 3.1 document, written from what the operations say and the types of their JSON.

Imported when it is asked for: pydantic, which writes the schemas, takes a quarter of a second.
"""

from functools import cache
from typing import Final

from pydantic import TypeAdapter

from linktrack import __version__
from linktrack.api import shapes
from linktrack.api.operations import ARGUMENT, OPERATIONS, Operation, Parameter
from linktrack.api.problems import PROBLEMS
from linktrack.api.read import LARGEST_ID

Json = dict[str, object]

EVERYWHERE: Final = (401, 403, 422, 429, 503)
"""Problems that every operation can answer."""

REFERENCE: Final = "#/components/schemas/{model}"


@cache
def document(base_url: str) -> Json:
    """Return the document of an installation."""
    types = {
        kind.__name__: kind
        for operation in OPERATIONS.values()
        for said in (operation.body, *operation.answers.values(), shapes.Problem)
        for kind in (said if isinstance(said, tuple) else (said,))
        if isinstance(kind, type)
    }
    schemas: Json = {}
    for name, kind in types.items():
        schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    for operation in OPERATIONS.values():
        if operation.body is not None:
            body = schemas[operation.body.__name__]
            assert isinstance(body, dict)
            body["additionalProperties"] = False  # an unknown field is refused
    paths: dict[str, Json] = {}
    for operation in OPERATIONS.values():
        path = f"/api/v1{operation.path}"
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "linktrack",
            "version": __version__,
            "description": "Wrap links, and set their clicks against followers.",
        },
        "servers": [{"url": base_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                problem.name: {
                    "description": problem.means,
                    "content": {"application/problem+json": {"schema": _reference("Problem")}},
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
        responses["304"] = {"description": "Nothing has changed since the ETag that was sent."}
    problems = {*EVERYWHERE, *operation.problems}
    if operation.body is not None:
        problems |= {400, 413}
    if operation.takes_key:
        problems.add(409)
    for status in sorted(problems):
        responses[str(status)] = {"$ref": f"#/components/responses/{PROBLEMS[status].name}"}
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs a token of scope {operation.scope}.",
        "parameters": [*_path(operation), *map(_query, operation.query), *_headers(operation)],
        "responses": responses,
    }
    if operation.body is not None:
        schema = _reference(operation.body.__name__)
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _answer(operation: Operation, kind: type | tuple[type, ...] | str | None) -> Json:
    if kind is None:
        return {"description": "It is done."}
    if isinstance(kind, tuple):
        one_of: Json = {"anyOf": [_reference(each.__name__) for each in kind]}
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
        "content": {"application/json": {"schema": _reference(kind.__name__)}},
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
    if not operation.takes_key:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Sent again within a day, the request is answered again and done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
    ]


def _reference(name: str) -> Json:
    return {"$ref": REFERENCE.format(model=name)}
