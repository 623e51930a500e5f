"""Settings: read once from the environment, checked, and handed on as one frozen value.

Each field of `Settings` says what it is read from. That is the only list: the guide, the page of
settings and backups are checked against it.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from linktrack import setting_texts as read
from linktrack.errors import Invalid
from linktrack.mail import MailServer, mail_server

VisitorPeriod = Literal["day", "week", "month", "quarter"]
JournalSync = Literal["background", "always"]
LogKind = Literal["text", "json"]
Network: TypeAlias = read.Network

LOOPBACK: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the documentation shows it, and how its text becomes a value.

    `parse` raises `ValueError` with the remedy. `unset` is what is parsed where the environment
    has nothing: None if that is the default, which is then no description in words.
    """

    name: str
    default: str
    meaning: str
    parse: Callable[[str], object] = str
    unset: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. `data` is absolute; `base_url` has no trailing slash."""

    data: Annotated[
        Path,
        Setting(
            "LINKTRACK_DATA",
            "./data",
            "Folder for the database, the journals and the keys.",
            read.folder,
        ),
    ]
    base_url: Annotated[
        str,
        Setting(
            "LINKTRACK_BASE_URL",
            "http://127.0.0.1:8000",
            "Address that short links begin with, such as https://go.example.org.",
            read.base_url,
        ),
    ]
    database: Annotated[
        str,
        Setting(
            "LINKTRACK_DATABASE",
            "SQLite in LINKTRACK_DATA",
            "Database address, such as postgresql://user@host/linktrack.",
            read.database_url,
            unset="",
        ),
    ]
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Setting(
            "LINKTRACK_TRUSTED_PROXIES",
            "loopback, while listening on loopback",
            "Networks whose X-Forwarded-For header is believed, separated by commas; "
            "unix: a proxy that connects to a Unix socket.",
            read.proxies,
            unset="",
        ),
    ]
    timezone: Annotated[
        ZoneInfo,
        Setting(
            "LINKTRACK_TIMEZONE",
            "UTC",
            "Time zone in which a day begins, such as Europe/Berlin.",
            read.timezone,
        ),
    ]
    visitor_period: Annotated[
        VisitorPeriod,
        Setting(
            "LINKTRACK_VISITOR_PERIOD",
            "month",
            "How long one visitor stays one visitor: day, week, month or quarter.",
            read.one_of(VisitorPeriod),
        ),
    ]
    ignore: Annotated[
        tuple[Network, ...],
        Setting(
            "LINKTRACK_IGNORE",
            "none",
            "Networks of your own, whose clicks are not counted, separated by commas.",
            read.networks,
            unset="",
        ),
    ]
    keep_days: Annotated[
        int | None,
        Setting(
            "LINKTRACK_KEEP_DAYS",
            "for ever",
            "Days for which single clicks are kept; their sums are kept for ever.",
            read.days_kept,
            unset="",
        ),
    ]
    geoip: Annotated[
        Path | None,
        Setting(
            "LINKTRACK_GEOIP",
            "none",
            "A MaxMind-format file (.mmdb) that tells the country of an address.",
            read.existing_file,
            unset="",
        ),
    ]
    journal_sync: Annotated[
        JournalSync,
        Setting(
            "LINKTRACK_JOURNAL_SYNC",
            "background",
            "background: a power cut can take the last 50 ms of clicks; always: none, but slower.",
            read.one_of(JournalSync),
        ),
    ]
    journal_keep_days: Annotated[
        int,
        Setting(
            "LINKTRACK_JOURNAL_KEEP_DAYS",
            "7",
            "Days for which a loaded journal file is kept, "
            "so that a restored backup can replay it.",
            read.whole_number,
        ),
    ]
    doors: Annotated[
        tuple[str, ...],
        Setting(
            "LINKTRACK_DOORS",
            "none",
            "Other shorteners' APIs that are answered, separated by commas: yourls, shlink, kutt,"
            " dub.",
            read.doors,
            unset="",
        ),
    ]
    rate_limit: Annotated[
        int,
        Setting(
            "LINKTRACK_RATE_LIMIT",
            "600",
            "Requests a minute that one token gets, over all web processes of a machine.",
            read.rate,
        ),
    ]
    webhook_networks: Annotated[
        tuple[Network, ...],
        Setting(
            "LINKTRACK_WEBHOOK_NETWORKS",
            "none",
            "Networks that are not public and that webhooks may be sent to, separated by commas.",
            read.networks,
            unset="",
        ),
    ]
    contact: Annotated[
        str | None,
        Setting(
            "LINKTRACK_CONTACT",
            "none",
            "How strangers reach you: an e-mail address or a web address, "
            "shown on the domain's pages.",
            read.contact,
            unset="",
        ),
    ]
    abuse_contact: Annotated[
        str | None,
        Setting(
            "LINKTRACK_ABUSE_CONTACT",
            "LINKTRACK_CONTACT",
            "Where strangers report a link that does harm: an e-mail address or a web address.",
            read.contact,
            unset="",
        ),
    ]
    check_links: Annotated[
        bool,
        Setting(
            "LINKTRACK_CHECK_LINKS",
            "weekly",
            "weekly: destinations of clicked links are asked whether they answer; "
            "never: they are not.",
            read.switch("weekly", "never"),
        ),
    ]
    log: Annotated[
        LogKind,
        Setting(
            "LINKTRACK_LOG",
            "text",
            "text: lines for people; json: one object a line. "
            "Addresses and secrets are in neither.",
            read.one_of(LogKind),
        ),
    ]
    personal_links: Annotated[
        bool,
        Setting(
            "LINKTRACK_PERSONAL_LINKS",
            "off",
            "on: links may be made for one follower each, who agreed to it; off: none are made.",
            read.switch("on", "off"),
        ),
    ]
    sync_hours: Annotated[
        int,
        Setting(
            "LINKTRACK_SYNC_HOURS",
            "24",
            "Hours between two readings of an account on its network; 0: none by itself.",
            read.whole_number,
        ),
    ]
    bluesky: Annotated[
        str,
        Setting(
            "LINKTRACK_BLUESKY",
            "https://public.api.bsky.app",
            "Address of the AppView that is asked for followers; one set here may be private.",
            read.base_url,
        ),
    ]
    mail: Annotated[
        MailServer | None,
        Setting(
            "LINKTRACK_SMTP_URL",
            "none",
            "Server that mails digests, such as smtps://user:password@mail.example.org.",
        ),
        Setting("LINKTRACK_MAIL_TO", "none", "Who gets mailed digests, separated by commas."),
        Setting(
            "LINKTRACK_MAIL_FROM", "the first of LINKTRACK_MAIL_TO", "Sender of mailed digests."
        ),
    ]

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


SETTINGS: Final[tuple[Setting, ...]] = tuple(
    setting
    for hint in get_type_hints(Settings, include_extras=True).values()
    for setting in getattr(hint, "__metadata__", ())
)
"""Every setting, in the order of the documentation."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this environment.

    Raises `Invalid` naming the setting and the remedy.
    """
    environ = os.environ if environ is None else environ
    texts = {setting.name: environ.get(setting.name, "").strip() for setting in SETTINGS}
    for name, text in texts.items():
        try:
            read.unquoted(text)
        except ValueError as error:  # not repeated: it may hold a password
            raise Invalid(f"{name} can't be read: {error}.") from error
    values: dict[str, Any] = {  # what each field is, the parser of its setting says
        _field(setting): _parsed(setting, texts[setting.name])
        for setting in SETTINGS
        if setting.name not in _MAIL
    }
    values["database"] = values["database"] or f"sqlite:///{values['data'] / 'linktrack.db'}"
    values["abuse_contact"] = values["abuse_contact"] or values["contact"]
    values["mail"] = mail_server(*(texts[name] for name in _MAIL))
    return Settings(**values)


_MAIL: Final = ("LINKTRACK_SMTP_URL", "LINKTRACK_MAIL_FROM", "LINKTRACK_MAIL_TO")
"""The settings that are one field together, in the order `mail_server` takes them."""


def _field(setting: Setting) -> str:
    return setting.name.removeprefix("LINKTRACK_").lower()


def _parsed(setting: Setting, text: str) -> object:
    value = text or (setting.default if setting.unset is None else setting.unset)
    try:
        return setting.parse(value)
    except ValueError as error:
        raise Invalid(f"{setting.name} is {value!r}: {error}.") from error


def in_force(settings: Settings) -> dict[str, str]:
    """Return every setting's value by its name, to be shown; "" if nothing is set.

    What is secret is not in it: the passwords of the database and of the mail server.
    """
    mail = settings.mail
    of_mail: Mapping[str, object] = dict.fromkeys(_MAIL)
    if mail is not None:
        of_mail = dict(zip(_MAIL, (mail.address, mail.sender, mail.recipients), strict=True))
    return {
        setting.name: _shown(
            of_mail[setting.name] if setting.name in _MAIL else getattr(settings, _field(setting))
        )
        for setting in SETTINGS
    }


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join("unix" if each == read.UNIX else str(each) for each in value)
    # Of an address with a password, only the parts around it.
    around = re.sub(r"(?<=://)([^/@:]*):.*@", r"\1:(not shown)@", str(value))
    return re.sub(r"(?i)(?<=[?&]password=)[^&#]*", "(not shown)", around)
