"""What a link of another shortener does besides leading somewhere. Pure.

Whatever linktrack cannot do is a reason to bring the link in disabled: a link that needed a
password must not be open to everybody, and one that had ended must not live again. What it can do,
the link does here as well.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination
from linktrack.portability.links.limits import FoundLimits, is_limit, is_password

Fields = Mapping[str, object]

_PASSWORD: Final = (
    "password", "passwordenabled", "haspassword", "ispasswordprotected", "passwordprotected",
    "protected", "passwordhash",
)  # fmt: skip
_ENDS: Final = (
    "expirein", "expiresat", "expires", "expiry", "expirydate", "expiration", "expirationdate",
    "expirationtime", "expiredate", "expireat", "expiredat", "validuntil", "ttl", "endsat",
    "enddate", "expireson", "expirationat", "validto",
)  # fmt: skip
_BEGINS: Final = (
    "validsince", "startsat", "startdate", "activefrom", "validfrom", "activateat", "startson",
    "begindate",
)  # fmt: skip
_LIMIT: Final = (
    "maxvisits", "clickslimit", "clicklimit", "maxclicks", "visitlimit", "visitslimit",
    "usagelimit", "expirationclicks", "expireafterclicks", "maxuses", "mostclicks",
)  # fmt: skip
_USED: Final = ("usedclicks",)
_ENDED_TO: Final = ("expiredurl", "expirationurl", "expiredredirecturl", "endedto")
_RULES: Final = (
    "hasredirectrules", "redirectrules", "devicelongurls", "geo", "geotargeting", "ios", "android",
    "iphoneurl", "iosurl", "androidurl", "testvariants", "spliturl", "devicetargeting", "rules",
    "countries", "targeting", "deeplinks", "rotatorurls",
)  # fmt: skip
_OFF: Final = ("banned", "disabled", "isdisabled", "isbanned", "blocked", "deleted", "isdeleted")
_ON: Final = ("active", "isactive", "enabled", "isenabled")
_STATES_OFF: Final = ("inactive", "disabled", "banned", "paused", "blocked", "deleted", "expired")
_FORWARD: Final = (
    "forwardquery", "forwardqueryparams", "passparams", "passqueryparams", "passquery",
    "keepquery", "forwardparams",
)  # fmt: skip
_OFF_WORDS: Final = ("false", "0", "no", "off")
_NO: Final = frozenset(
    (
        "", "0", "false", "no", "none", "null", "n/a", "never", "off", "-", "[]", "{}",
        "unlimited", "0000-00-00", "0000-00-00 00:00:00",
    )
)  # fmt: skip


def forwards_query(fields: Fields) -> bool:
    """Whether what stands behind a click's `?` went on to the destination."""
    return any(_says(fields.get(name)) for name in _FORWARD)


def why_disabled(
    fields: Fields, parse_time: Callable[[str], datetime], clicks: int | None
) -> tuple[str, ...]:
    """Return why a link must not redirect here, as clauses; none where it may.

    Names are normalised; those below `meta` count too, where Shlink keeps its limits. A limit of
    clicks needs to know how many there were (`clicks`).
    """
    fields = _with_meta(fields)
    password, limit = _password(fields), _first(fields, _LIMIT)
    is_counted = limit is None or (is_limit(limit) and _used(fields, clicks) is not None)
    reasons = [
        None if password is None or is_password(password) else "it asked for a password",
        _why_unread(_first(fields, _ENDS), parse_time, "ends"),
        _why_unread(_first(fields, _BEGINS), parse_time, "begins"),
        None if is_counted else f"it was limited to {str(limit)[:20]} clicks",
        "it led to several places, by rules" if _first(fields, _RULES) else None,
        "it was off there" if _is_off(fields) else None,
    ]
    return tuple(filter(None, reasons))


def limits_there(
    fields: Fields,
    parse_time: Callable[[str], datetime],
    clicks: int | None,
    now: datetime,
    unread: list[str],
) -> FoundLimits:
    """Return what limits a link there, as far as `why_disabled` doesn't name it.

    An address that no link can lead to once it has ended is named in `unread`.
    """
    fields = _with_meta(fields)
    begins, ends = (_moment(_first(fields, names) or "", parse_time) for names in (_BEGINS, _ENDS))
    if begins is not None and (begins <= now or (ends is not None and ends <= begins)):
        begins = None
    password, limit = _password(fields), _first(fields, _LIMIT)
    ended_to = _first(fields, _ENDED_TO)
    if ended_to is not None:
        try:
            ended_to = parse_destination(ended_to)
        except Invalid:
            unread.append(f"{ended_to[:40]!r} isn't an address to lead to afterwards")
            ended_to = None
    return FoundLimits(
        valid_from=begins,
        expires_at=ends,
        most_clicks=int(limit) if limit is not None and is_limit(limit) else None,
        used=_used(fields, clicks) or 0,
        password=password if password is not None and is_password(password) else None,
        ended_to=ended_to,
    )


def _with_meta(fields: Fields) -> Fields:
    meta = fields.get("meta")
    if not isinstance(meta, Mapping):
        return fields
    inner = {re.sub("[^a-z]", "", str(key).casefold()): value for key, value in meta.items()}
    return inner | {**fields}


def _password(fields: Fields) -> str | None:
    """Return what a link's fields say of its password, that itself if one does."""
    said = [str(fields[name]).strip() for name in _PASSWORD if _says(fields.get(name))]
    own = fields.get("password")
    is_one = isinstance(own, str) and is_password(own.strip())
    return own.strip() if is_one and isinstance(own, str) else next(iter(said), None)


def _used(fields: Fields, clicks: int | None) -> int | None:
    used = _first(fields, _USED)
    return int(used) if used is not None and is_limit(used) else clicks


def _first(fields: Fields, names: tuple[str, ...]) -> str | None:
    """Return what the first of these fields says that says something."""
    return next((str(fields[name]).strip() for name in names if _says(fields.get(name))), None)


def _why_unread(
    written: str | None, parse_time: Callable[[str], datetime], what: str
) -> str | None:
    if written is None or _moment(written, parse_time) is not None:
        return None
    return f"when it {what} cannot be read ({written[:40]!r})"


def _is_off(fields: Fields) -> bool:
    state = str(fields.get("status") or fields.get("state") or "").casefold()
    return (
        state in _STATES_OFF
        or any(str(fields.get(name)).casefold() in _OFF_WORDS for name in _ON)
        or _first(fields, _OFF) is not None
    )


def moment(written: object, parse_time: Callable[[str], datetime]) -> datetime:
    """Return the moment of a date, or of seconds or milliseconds since 1970. Raises `Invalid`."""
    text = str(written).strip()
    if re.fullmatch(r"[0-9]{9,13}", text):
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    return parse_time(text)


def _moment(written: object, parse_time: Callable[[str], datetime]) -> datetime | None:
    try:
        return moment(written, parse_time)
    except (Invalid, ValueError, OverflowError):
        return None


def _says(value: object) -> bool:
    """Whether a field says something, and that is not no."""
    if isinstance(value, Mapping):
        return any(_says(inner) for inner in value.values())
    if isinstance(value, list):
        return bool(value)
    return value is not None and str(value).strip().casefold() not in _NO
