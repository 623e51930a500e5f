"""Conditions of rules: how they are written, what holds of a visit, and how they are said. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import parse_qsl

from linktrack.errors import Invalid

Kind: TypeAlias = Literal[
    "device", "system", "language", "country", "query", "visitor", "weekday", "time", "date"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_KIND: Final[Mapping[str, Kind]] = {kind: kind for kind in KINDS}

DEVICES: Final = ("mobile", "tablet", "desktop")
SYSTEMS: Final = ("iOS", "Android", "Windows", "macOS", "Linux", "Chrome OS")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
VISITORS: Final = ("new", "returning")

MOST_VALUES: Final = 50
LONGEST: Final = 200
MOST_IN_QUERY: Final = 100  # fields of a click's query that are looked at
MOST_LANGUAGES: Final = 20  # of a browser's list

_LINUXES: Final = (
    "linux", "ubuntu", "debian", "fedora", "red hat", "centos", "suse", "opensuse", "arch linux",
    "gentoo", "linux mint", "mandriva", "mageia", "slackware", "kubuntu",
)  # fmt: skip
_SYSTEM_OF: Final = {
    "mac os x": "macOS",
    "macos": "macOS",
    **dict.fromkeys(_LINUXES, "Linux"),
    **{name.lower(): name for name in ("iOS", "Android", "Windows", "Chrome OS")},
}


@dataclass(frozen=True, slots=True)
class Visit:
    """What rules are asked about: a click, as far as it says anything.

    `moment` is in the owner's time zone; `system` is one of SYSTEMS, `country` two capital letters,
    `language` the preferred one in small letters. A program is a bot or a fetcher of previews.
    """

    moment: datetime
    device: str | None = None
    system: str | None = None
    language: str | None = None
    country: str | None = None
    query: str = ""
    returning: bool = False
    is_program: bool = False
    visitor: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A visit fulfils it if any of the values holds; they are written as `condition` returns."""

    kind: Kind
    values: tuple[str, ...]

    def holds(self, visit: Visit) -> bool:
        """Whether a visit fulfils it. What isn't known of a visit fulfils nothing."""
        test = _TESTS[self.kind]
        for value in self.values:  # noqa: SIM110 - a generator takes as long as its tests
            if test(value, visit):
                return True
        return False


def condition(kind: str, values: Sequence[str]) -> Condition:
    """Return a condition whose values are written in their one way. Raises `Invalid`."""
    known = _KIND.get(kind)
    if known is None:
        raise Invalid(f"{kind[:40]!r} isn't a condition: choose one of {', '.join(KINDS)}.")
    said = [value.strip() for value in values if value.strip()]
    if not said:
        raise Invalid(f"The condition {kind!r} has no value.")
    if len(said) > MOST_VALUES:
        raise Invalid(f"A condition may have {MOST_VALUES} values; {kind!r} has {len(said)}.")
    return Condition(known, tuple(dict.fromkeys(_READ[known](value) for value in said)))


def system_named(family: str | None) -> str | None:
    """Return which of SYSTEMS a family of systems, as `classify_agent` names it, belongs to."""
    return None if family is None else _SYSTEM_OF.get(family.lower())


@lru_cache(maxsize=4096)
def preferred_language(header: str | None) -> str | None:
    """Return the language that Accept-Language wants most (RFC 9110 12.5.4), in small letters.

    Of equals the first; what is refused (`q=0`) and `*` are none.
    """
    best, best_quality = None, 0.0
    for entry in (header or "").split(",")[:MOST_LANGUAGES]:
        tag, _, rest = entry.partition(";")
        weight = _QUALITY.fullmatch(rest.strip()) if rest else None
        quality = float(weight[1]) if weight else 1.0
        name = tag.strip().lower()
        if quality > best_quality and _LANGUAGE.fullmatch(name):
            best, best_quality = name, quality
    return best


_QUALITY: Final = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_HOURS: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*(?:-|–|to)\s*([01]?\d|2[0-4]):([0-5]\d)")
_DAYS: Final = re.compile(r"(\d{4}-\d\d-\d\d)?\s*\.\.\s*(\d{4}-\d\d-\d\d)?|(\d{4}-\d\d-\d\d)")


