"""Settings: read once from the environment, checked, and handed on as one frozen value."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from linktrack.errors import Invalid
from linktrack.mail import MailServer, mail_server

VisitorPeriod = Literal["day", "week", "month", "quarter"]
JournalSync = Literal["background", "always"]
LogKind = Literal["text", "json"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DOORS: Final = ("yourls", "shlink")

LOOPBACK: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the documentation shows it; `guide/settings.md` is held against this list."""

    name: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting("LINKTRACK_DATA", "./data", "Folder for the database, the journals and the keys."),
    Setting(
        "LINKTRACK_BASE_URL",
        "http://127.0.0.1:8000",
        "Address that short links begin with, such as https://go.example.org.",
    ),
    Setting(
        "LINKTRACK_DATABASE",
        "SQLite in LINKTRACK_DATA",
        "Database address, such as postgresql://user@host/linktrack.",
    ),
    Setting(
        "LINKTRACK_TRUSTED_PROXIES",
        "loopback, while listening on loopback",
        "Networks whose X-Forwarded-For header is believed, separated by commas.",
    ),
    Setting("LINKTRACK_TIMEZONE", "UTC", "Time zone in which a day begins, such as Europe/Berlin."),
    Setting(
        "LINKTRACK_VISITOR_PERIOD",
        "month",
        "How long one visitor stays one visitor: day, week, month or quarter.",
    ),
    Setting(
        "LINKTRACK_IGNORE",
        "none",
        "Networks of your own, whose clicks are not counted, separated by commas.",
    ),
    Setting(
        "LINKTRACK_KEEP_DAYS",
        "for ever",
        "Days for which single clicks are kept; their sums are kept for ever.",
    ),
    Setting(
        "LINKTRACK_GEOIP",
        "none",
        "A MaxMind-format file (.mmdb) that tells the country of an address.",
    ),
    Setting(
        "LINKTRACK_JOURNAL_SYNC",
        "background",
        "background: a power cut can take the last 50 ms of clicks; always: none, but slower.",
    ),
    Setting(
        "LINKTRACK_JOURNAL_KEEP_DAYS",
        "7",
        "Days for which a loaded journal file is kept, so that a restored backup can replay it.",
    ),
    Setting(
        "LINKTRACK_DOORS",
        "none",
        "Other shorteners' APIs that are answered, separated by commas: yourls, shlink.",
    ),
    Setting(
        "LINKTRACK_RATE_LIMIT",
        "600",
        "Requests a minute that one token gets, over all web processes of a machine.",
    ),
    Setting(
        "LINKTRACK_WEBHOOK_NETWORKS",
        "none",
        "Networks that are not public and that webhooks may be sent to, separated by commas.",
    ),
    Setting(
        "LINKTRACK_CONTACT",
        "none",
        "How strangers reach you: an e-mail address or a web address, shown on the domain's pages.",
    ),
    Setting(
        "LINKTRACK_ABUSE_CONTACT",
        "LINKTRACK_CONTACT",
        "Where strangers report a link that does harm: an e-mail address or a web address.",
    ),
    Setting(
        "LINKTRACK_CHECK_LINKS",
        "weekly",
        "weekly: destinations of clicked links are asked whether they answer; never: they are not.",
    ),
    Setting(
        "LINKTRACK_LOG",
        "text",
        "text: lines for people; json: one object a line. Addresses and secrets are in neither.",
    ),
    Setting(
        "LINKTRACK_PERSONAL_LINKS",
        "off",
        "on: links may be made for one follower each, who agreed to it; off: none are made.",
    ),
    Setting(
        "LINKTRACK_SYNC_HOURS",
        "24",
        "Hours between two readings of an account on its network; 0: none by itself.",
    ),
    Setting(
        "LINKTRACK_BLUESKY",
        "https://public.api.bsky.app",
        "Address of the AppView that is asked for followers; one set here may be private.",
    ),
    Setting(
        "LINKTRACK_SMTP_URL",
        "none",
        "Server that mails digests, such as smtps://user:password@mail.example.org.",
    ),
    Setting("LINKTRACK_MAIL_TO", "none", "Who gets mailed digests, separated by commas."),
    Setting("LINKTRACK_MAIL_FROM", "the first of LINKTRACK_MAIL_TO", "Sender of mailed digests."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. `data` is absolute; `base_url` has no trailing slash."""

    data: Path
    base_url: str
    database: str
    trusted_proxies: tuple[Network, ...]
    timezone: ZoneInfo
    visitor_period: VisitorPeriod
    journal_sync: JournalSync
    journal_keep_days: int
    doors: tuple[str, ...]
    rate_limit: int
    webhook_networks: tuple[Network, ...]
    personal_links: bool
    sync_hours: int
    bluesky: str
    ignore: tuple[Network, ...] = ()
    keep_days: int | None = None
    geoip: Path | None = None
    contact: str | None = None
    abuse_contact: str | None = None
    check_links: bool = True
    log: LogKind = "text"
    mail: MailServer | None = None

    @property
    def journals(self) -> Path:
        """Folder of the journals, one file per worker process at a time."""
        return self.data / "journals"

    @property
    def journal_keep(self) -> timedelta:
        """For how long a loaded journal file is kept."""
        return timedelta(days=self.journal_keep_days)

    @property
    def base_host(self) -> str:
        """Host of the short links, lower case, without a port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def smtp_url(self) -> str | None:
        """Where digests are mailed through, without the password; None where nowhere."""
        return None if self.mail is None else self.mail.address

    @property
    def mail_to(self) -> tuple[str, ...]:
        """Who gets mailed digests."""
        return () if self.mail is None else self.mail.recipients

    @property
    def mail_from(self) -> str | None:
        """Whom mailed digests come from."""
        return None if self.mail is None else self.mail.sender

    @property
    def is_local(self) -> bool:
        """Whether short links made now work on this machine only."""
        host = self.base_host
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def is_https(self) -> bool:
        """Whether cookies can be marked Secure."""
        return self.base_url.startswith("https://")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this environment.

    Raises `Invalid` naming the setting and the remedy.
    """
    environ = os.environ if environ is None else environ

    def get(name: str, default: str) -> str:
        return environ.get(name, "").strip() or default

    data = Path(get("LINKTRACK_DATA", "data")).expanduser().absolute()
    return Settings(
        data=data,
        base_url=_checked(_base_url, "LINKTRACK_BASE_URL", get),
        database=_database_url(get("LINKTRACK_DATABASE", f"sqlite:///{data / 'linktrack.db'}")),
        trusted_proxies=_checked(_networks, "LINKTRACK_TRUSTED_PROXIES", get),
        timezone=_checked(_timezone, "LINKTRACK_TIMEZONE", get),
        visitor_period=cast(
            "VisitorPeriod",
            _one_of("LINKTRACK_VISITOR_PERIOD", get, ("month", "day", "week", "quarter")),
        ),
        journal_sync=cast(
            "JournalSync", _one_of("LINKTRACK_JOURNAL_SYNC", get, ("background", "always"))
        ),
        ignore=_checked(_networks, "LINKTRACK_IGNORE", get),
        keep_days=_checked(_keep_days, "LINKTRACK_KEEP_DAYS", get),
        geoip=_checked(_geoip, "LINKTRACK_GEOIP", get),
        personal_links=_one_of("LINKTRACK_PERSONAL_LINKS", get, ("off", "on")) == "on",
        journal_keep_days=_checked(_whole, "LINKTRACK_JOURNAL_KEEP_DAYS", get),
        sync_hours=_checked(_whole, "LINKTRACK_SYNC_HOURS", get),
        bluesky=_checked(_base_url, "LINKTRACK_BLUESKY", get),
        doors=_checked(_doors, "LINKTRACK_DOORS", get),
        rate_limit=_checked(_rate, "LINKTRACK_RATE_LIMIT", get),
        webhook_networks=_checked(_networks, "LINKTRACK_WEBHOOK_NETWORKS", get),
        contact=_contact("LINKTRACK_CONTACT", get),
        abuse_contact=_contact("LINKTRACK_ABUSE_CONTACT", get)
        or _contact("LINKTRACK_CONTACT", get),
        check_links=_one_of("LINKTRACK_CHECK_LINKS", get, ("weekly", "never")) == "weekly",
        log=cast("LogKind", _one_of("LINKTRACK_LOG", get, ("text", "json"))),
        mail=mail_server(
            get("LINKTRACK_SMTP_URL", ""),
            get("LINKTRACK_MAIL_FROM", ""),
            get("LINKTRACK_MAIL_TO", ""),
        ),
    )


def in_force(settings: Settings) -> dict[str, str]:
    """Return every setting's value by its name, to be shown; "" where nothing is set.

    What is secret is not in it: a database's password, and settings that are named one.
    """
    return {setting.name: _shown(setting.name, settings) for setting in SETTINGS}


def _shown(name: str, settings: Settings) -> str:
    if name.endswith(("_PASSWORD", "_SECRET", "_TOKEN", "_KEY")):
        return "(not shown)"
    value = getattr(settings, name.removeprefix("LINKTRACK_").lower())
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    # Of an address with a password only what stands around it.
    return re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:(not shown)@", str(value))


T = TypeVar("T")

_NOTHING: Final = (
    "LINKTRACK_TRUSTED_PROXIES",
    "LINKTRACK_IGNORE",
    "LINKTRACK_KEEP_DAYS",
    "LINKTRACK_GEOIP",
)
"""Settings that are empty where they are not set: their defaults in the list are words."""

Get = Callable[[str, str], str]


def _checked(parse: Callable[[str], T], name: str, get: Get) -> T:
    default = next(setting.default for setting in SETTINGS if setting.name == name)
    value = get(name, "" if name in _NOTHING else default)
    try:
        return parse(value)
    except ValueError as error:
        raise Invalid(f"{name} is {value!r}: {error}.") from error


def _one_of(name: str, get: Get, choices: tuple[str, ...]) -> str:
    value = get(name, choices[0])
    if value not in choices:
        raise Invalid(f"{name} is {value!r}: choose one of {', '.join(choices)}.")
    return value


def _contact(name: str, get: Get) -> str | None:
    """Return an address fit for a link: mailto: or http(s)."""
    value = get(name, "")
    if not value:
        return None
    if re.fullmatch(r"[^@\s:/?#<>\"]+@[^@\s:/?#<>\"]+\.[^@\s:/?#<>\"]+", value):
        return f"mailto:{value}"
    if re.fullmatch(r"https?://[^\s<>\"]+", value):
        return value
    raise Invalid(f"{name} is {value!r}: write me@example.org or https://example.org/contact.")


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or not value.isascii():
        raise ValueError("write it like https://go.example.org")
    if parts.path not in ("", "/"):
        raise ValueError("short links stand at the root of a host: leave the path out")
    return value.rstrip("/")


def _database_url(value: str) -> str:
    """Name the driver that is installed: psycopg 3 for PostgreSQL."""
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            return "postgresql+psycopg://" + value.removeprefix(scheme)
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise Invalid(
            "LINKTRACK_DATABASE must begin with sqlite:/// or postgresql://, "
            "such as postgresql://linktrack@localhost/linktrack."
        )
    return value


def _networks(value: str) -> tuple[Network, ...]:
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False)
        for part in value.split(",")
        if part.strip() not in ("", "none")
    )


def _timezone(value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write it like Europe/Berlin") from error


def _whole(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise ValueError("write a whole number, 0 or more")
    if len(value) > 5:
        raise ValueError("at most 99999")
    return int(value)


def _doors(value: str) -> tuple[str, ...]:
    names = [part.strip().casefold() for part in value.split(",") if part.strip()]
    if names == ["none"]:
        return ()
    if not set(names) <= set(DOORS):
        raise ValueError(f"choose among {', '.join(DOORS)}, or none")
    return tuple(dict.fromkeys(names))


def _rate(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value[:9]) < 1_000_000:
        raise ValueError("write a number of requests a minute, from 1 to 999999")
    return int(value[:9])


def _keep_days(value: str) -> int | None:
    if not value:
        return None
    days = _whole(value)
    if days == 0:
        raise ValueError("keep at least one day")
    return days


def _geoip(value: str) -> Path | None:
    if not value:
        return None
    path = Path(value).expanduser().absolute()
    if not path.is_file():
        raise ValueError("there is no such file")
    return path
