"""Follower lists in tables: CSV with a column of ids or of handles."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Final, TextIO

from linktrack.errors import Conflict, Invalid
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of
from linktrack.portability.files.spreadsheets import MARK, restore
from linktrack.portability.followers.people_columns import (
    ENDED,
    check_id,
    columns_of,
    completed,
    id_column,
    person_of,
    plain,
)
from linktrack.portability.followers.people_elsewhere import behind_notes, is_of_linkedin
from linktrack.portability.followers.subscribers import refuse_subscribers

_FOLLOWED: Final = "show_boosts"
"""A column of the list of those whom one follows, which Mastodon exports beside the followers."""


def people_of_table(
    file: TextIO, name: str, network: str, confirmed: bool, home: str | None = None
) -> Iterator[FollowerRecord]:
    """Yield the followers in a table called `name`; `home` is the server of a handle without one.

    Raises `Invalid` for a row without an id or handle, and `Conflict`, unless `confirmed`, for what
    looks like the list of those whom one follows.
    """
    sample = behind_notes(file)
    if "\0" in sample or not sample.strip():
        raise Invalid(f"{name} isn't a follower list: it is empty, or not text.")
    delimiter = max(",;\t", key=sample.count)
    header = [plain(restore(cell)) for cell in next(csv.reader([sample], delimiter=delimiter))]
    places = {column: index for index, column in reversed(list(enumerate(header)))}
    if _FOLLOWED in places and not confirmed:
        raise Conflict(
            f"{name} looks like the list of those you follow, not of those who follow you: if it "
            "is a follower list, add --yes."
        )
    if not network_of(network).is_named:
        refuse_subscribers(header, name)
    is_linkedin = is_of_linkedin(header, name, network)
    ids = network_of(network).ids
    rows = csv.reader(file, delimiter=delimiter)
    try:
        first = next(rows, [])
        columns = columns_of(places, id_column(places, first, ids))
        if not any(field in ("network_id", "handle") for field, _, _ in columns):
            raise Invalid(
                f"{name} needs a column of ids or of handles, such as id or handle: it has "
                f"{', '.join(cell[:40] or '(no name)' for cell in header[:30])}."
            )
        cells = [(field, places[column], read) for field, column, read in columns]
        ended = places.get(ENDED, len(header))
        for row in chain([first], rows):
            if not any(row) or (ended < len(row) and row[ended]):
                continue
            here = len(row)
            person = person_of(
                (field, read(row[at] if row[at][:1] != MARK else restore(row[at])))
                for field, at, read in cells
                if at < here
            )
            if person is None and is_linkedin:
                continue  # an account that was closed: LinkedIn leaves the date alone
            if person is None:
                raise Invalid(
                    f"{name}, line {rows.line_num + 1} has neither an id nor a handle that can "
                    "be one."
                )
            check_id(person, ids, f"{name}, line {rows.line_num + 1}")
            yield completed(person, network, home)
    except csv.Error as error:
        raise Invalid(f"{name} isn't a table that can be read: {error}.") from error
