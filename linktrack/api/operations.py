"""An operation of the API: its route, scope, parameters and answers, said once.

`operation` makes the route and remembers what it said, from which openapi.py writes the document.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import (
    Final,
    Literal,
    ParamSpec,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from flask import Blueprint, Response, request

from linktrack.api.access import needs
from linktrack.api.idempotency import once, unrepeated
from linktrack.api.read import Fields, arguments, posted_object
from linktrack.api.versions import unless_overtaken
from linktrack.clicks.vocabulary import WINDOWS

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

Kind: TypeAlias = Literal["text", "whole", "moment"]
Answers: TypeAlias = Mapping[int, type | tuple[type, ...] | str | None]
"""Status → the type of the JSON answered (or one of some), the media types of a stream, nothing."""

P = ParamSpec("P")
R = TypeVar("R", bound="Response | Mapping[str, object] | tuple[Mapping[str, object], int]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter; `choices` are its values if they are few; `many`: it may be repeated."""

    name: str
    meaning: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    many: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path; `body` is a TypedDict, whose fields are all that may be sent."""

    method: str
    rule: str
    name: str
    summary: str
    scope: str
    query: tuple[Parameter, ...]
    body: type | None
    answers: Answers
    problems: tuple[int, ...]
    takes_key: bool
    view: Callable[..., object]
    figures: frozenset[str]

    @property
    def path(self) -> str:
        """The path with its arguments in braces, below /api/v1."""
        return ARGUMENT.sub(r"{\2}", self.rule)

    @property
    def has_version(self) -> bool:
        """Whether it changes a thing that a GET shows, and takes the ETag of that as If-Match."""
        return self.method in ("PATCH", "DELETE") and ("GET", self.rule) in BY_RULE

    @property
    def shapes(self) -> tuple[type, ...]:
        """The types of the JSON that is sent and answered."""
        sent = () if self.body is None else (self.body,)
        said = (kind if isinstance(kind, tuple) else (kind,) for kind in self.answers.values())
        return (*sent, *(kind for kinds in said for kind in kinds if isinstance(kind, type)))

    @property
    def takes(self) -> tuple[str, ...]:
        """The names of the parameters or fields that may be sent."""
        fields = get_type_hints(self.body) if self.body else {}
        return (*(parameter.name for parameter in self.query), *fields)


ARGUMENT: Final = re.compile(r"<(?:(int):)?(\w+)>")
"""An argument in a rule: its converter, and its name."""

OPERATIONS: Final[dict[str, Operation]] = {}
"""All operations by the name of their view."""

BY_RULE: Final[dict[tuple[str, str], Operation]] = {}
"""All operations by their method and rule."""

ACCOUNT: Final = Parameter("account", "Handle of an account: @name, or network:@name.")
NEEDED_ACCOUNT: Final = Parameter("account", ACCOUNT.meaning, required=True)
FROM: Final = Parameter("from", "From this date or time on (ISO 8601).", "moment")
TO: Final = Parameter("to", "Before this date or time (ISO 8601).", "moment")
WINDOW: Final = Parameter("window", "How long a post's clicks are counted.", choices=WINDOWS)
LIMIT: Final = Parameter("limit", "Page size, 1 to 100.", "whole")
AFTER: Final = Parameter("after", "Continue after this one: `next` of the previous page.", "whole")


def operation(
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    rule: str,
    *,
    scope: str,
    answers: Answers | None = None,
    query: tuple[Parameter, ...] = (),
    body: type | None = None,
    problems: tuple[int, ...] = (),
    figures: tuple[str, ...] = (),
    shows_secret: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a view an operation: routed, guarded by its scope, and in the document.

    The first line of the view's docstring is its summary. What it returns says what it answers:
    `PostJson`, or `tuple[PostJson, Literal[201]]` for another status than 200; `answers` says so
    for a view that returns a `Response`: a stream, or nothing. `problems` are the statuses it can
    answer besides those that every operation can. `figures` are the fields of a GET's answer that
    nobody edits; a PATCH or DELETE of the same rule compares the others with If-Match. A POST
    takes an Idempotency-Key; one that `shows_secret` refuses it, since its answer is kept nowhere.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        name = view.__name__
        summary = (view.__doc__ or name).splitlines()[0]
        takes_key = method == "POST" and not shows_secret
        said = BY_RULE[method, rule] = OPERATIONS[f"api.{name}"] = Operation(
            method=method,
            rule=rule,
            name=name,
            summary=summary,
            scope=scope,
            query=query,
            body=body,
            answers=answers_of(view) if answers is None else answers,
            problems=problems,
            takes_key=takes_key,
            view=view,
            figures=frozenset(figures),
        )
        act: Callable[P, R | Response] = view
        if method == "POST":
            act = unrepeated(view) if shows_secret else once(view)
        elif method != "GET":
            act = unless_overtaken(view, lambda: _reading(said.rule))
        blueprint.add_url_rule(rule, name, needs(scope)(act), methods=[method])
        return view

    return decorate


def answers_of(view: Callable[..., object]) -> Answers:
    """Return what a view answers, as its return type says.

    Raises `TypeError` if that says nothing, as `Response` does.
    """
    said: object = get_type_hints(view)["return"]
    statuses: tuple[int, ...] = (200,)
    if get_origin(said) is tuple:
        said, status = get_args(said)
        statuses = get_args(status)
    kinds: tuple[type, ...] = get_args(said) if isinstance(said, UnionType) else (said,)
    if not all(is_typeddict(kind) for kind in kinds):
        raise TypeError(f"{view.__name__} must return a TypedDict, or say what it answers.")
    return dict.fromkeys(statuses, kinds if len(kinds) > 1 else kinds[0])


def _reading(rule: str) -> tuple[Callable[..., object], frozenset[str]] | None:
    shows = BY_RULE.get(("GET", rule))
    return None if shows is None else (shows.view, shows.figures)


def figures_of_request() -> frozenset[str]:
    """Return the fields of this request's answer that nobody edits."""
    chosen = OPERATIONS.get(request.endpoint or "")
    shows = None if chosen is None else BY_RULE.get(("GET", chosen.rule))
    return frozenset() if shows is None else shows.figures


def asked() -> Fields:
    """Return this request's query arguments; raises `Invalid` for an unknown one."""
    chosen = OPERATIONS[request.endpoint or ""]
    return arguments(request, {parameter.name for parameter in chosen.query})


def sent() -> Fields:
    """Return this request's JSON object; raises `Invalid` for an unknown field."""
    body = OPERATIONS[request.endpoint or ""].body
    return posted_object(request, set(get_type_hints(body)) if body else set())
