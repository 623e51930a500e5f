"""Each JSON shape is told once: by the function that makes it, whose return type it is."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from inspect import isfunction, signature, unwrap
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, get_args, get_type_hints, is_typeddict

import pytest
from doorways import client_of
from flask import Flask, Response
from world import World

import linktrack.api
from linktrack.api.openapi import document
from linktrack.api.operations import OPERATIONS, answers_of, operation
from linktrack.audience.accounts import ROLES
from linktrack.audience.cards import CHOICES
from linktrack.audience.models import Card, Role, UtmName
from linktrack.audience.utm import NAMES
from linktrack.links.models import State
from linktrack.links.posts import STATES
from linktrack.webhooks.catalog import EVENTS
from linktrack.webhooks.models import EventName

Views = Mapping[str, Callable[..., object]]


@pytest.fixture
def views(sqlite_world: World) -> Views:
    """The views of all operations, as they were written, by their endpoints."""
    app: Flask = client_of(sqlite_world).application
    return {endpoint: unwrap(app.view_functions[endpoint]) for endpoint in OPERATIONS}


def shapes_in(said: object) -> Iterator[type]:
    """Yield the TypedDicts that an annotation names, and those within them."""
    if isinstance(said, type) and is_typeddict(said):
        yield said
        for part in get_type_hints(said).values():
            yield from shapes_in(part)
    for part in get_args(said):
        yield from shapes_in(part)


def made_in(module: ModuleType) -> set[type]:
    """Return the shapes that functions of a module return."""
    functions = [each for each in vars(module).values() if isfunction(each)]
    own = [unwrap(each) for each in functions if each.__module__ == module.__name__]
    return {shape for each in own for shape in shapes_in(signature(each).return_annotation)}


def test_what_an_operation_answers_is_what_its_view_returns(views: Views) -> None:
    """Only streams and empty answers are a bare Response."""
    for endpoint, view in views.items():
        chosen = OPERATIONS[endpoint]
        if get_type_hints(view)["return"] is Response:
            assert not any(is_typeddict(kind) for kind in chosen.answers.values()), endpoint
        else:
            assert chosen.answers == answers_of(view), endpoint


def test_every_shape_stands_with_its_maker(views: Views) -> None:
    """In the module of a function that returns it, alone or within another."""
    answered = {
        shape for view in views.values() for shape in shapes_in(get_type_hints(view)["return"])
    }
    assert len(answered) > 80
    for shape in answered:
        assert shape in made_in(import_module(shape.__module__)), shape


def test_what_is_sent_stands_beside_the_operation_that_reads_it(views: Views) -> None:
    """And the API has no other shapes than those sent to it and those it makes."""
    sent = {endpoint: each.body for endpoint, each in OPERATIONS.items() if each.body is not None}
    for endpoint, body in sent.items():
        assert body.__module__ == views[endpoint].__module__, endpoint
    read = {shape for body in sent.values() for shape in shapes_in(body)}
    for found in walk_packages(linktrack.api.__path__, "linktrack.api."):
        module = import_module(found.name)
        own = {
            each
            for each in vars(module).values()
            if is_typeddict(each) and each.__module__ == module.__name__
        }
        assert own <= made_in(module) | read, found.name


def references(part: Any) -> Iterator[str]:
    """Yield what a part of the document refers to."""
    if isinstance(part, list):
        for each in part:
            yield from references(each)
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            yield from references(value)


def test_the_document_names_what_it_refers_to(views: Views) -> None:
    """Each type once, by its name without `Json`; fields in the document are those of the type."""
    written: Any = document("https://go.example.org")
    kinds = {"responses": written["components"]["responses"]}
    kinds["schemas"] = written["components"]["schemas"]
    for reference in references(written):
        _, _, kind, name = reference.split("/")
        assert name in kinds[kind], reference
        assert not name.endswith("Json")
    for view in views.values():
        for shape in shapes_in(get_type_hints(view)["return"]):
            schema = kinds["schemas"][shape.__name__.removesuffix("Json")]
            assert schema["properties"].keys() == get_type_hints(shape).keys(), shape
            assert set(schema["required"]) == vars(shape)["__required_keys__"], shape
    line = kinds["schemas"]["CpfPost"]["properties"]["not_human"]["propertyNames"]
    assert "prefetch" in line["enum"]


def test_a_view_that_does_not_say_what_it_answers_is_no_operation() -> None:
    """It would be missing in the document."""

    def read_anything() -> Response:
        return Response()

    with pytest.raises(TypeError, match="read_anything must return a TypedDict"):
        operation("GET", "/anything", scope="read")(read_anything)
    assert "api.read_anything" not in OPERATIONS


def test_what_is_checked_at_the_door_is_what_the_columns_types_name() -> None:
    """A value more in the one is a value more in the other."""
    for listed, named in (
        (ROLES, Role),
        (CHOICES, Card),
        (NAMES, UtmName),
        (STATES, State),
        (tuple(EVENTS), EventName),
    ):
        assert listed == get_args(named)
