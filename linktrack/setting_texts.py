"""What a setting is, and how its text becomes its value. Pure.

Each function takes the text and returns the value, or raises `ValueError` with the remedy.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from linktrack.errors import Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNIX: Final = ipaddress.ip_network("0.0.0.0/32")
"""Stands for whoever connects to a Unix socket, which has no address; nobody connects from this."""
DOORS: Final = ("yourls", "shlink", "kutt", "dub")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the documentation shows it, and how its text becomes a value.

    `parse` raises `ValueError` with the remedy. `unset` is what is parsed if nothing is set: None
    if that is the default itself, which otherwise is a description. A setting with a `label` may
    also be chosen on a page, and is then stored in the database; the environment wins over it.
    """

    name: str
    default: str
    meaning: str
    parse: Callable[[str], object] = str
    unset: str | None = None
    label: str | None = None

    @property
    def field(self) -> str:
        """The field of `Settings` that it fills; those of mail, and a provider's, fill one."""
        return self.name.removeprefix("LINKTRACK_").lower()

    def check(self, text: str) -> None:
        """Raise `Invalid` if quotation marks or control characters came along with a text."""
        try:
            unquoted(text)
        except ValueError as error:  # not repeated: it may hold a password
            raise Invalid(f"{self.name} can't be read: {error}.") from error

    def value(self, text: str) -> object:
        """Return what a text means; "" is the default. Raises `Invalid`."""
        text = text or (self.default if self.unset is None else self.unset)
        try:
            return self.parse(text)
        except ValueError as error:
            raise Invalid(f"{self.name} is {text!r}: {error}.") from error


NODE: Final = Setting(
    "LINKTRACK_NODE",
    "the machine's name",
    "What this node is called, where several share one database.",
    unset="",
)


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider by which people sign in, and who of them may come in as what.

    `owners` and `viewers` are groups, by the names they have in the claim `groups`. The secret is
    never shown.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: tuple[str, ...]
    groups: str
    owners: tuple[str, ...]
    viewers: tuple[str, ...]
    hours: int
    others_open: bool


OIDC: Final = (
    Setting(
        "LINKTRACK_OIDC_ISSUER",
        "none",
        "OpenID provider through which people may sign in, such as https://login.example.org.",
    ),
    Setting("LINKTRACK_OIDC_CLIENT_ID", "none", "What the provider calls linktrack."),
    Setting("LINKTRACK_OIDC_CLIENT_SECRET", "none", "The secret for that, if there is one."),
    Setting("LINKTRACK_OIDC_NAME", "the provider's host", "What pages call the provider."),
    Setting(
        "LINKTRACK_OIDC_SCOPES",
        "openid profile email",
        "What the provider is asked for, separated by spaces.",
    ),
    Setting("LINKTRACK_OIDC_GROUPS", "groups", "The claim that has a person's groups."),
    Setting("LINKTRACK_OIDC_OWNERS", "none", "Groups of owners, separated by commas."),
    Setting("LINKTRACK_OIDC_VIEWERS", "none", "Groups of viewers, separated by commas."),
    Setting("LINKTRACK_OIDC_HOURS", "12", "Hours until a person signs in there again."),
    Setting(
        "LINKTRACK_OIDC_OTHERS",
        "open",
        "open: passwords and passkeys sign in, too; closed: they don't, sign-in links do.",
    ),
)
"""The settings that make a `Provider` together, in the order of its fields."""

OIDC_NAMES: Final = tuple(setting.name for setting in OIDC)


