"""What a link of another shortener does besides leading somewhere. Pure.

Whatever linktrack cannot do is a reason to bring the link in disabled: a link that needed a
password must not be open to everybody, and one that had ended must not live again.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from linktrack.errors import Invalid

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
    "usagelimit", "expirationclicks", "expireafterclicks", "maxuses",
)  # fmt: skip
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
    fields: Fields, parse_time: Callable[[str], datetime], now: datetime
) -> tuple[str, ...]:
    """Return why a link must not redirect here, as clauses; none where it may.

    Names are normalised; those below `meta` count too, where Shlink keeps its limits.
    """
    meta = fields.get("meta")
    if isinstance(meta, Mapping):
        inner = {re.sub("[^a-z]", "", str(key).casefold()): value for key, value in meta.items()}
        fields = inner | {**fields}
    reasons = [
        "it asked for a password" if _first(fields, _PASSWORD) else None,
        _why_ended(_first(fields, _ENDS), parse_time, now),
        _why_not_begun(_first(fields, _BEGINS), parse_time, now),
        f"it was limited to {limit[:20]} clicks" if (limit := _first(fields, _LIMIT)) else None,
        "it led to several places, by rules" if _first(fields, _RULES) else None,
        "it was off there" if _is_off(fields) else None,
    ]
    return tuple(filter(None, reasons))


def _first(fields: Fields, names: tuple[str, ...]) -> str | None:
    """Return what the first of these fields says that says something."""
    return next((str(fields[name]).strip() for name in names if _says(fields.get(name))), None)


def _why_ended(
    ends: str | None, parse_time: Callable[[str], datetime], now: datetime
) -> str | None:
    if ends is None:
        return None
    at = _moment(ends, parse_time)
    if at is None:
        return f"when it ends cannot be read ({ends[:40]!r})"
    return f"it ended on {at:%Y-%m-%d}" if at <= now else f"it ends on {at:%Y-%m-%d}"


def _why_not_begun(
    begins: str | None, parse_time: Callable[[str], datetime], now: datetime
) -> str | None:
    if begins is None:
        return None
    at = _moment(begins, parse_time)
    if at is None:
        return f"when it begins cannot be read ({begins[:40]!r})"
    return f"it begins on {at:%Y-%m-%d}" if at > now else None


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
