"""Read what programs send: JSON bodies and query arguments, checked by name and type."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import Request

from linktrack.calendar.times import parse_moment
from linktrack.context import installation
from linktrack.errors import Invalid, NotFound

LARGEST_ID: Final = 2**31 - 1
MOST_TEXTS: Final = 1_000  # in one field, where it does not say otherwise


def stored(number: int) -> int:
    """Return a number in a path; raises `NotFound` if it is too large for any row."""
    if number > LARGEST_ID:
        raise NotFound(f"There is nothing under number {number}.")
    return number


class Fields:
    """Named values from a caller; every error names the field."""

    def __init__(
        self, values: Mapping[str, object], known: set[str], *, is_kept: bool = False
    ) -> None:
        unknown = sorted(set(values) - known)
        if unknown:
            raise Invalid(
                f"There is no field {unknown[0][:60]!r} here: the fields are "
                f"{', '.join(sorted(known))}."
            )
        self._values = values
        self._is_kept = is_kept

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; raises `Invalid` if it is missing or of another type."""
        value = self._values.get(name, default)
        if not isinstance(value, str):
            raise Invalid(f"{name!r} must be a text.")
        return self._storable(name, value)

    def value(self, name: str) -> object:
        """Return whatever was sent, or None."""
        return self._values.get(name)

    def has(self, name: str) -> bool:
        """Whether a field was sent, even as null."""
        return name in self._values

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None if the field is missing or null."""
        return None if self._values.get(name) is None else self.text(name)

    def whole(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number, written as one or as digits."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
        if type(value) is int and abs(value) < 2**63:
            return value
        raise Invalid(f"{name!r} must be a whole number.")

    def row_number(self, name: str) -> int | None:
        """Return the number of something stored, or None; raises `Invalid`."""
        number = self.whole(name)
        if number is not None and not 0 < number <= LARGEST_ID:
            raise Invalid(f"{name!r} must be a number from 1 to {LARGEST_ID}.")
        return number

    def truth(self, name: str) -> bool:
        """Return true or false; raises `Invalid` for anything else."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise Invalid(f"{name!r} must be true or false.")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false; a missing field is false."""
        return self._values.get(name) is not None and self.truth(name)

    def moment(self, name: str) -> datetime | None:
        """Return a date or time; without an offset it is local."""
        written = self.optional_text(name)
        return None if written is None else parse_moment(written, installation().settings.timezone)

    def texts(self, name: str, most: int = MOST_TEXTS) -> tuple[str, ...]:
        """Return a list of texts; a missing field is an empty one, too long a list `Invalid`."""
        value = self._values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Invalid(f"{name!r} must be a list of texts.")
        if len(value) > most:
            raise Invalid(f"{name!r} may have at most {most:,} texts: send fewer.")
        return tuple(self._storable(name, item) for item in value)

    def _storable(self, name: str, text: str) -> str:
        """Return a text unchanged; raises `Invalid` if no database can store it."""
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise Invalid(f"{name!r} contains half a character (a lone surrogate).")
        if self._is_kept and "\0" in text:
            raise Invalid(f"{name!r} contains NUL, which cannot be kept.")
        return text

    def objects(self, name: str) -> list[dict[str, object]]:
        """Return a list of objects; raises `Invalid`."""
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Invalid(f"{name!r} must be a list of objects.")
        return value

    def named_texts(self, name: str) -> dict[str, str]:
        """Return an object of texts; raises `Invalid`."""
        value = self._values.get(name)
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise Invalid(f"{name!r} must be an object of texts.")
        return {key: self._storable(name, item) for key, item in value.items()}

    def wholes(self, name: str) -> dict[str, int]:
        """Return an object of whole numbers; a missing field is an empty one."""
        value = self._values.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(type(item) is int for item in value.values()):
            raise Invalid(f"{name!r} must be an object of whole numbers.")
        return value


def posted_object(request: Request, known: set[str]) -> Fields:
    """Return the JSON object of a request's body; raises `Invalid`."""
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):  # not JSON, or nested beyond all sense
        body = None
    if not isinstance(body, dict):
        raise Invalid("The body must be one JSON object.")
    return Fields(body, known, is_kept=True)


def arguments(request: Request, known: set[str]) -> Fields:
    """Return the query arguments of a request; an empty one counts as missing."""
    return Fields({name: value for name, value in request.args.items() if value}, known)
