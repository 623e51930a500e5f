"""Follower lists in JSON: one list, pages of the API, or an object on each line."""

import json
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from linktrack.errors import Invalid
from linktrack.networks.archives import Fields
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of, networks
from linktrack.portability.followers.people_columns import (
    ENDED,
    ID_COLUMNS,
    check_id,
    columns_of,
    completed,
    first_of,
    person_of,
    plain,
)
from linktrack.portability.followers.people_elsewhere import (
    is_of_instagram,
    person_of_instagram,
    refuse_those_followed,
)

_MOST_WHOLE: Final = 64_000_000  # characters of a JSON file that is no list of lines


def people_of_json(
    file: TextIO, name: str, network: str, home: str | None = None
) -> Iterator[FollowerRecord]:
    """Yield the followers in a JSON file called `name`; raises what `read_people` raises."""
    yield from read_people(_objects(file, name), name, network, home)


def read_people(
    people: Iterable[Fields], name: str, network: str, home: str | None = None
) -> Iterator[FollowerRecord]:
    """Yield the followers that JSON objects tell of; `name` is what the list is called.

    `home` is the server that a handle without one is of. Raises `Invalid` for somebody without an
    id or handle, or with an id of another network.
    """
    shapes = [each.follower_json for each in networks() if each.follower_json is not None]
    ids = network_of(network).ids
    for fields in people:
        if fields.get(ENDED) is not None:
            continue
        if is_of_instagram(fields):
            found = person_of_instagram(fields, name, network)
            if found is not None:
                yield found
            continue
        own = next((each for each in shapes if each.mark in fields), None)
        if own is not None:
            person = own.read(fields)
        else:
            values = {plain(key): value for key, value in fields.items()}
            columns = columns_of(values, first_of(ID_COLUMNS, values))
            person = person_of((field, read(values[column])) for field, column, read in columns)
        if person is None:
            raise Invalid(f"Somebody in {name} has neither an id nor a handle.")
        check_id(person, ids, name)
        yield completed(person, network, home)


def _objects(file: TextIO, name: str) -> Iterator[Fields]:
    """Yield the people of a list, of one page or several, or of one object a line."""
    first = file.readline()
    try:
        try:
            line: object = json.loads(first)
        except ValueError:  # a document over several lines
            line = json.loads(first + file.read(_MOST_WHOLE))
        while True:
            yield from _people(line)
            if not (following := file.readline()):
                return
            line = json.loads(following) if following.strip() else []
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise Invalid(f"{name} is broken: it isn't JSON, or is cut off.") from error


def _people(value: object) -> Iterator[Fields]:
    if isinstance(value, dict):
        refuse_those_followed(value)
        page = value.get("followers") or value.get("relationships_followers")
        if isinstance(page, list):
            value = page
        else:
            yield value
            return
    if isinstance(value, list):
        yield from (person for person in value if isinstance(person, dict))