def provider(texts: Mapping[str, str]) -> Provider | None:
    """Return the provider that these texts describe, None without an issuer; raises `Invalid`."""
    issuer, client_id, secret, name, scopes, groups, owners, viewers, hours, others = (
        texts.get(setting.name, "") or ("" if setting.default in _UNSET else setting.default)
        for setting in OIDC
    )
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Invalid("LINKTRACK_OIDC_ISSUER must be like https://login.example.org.")
    if not client_id:
        raise Invalid(
            "LINKTRACK_OIDC_CLIENT_ID is missing: it is what the provider calls linktrack."
        )
    if not _names(owners) and not _names(viewers):
        raise Invalid(
            "LINKTRACK_OIDC_OWNERS and LINKTRACK_OIDC_VIEWERS are empty, so nobody could come in: "
            "name at least one group."
        )
    if len(name) > 40 or not name.isprintable():
        raise Invalid("LINKTRACK_OIDC_NAME may have 40 visible characters.")
    if "openid" not in scopes.split():
        raise Invalid("LINKTRACK_OIDC_SCOPES must have openid among them.")
    if others not in ("open", "closed"):
        raise Invalid("LINKTRACK_OIDC_OTHERS must be open or closed.")
    if not hours.isascii() or not hours.isdigit() or not 1 <= int(hours[:4]) <= 720:
        raise Invalid("LINKTRACK_OIDC_HOURS must be a number from 1 to 720.")
    return Provider(
        issuer=issuer,
        client_id=client_id,
        client_secret=secret,
        name=name or parts.hostname[:40],
        scopes=tuple(scopes.split()),
        groups=groups,
        owners=_names(owners),
        viewers=_names(viewers),
        hours=int(hours[:4]),
        others_open=others == "open",
    )


def provider_shown(found: Provider | None) -> dict[str, object]:
    """Return what a provider's settings are, by their names; the secret is not in it."""
    if found is None:
        return dict.fromkeys(OIDC_NAMES)
    hidden = "(not shown)" if found.client_secret else ""
    others = "open" if found.others_open else "closed"
    first = (found.issuer, found.client_id, hidden, found.name, " ".join(found.scopes))
    shown = (*first, found.groups, found.owners, found.viewers, found.hours, others)
    return dict(zip(OIDC_NAMES, shown, strict=True))


_UNSET: Final = ("none", "the provider's host")


def _names(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(",") if part.strip())


def folder(value: str) -> Path:
    """Return an absolute folder; ~ is the home folder."""
    return Path(value).expanduser().absolute()


def one_of(choices: object) -> Callable[[str], str]:
    """Return what takes one of a `Literal`'s words."""
    words: tuple[str, ...] = get_args(choices)

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"choose one of {', '.join(words)}")
        return value

    return parse


def switch(on: str, off: str) -> Callable[[str], bool]:
    """Return what takes one word for yes, and one for no."""

    def parse(value: str) -> bool:
        if value not in (on, off):
            raise ValueError(f"choose one of {on}, {off}")
        return value == on

    return parse


def contact(value: str) -> str | None:
    """Return an address fit for a link: mailto: or http(s)."""
    if not value:
        return None
    if re.fullmatch(r"[^@\s:/?#<>\"]+@[^@\s:/?#<>\"]+\.[^@\s:/?#<>\"]+", value):
        return f"mailto:{value}"
    if re.fullmatch(r"https?://[^\s<>\"]+", value):
        return value
    raise ValueError("write me@example.org or https://example.org/contact")


def base_url(value: str) -> str:
    """Return an address that short links can begin with, without a slash at the end."""
    remedy = "write it like https://go.example.org"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise ValueError(remedy)
    if parts.path not in ("", "/"):
        raise ValueError("short links start at the root of a host: leave the path out")
    if value.isascii():
        return value.rstrip("/")
    from ada_url import URL  # only here: redirects need no library to read an ASCII host

    try:
        return str(URL(value).origin)
    except ValueError as error:
        raise ValueError(remedy) from error


def database_url(value: str) -> str:
    """Name the driver that is installed: psycopg 3 for PostgreSQL.

    Raises `Invalid` without repeating the value: it may hold a password.
    """
    if not value:
        return ""  # a file in the data folder
    if value.startswith("sqlite:///") and value.removeprefix("sqlite:///") in ("", ":memory:"):
        raise Invalid(
            "LINKTRACK_DATABASE names no file: write sqlite:/// and its path behind it, "
            "such as sqlite:////srv/linktrack.db."
        )
    if value.startswith("postgres"):
        _check_address(value)
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            return "postgresql+psycopg://" + value.removeprefix(scheme)
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        # The value is not repeated: it may hold a password.
        raise Invalid(
            "LINKTRACK_DATABASE must begin with sqlite:/// or postgresql://, "
            "such as postgresql://linktrack@localhost/linktrack."
        )
    return value


