"""Settings that are chosen while linktrack runs, and stored in the database.

Those with a `label` may be: what no process needs before it has a database, and no secret. The
environment wins over them. Every process reads them again by itself (`Installation.keep_up`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import Engine, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from linktrack.db import Base
from linktrack.errors import Conflict, Invalid, LinktrackError, NotFound, Unconfirmed
from linktrack.owners.audit import note
from linktrack.setting_texts import Setting
from linktrack.settings import MAIL_NAMES, SETTINGS, Settings, in_force, values_of

STORABLE: Final[Mapping[str, Setting]] = {
    setting.name: setting for setting in SETTINGS if setting.label is not None
}
"""The settings that may be stored, by their names."""

LONGEST: Final = 500
"""Characters of a value."""

Source = Literal["environment", "stored", "default"]

_SMTP_URL: Final = "LINKTRACK_SMTP_URL"
_PASSWORD: Final = Invalid(
    "LINKTRACK_SMTP_URL has a password, and passwords aren't stored with the settings: leave it "
    "out, and set LINKTRACK_SMTP_PASSWORD and LINKTRACK_SMTP_PASSWORD_HOST in the environment."
)


class StoredSetting(Base):
    """The text of one setting, by its name."""

    __tablename__ = "stored_settings"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(LONGEST))


_STORED: Final = select(StoredSetting.name, StoredSetting.value)  # made once: every page asks it


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting, its value now ("" if nothing is set), and where that comes from."""

    setting: Setting
    value: str
    source: Source


def read_stored(engine: Engine) -> dict[str, str]:
    """Return the texts that are stored, by the names of their settings."""
    with engine.connect() as connection:
        return {row.name: row.value for row in connection.execute(_STORED)}


def with_stored(settings: Settings, stored: Mapping[str, str]) -> Settings:
    """Return an environment's settings with what is stored, as far as the environment is silent.

    A stored text that can no longer be read (say, of a newer linktrack) counts as none.
    """
    texts = {name: text for name, text in stored.items() if not wrong_with(settings, name, text)}
    try:
        return _applied(settings, texts)
    except LinktrackError:  # each can be read, and yet they don't fit together: those of mail
        return _applied(
            settings, {name: text for name, text in texts.items() if name not in MAIL_NAMES}
        )


def wrong_with(settings: Settings, name: str, text: str) -> str | None:
    """Say why a stored setting isn't used; None if it is."""
    setting = STORABLE.get(name)
    if setting is None:
        return f"{name} isn't a setting that can be stored."
    if name in settings.in_environment:
        return f"{name} is also set in the environment, which wins."
    try:
        _check(setting, text)
    except LinktrackError as error:
        return error.sentence
    return None


def _check(setting: Setting, text: str) -> None:
    """Raise `Invalid` if a text can't be stored for a setting."""
    if len(text) > LONGEST:
        raise Invalid(f"{setting.name} is too long: at most {LONGEST} characters.")
    setting.check(text)
    if setting.name == _SMTP_URL:
        try:
            has_password = urlsplit(text).password is not None
        except ValueError:
            has_password = "@" in text
        if has_password:
            raise _PASSWORD
    elif setting.name not in MAIL_NAMES:
        setting.value(text)


def _applied(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """Return settings with these texts; raises `Invalid`."""
    changed = [STORABLE[name] for name in texts if name not in MAIL_NAMES]
    if any(name in texts for name in MAIL_NAMES):
        changed += [setting for setting in SETTINGS if setting.name in MAIL_NAMES]
    values: dict[str, Any] = values_of(_trusted(settings, texts), changed)
    if "contact" in values and not {"LINKTRACK_ABUSE_CONTACT"} & {*settings.in_environment, *texts}:
        values["abuse_contact"] = values["contact"]
    return replace(settings, **values) if values else settings


def _trusted(settings: Settings, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the environment's texts and these; the password of mail only for the host it is for.

    Else whoever signs in could choose a server of their own, and be given it.
    """
    merged = {**settings.in_environment, **texts}
    stored = texts.get(_SMTP_URL)
    if stored is not None and _host_of(stored) != settings.smtp_password_host:
        merged.pop("LINKTRACK_SMTP_PASSWORD", None)
    return merged


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def setting_named(name: str) -> Setting:
    """Return a setting by its name, which may be written as keep-days. Raises `NotFound`."""
    wanted = name.strip().upper().replace("-", "_").removeprefix("LINKTRACK_")
    for setting in SETTINGS:
        if setting.name == f"LINKTRACK_{wanted}":
            return setting
    raise NotFound(f"There is no setting {name[:60]}: linktrack setting list names them all.")


def setting_lines(settings: Settings, stored: Mapping[str, str]) -> list[SettingLine]:
    """Return every setting; `settings` are those in force. No secret is shown."""
    values = in_force(settings)

    def source(name: str) -> Source:
        if name in settings.in_environment:
            return "environment"
        used = name in stored and wrong_with(settings, name, stored[name]) is None
        return "stored" if used else "default"

    return [
        SettingLine(setting, values[setting.name], source(setting.name)) for setting in SETTINGS
    ]


def change_settings(
    session: Session,
    settings: Settings,
    changes: Mapping[str, str],
    now: datetime,
    *,
    confirmed: bool = False,
) -> list[str]:
    """Store these texts under their settings' names, all or none; "" brings a default back.

    `settings` are the environment's. Returns the names of those that are other ones now; each is in
    the activity log. Raises `Invalid` as the environment's settings do, and for one that only the
    environment can set; `Conflict` for one that the environment has set; `Unconfirmed` if single
    clicks would be deleted, unless that is `confirmed`.
    """
    stored = {row.name: row for row in session.scalars(select(StoredSetting))}
    before = {name: row.value for name, row in stored.items()}
    wanted = {name: text.strip() for name, text in changes.items()}
    wanted = {name: text for name, text in wanted.items() if text != before.get(name, "")}
    for name, text in wanted.items():
        _check_may_be_stored(setting_named(name))
        if text:
            _check_free(settings, name)
            _check(STORABLE[name], text)
    after = {name: text for name, text in {**before, **wanted}.items() if text}
    usable = {n: text for n, text in after.items() if wrong_with(settings, n, text) is None}
    _applied(settings, usable)
    if not confirmed:
        _check_keeps(with_stored(settings, before), with_stored(settings, after))
    for name, text in wanted.items():
        _store(session, stored.get(name), name, text, now)
    return list(wanted)


def _check_may_be_stored(setting: Setting) -> None:
    if setting.name not in STORABLE:
        raise Invalid(f"{setting.name} can only be set in the environment.")


def _check_free(settings: Settings, name: str) -> None:
    if name in settings.in_environment:
        raise Conflict(f"{name} is set in the environment, which wins: change it there.")


def _check_keeps(before: Settings, after: Settings) -> None:
    """Raise `Unconfirmed` if clicks are kept for a shorter time than before."""
    days = after.keep_days
    if days is not None and (before.keep_days is None or days < before.keep_days):
        older = f"{days} {'day' if days == 1 else 'days'}"
        raise Unconfirmed(
            f"Single clicks older than {older} would be deleted for good within an hour; totals "
            "stay. Confirm it: tick the box, or add --yes to the command."
        )


def _store(
    session: Session, row: StoredSetting | None, name: str, text: str, now: datetime
) -> None:
    label = STORABLE[name].label
    if text and row is None:
        session.add(StoredSetting(name=name, value=text))
    elif text and row is not None:
        row.value = text
    elif row is not None:
        session.delete(row)
    session.flush()
    what = f"to {text}" if text else "back to its default"
    note(session, f"Changed the setting “{label}” {what}.", now)