def _one_of(choices: Sequence[str], what: str) -> Callable[[str], str]:
    by_name = {choice.lower(): choice for choice in choices}

    def read(value: str) -> str:
        found = by_name.get(value.lower())
        if found is None:
            raise Invalid(f"{value[:40]!r} isn't a {what}: choose one of {', '.join(choices)}.")
        return found

    return read


def _read_language(value: str) -> str:
    tag = value.lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise Invalid(f"{value[:40]!r} isn't a language: write a code such as de or pt-br.")
    return tag


def _read_country(value: str) -> str:
    code = value.upper()
    if not _COUNTRY.fullmatch(code):
        raise Invalid(f"{value[:40]!r} isn't a country: write its two letters, such as DE.")
    return code


def _read_query(value: str) -> str:
    name = value.removeprefix("?")
    if len(name) > LONGEST or not name.isprintable() or not name.partition("=")[0] or "&" in name:
        raise Invalid(
            f"{value[:40]!r} isn't a query parameter: write name=value, or the name alone "
            f"(at most {LONGEST} characters)."
        )
    return name


def _read_hours(value: str) -> str:
    match = _HOURS.fullmatch(value)
    start, end = (f"{match[1]:0>2}:{match[2]}", f"{match[3]:0>2}:{match[4]}") if match else ("", "")
    if not match or start >= "24:00" or end > "24:00" or start == end:
        raise Invalid(f"{value[:40]!r} isn't a time of day: write 09:00-17:00, or 22:00-06:00.")
    return f"{start}-{end}"


def _read_days(value: str) -> str:
    match = _DAYS.fullmatch(value)
    if match is None or not any(match.groups()):
        raise _no_days(value)
    first, last = (match[3], match[3]) if match[3] else (match[1] or "", match[2] or "")
    for day in filter(None, (first, last)):
        try:
            date.fromisoformat(day)
        except ValueError:
            raise _no_days(value) from None
    if first and last and first > last:
        raise Invalid(f"The date {value[:40]!r} ends before it begins.")
    return f"{first}..{last}"


def _no_days(value: str) -> Invalid:
    return Invalid(
        f"{value[:40]!r} isn't a date: write 2026-12-01..2026-12-24; leave one end out for no end."
    )


_READ: Final[Mapping[str, Callable[[str], str]]] = {
    "device": _one_of(DEVICES, "device"),
    "system": _one_of(SYSTEMS, "system"),
    "language": _read_language,
    "country": _read_country,
    "query": _read_query,
    "visitor": _one_of(VISITORS, "kind of visitor"),
    "weekday": _one_of(WEEKDAYS, "weekday"),
    "time": _read_hours,
    "date": _read_days,
}


def _speaks(value: str, visit: Visit) -> bool:
    spoken = visit.language
    return spoken is not None and (spoken == value or spoken.startswith(f"{value}-"))


def _asks(value: str, visit: Visit) -> bool:
    if not visit.query:
        return False
    try:
        fields = parse_qsl(visit.query, keep_blank_values=True, max_num_fields=MOST_IN_QUERY)
    except ValueError:  # more of them
        return False
    name, sign, wanted = value.partition("=")
    return any(given == name and (not sign or said == wanted) for given, said in fields)


def _is_within_hours(value: str, visit: Visit) -> bool:
    start, _, end = value.partition("-")
    now = f"{visit.moment:%H:%M}"
    return start <= now < end if start < end else now >= start or now < end


def _is_within_days(value: str, visit: Visit) -> bool:
    first, _, last = value.partition("..")
    today = visit.moment.date().isoformat()
    return first <= today and (not last or today <= last)


_TESTS: Final[Mapping[Kind, Callable[[str, Visit], bool]]] = {
    "device": lambda value, visit: visit.device == value,
    "system": lambda value, visit: visit.system == value,
    "language": _speaks,
    "country": lambda value, visit: visit.country == value,
    "query": _asks,
    "visitor": lambda value, visit: visit.returning == (value == "returning"),
    "weekday": lambda value, visit: WEEKDAYS[visit.moment.weekday()] == value,
    "time": _is_within_hours,
    "date": _is_within_days,
}