_CLICKS_URL: Final = re.compile(
    r"clickhouses?://([^\s:@/?#]+(:[^\s@/?#]*)?@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:[1-9]\d{1,4})?"
    r"(/([A-Za-z_]\w*)?)?(\?(cluster=[\w-]+|quorum=[1-9])(&(cluster=[\w-]+|quorum=[1-9]))?)?",
    re.ASCII,
)


def clicks_url(value: str) -> str:
    """Return the address of a ClickHouse; raises `Invalid`, which never repeats a password."""
    if value and not _CLICKS_URL.fullmatch(value):
        raise Invalid(
            "LINKTRACK_CLICKS must be like clickhouse://user:password@host:8123/database (or "
            "clickhouses:// for TLS), ?cluster=NAME behind it if there is one, and special "
            "characters of the password percent-encoded (/ as %2F, # as %23)."
        )
    return value


CLICKS: Final = Setting(
    "LINKTRACK_CLICKS",
    "the database",
    "Where single clicks are kept, if on ClickHouse: clickhouse://user:password@host:8123/name.",
    clicks_url,
    unset="",
)


def check_clicks(clicks: object, database: str) -> None:
    """Raise `Invalid` where clicks are to be on ClickHouse and the database isn't PostgreSQL."""
    if clicks and not database.startswith("postgresql"):
        raise Invalid(
            "LINKTRACK_CLICKS needs PostgreSQL beside it: name one with LINKTRACK_DATABASE."
        )


def _check_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.port != 0 and not any(mark in value for mark in " \t\r\n")
    except ValueError:
        usable = False
    if not usable:
        raise Invalid(
            "LINKTRACK_DATABASE is not a database address: write it like "
            "postgresql://user:password@host:5432/linktrack, and special characters of the "
            "password percent-encoded (/ as %2F, # as %23)."
        )


def proxies(value: str) -> tuple[Network, ...]:
    """Return networks as `networks` does; `unix` is `UNIX`."""
    words = [part.strip() for part in value.split(",")]
    return networks(",".join(str(UNIX) if word == "unix" else word for word in words))


def unquoted(value: str) -> None:
    """Raise `ValueError` where quotation marks or control characters came along with a value."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`":
        raise ValueError("there are quotation marks around it: leave them out")
    if not value.isprintable():
        raise ValueError("it has a character that can't be seen, such as a tab: leave it out")


def networks(value: str) -> tuple[Network, ...]:
    """Return IP networks, written with commas between them; `none` is none."""
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False)
        for part in value.split(",")
        if part.strip() not in ("", "none")
    )


def timezone(value: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write it like Europe/Berlin") from error


def whole_number(value: str) -> int:
    """Return a number from 0 to 99999."""
    if not value.isascii() or not value.isdigit():
        raise ValueError("write a whole number, 0 or more")
    if len(value) > 5:
        raise ValueError("at most 99999")
    return int(value)


def doors(value: str) -> tuple[str, ...]:
    """Return names of other shorteners' APIs; `none` is none."""
    names = [part.strip().casefold() for part in value.split(",") if part.strip()]
    if names == ["none"]:
        return ()
    if not set(names) <= set(DOORS):
        raise ValueError(f"choose among {', '.join(DOORS)}, or none")
    return tuple(dict.fromkeys(names))


def rate(value: str) -> int:
    """Return a number of requests a minute."""
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:9]) < 1_000_000:
        raise ValueError("write a number of requests a minute, from 1 to 999999")
    return int(value[:9])


def days_kept(value: str) -> int | None:
    """Return a number of days, at least one; None if nothing is set."""
    if not value:
        return None
    days = whole_number(value)
    if days == 0:
        raise ValueError("keep at least one day")
    return days


def existing_file(value: str) -> Path | None:
    """Return the path of a file that is there; None if nothing is set."""
    if not value:
        return None
    path = Path(value).expanduser().absolute()
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def shown(value: object) -> str:
    """Return a setting's value as it is shown; no password is in it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join("unix" if each == UNIX else str(each) for each in value)
    # Of an address with a password, only the parts around it.
    around = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:(not shown)@", str(value))
    return re.sub(r"(?i)(?<=[?&]password=)[^&#]*", "(not shown)", around)
