"""Settings: read from the environment, checked, and handed on as one frozen value.

Each field of `Settings` says what it is read from. That is the only list: the guide, the page of
settings and backups are checked against it.
"""

import ipaddress
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from linktrack import setting_texts as read
from linktrack.mail import MailServer, mail_server
from linktrack.setting_texts import Setting

VisitorPeriod = Literal["day", "week", "month", "quarter"]
JournalSync = Literal["background", "always"]
LogKind = Literal["text", "json"]
Network: TypeAlias = read.Network

MAIL_NAMES: Final = (
    "LINKTRACK_SMTP_URL",
    "LINKTRACK_MAIL_FROM",
    "LINKTRACK_MAIL_TO",
    "LINKTRACK_SMTP_PASSWORD",
)
"""The settings that are one field together, in the order `mail_server` takes them."""

LOOPBACK: Final[tuple[Network, ...]] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)


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
    clicks: Annotated[str, read.CLICKS]
    node: Annotated[str, read.NODE]
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Setting(
            "LINKTRACK_TRUSTED_PROXIES",
            "loopback, while listening on loopback",
            "Networks whose X-Forwarded-For header is trusted, separated by commas; "
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
            label="Time zone",
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
            "forever",
            "Days for which single clicks are kept; their totals are kept forever.",
            read.days_kept,
            unset="",
            label="Days that single clicks are kept",
        ),
    ]
    geoip: Annotated[
        Path | None,
        Setting(
            "LINKTRACK_GEOIP",
            "none",
            "A MaxMind-format file (.mmdb) that tells the country, or the city, of an address.",
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
            label="Days that loaded journal files are kept",
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
            label="Other shorteners' APIs",
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
            "Networks that are not public and that webhooks and notifications may be sent to, "
            "separated by commas.",
            read.networks,
            unset="",
        ),
    ]
    contact: Annotated[
        str | None,
        Setting(
            "LINKTRACK_CONTACT",
            "none",
            "How strangers reach you: an email address or a web address, "
            "shown on the domain's pages.",
            read.contact,
            unset="",
            label="Contact",
        ),
    ]
    abuse_contact: Annotated[
        str | None,
        Setting(
            "LINKTRACK_ABUSE_CONTACT",
            "LINKTRACK_CONTACT",
            "Where strangers report a link that does harm: an email address or a web address.",
            read.contact,
            unset="",
            label="Contact for abuse",
        ),
    ]
    check_links: Annotated[
        bool,
        Setting(
            "LINKTRACK_CHECK_LINKS",
            "weekly",
            "weekly: check that the destinations of clicked links still work; never: don't check.",
            read.switch("weekly", "never"),
            label="Link checks",
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
            "on: you can make links for single followers who agreed to it; off: you can't.",
            read.switch("on", "off"),
            label="Personal links",
        ),
    ]
    sync_hours: Annotated[
        int,
        Setting(
            "LINKTRACK_SYNC_HOURS",
            "24",
            "Hours between two readings of an account on its network; 0: only when you run "
            "linktrack sync.",
            read.whole_number,
            label="Hours between two syncs",
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
    plc: Annotated[
        str,
        Setting(
            "LINKTRACK_PLC",
            "https://plc.directory",
            "Address of the directory of identities (PLC); one set here, and the servers "
            "it names, may be private.",
            read.base_url,
        ),
    ]
    mail: Annotated[
        MailServer | None,
        Setting(
            "LINKTRACK_SMTP_URL",
            "none",
            "Server that emails digests, such as smtps://user:password@mail.example.org.",
            label="Mail server",
        ),
        Setting(
            "LINKTRACK_SMTP_PASSWORD",
            "none",
            "Password of the mail server, if LINKTRACK_SMTP_URL has none.",
        ),
        Setting(
            "LINKTRACK_MAIL_TO",
            "none",
            "Who gets emailed digests, separated by commas.",
            label="Digests go to",
        ),
        Setting(
            "LINKTRACK_MAIL_FROM",
            "the first of LINKTRACK_MAIL_TO",
            "Sender of emailed digests.",
            label="Sender",
        ),
    ]
    smtp_password_host: Annotated[
        str,
        Setting(
            "LINKTRACK_SMTP_PASSWORD_HOST",
            "none",
            "The mail server, chosen on a page, that may be given LINKTRACK_SMTP_PASSWORD.",
            str.lower,
            unset="",
        ),
    ]
    oidc: Annotated[read.Provider | None, read.OIDC]
    in_environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The texts of the settings that the environment has, by their names. Some are secret."""

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
    for part in getattr(hint, "__metadata__", ())
    for setting in (part if isinstance(part, tuple) else (part,))
)
"""Every setting, in the order of the documentation."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this environment.

    Raises `Invalid` naming the setting and the remedy.
    """
    environ = os.environ if environ is None else environ
    texts = {setting.name: environ.get(setting.name, "").strip() for setting in SETTINGS}
    for setting in SETTINGS:
        setting.check(texts[setting.name])
    values: dict[str, Any] = values_of(texts, SETTINGS)  # what each is, its parser says
    values["database"] = values["database"] or f"sqlite:///{values['data'] / 'linktrack.db'}"
    read.check_clicks(values["clicks"], values["database"])
    values["abuse_contact"] = values["abuse_contact"] or values["contact"]
    return Settings(**values, in_environment={name: text for name, text in texts.items() if text})


def values_of(texts: Mapping[str, str], settings: Iterable[Setting]) -> dict[str, object]:
    """Return the values of these settings' fields; what has no text has its default.

    Raises `Invalid` naming the setting and the remedy.
    """
    settings = tuple(settings)
    values = {
        setting.field: setting.value(texts.get(setting.name, ""))
        for setting in settings
        if setting.name not in (*MAIL_NAMES, *read.OIDC_NAMES)
    }
    names = {setting.name for setting in settings}
    if names & set(MAIL_NAMES):
        values["mail"] = mail_server(*(texts.get(name, "") for name in MAIL_NAMES))
    if names & set(read.OIDC_NAMES):
        values["oidc"] = read.provider(texts)
    return values


def in_force(settings: Settings) -> dict[str, str]:
    """Return every setting's value by its name, to be shown; "" if nothing is set.

    What is secret is not in it: the passwords of the database and of the mail server, and the
    provider's secret.
    """
    mail = settings.mail
    together: dict[str, object] = dict.fromkeys(MAIL_NAMES)
    if mail is not None:
        hidden = "(not shown)" if mail.password else ""
        shown = (mail.address, mail.sender, mail.recipients, hidden)
        together = dict(zip(MAIL_NAMES, shown, strict=True))
    together |= read.provider_shown(settings.oidc)
    values = {setting.name: getattr(settings, setting.field, None) for setting in SETTINGS}
    return {name: read.shown(value) for name, value in (values | together).items()}
