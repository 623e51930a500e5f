"""Sending a text by mail: where to, from the settings, and the sending itself."""

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.policy import default
from email.utils import localtime
from typing import Final
from urllib.parse import unquote, urlsplit

from linktrack.errors import Invalid, Unavailable

PATIENCE: Final = 30
"""Seconds that the mail server may take for each answer."""

LONGEST_ADDRESS: Final = 254  # RFC 5321
LONGEST_LINE: Final = 998  # characters (RFC 5322)
PORTS: Final = {"smtp": 587, "smtps": 465}
_ADDRESS: Final = re.compile(r"[^\s@<>(),;:\"\\]+@[^\s@<>(),;:\"\\]+")
_EXAMPLE: Final = "write it like smtps://user:password@mail.example.org"


class Unreached(Unavailable):
    """The mail server couldn't be connected to, or let nobody in: it was given nothing."""


class Deferred(Unreached):
    """The mail server said to try again later: it didn't take the mail."""


class Untaken(Unavailable):
    """The mail server said that it does not take the mail: it was not sent."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail, the sender, and who gets it. The password is never shown.

    `is_tls`: TLS from the first byte; else STARTTLS. `user` "": no sign-in.
    """

    host: str
    port: int
    is_tls: bool
    user: str
    password: str = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    @property
    def address(self) -> str:
        """The server's address, without the password."""
        user = f"{self.user}@" if self.user else ""
        return f"{'smtps' if self.is_tls else 'smtp'}://{user}{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that nobody can listen in between."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def mail_server(url: str, sender: str, recipients: str, password: str = "") -> MailServer | None:
    """Return the server that LINKTRACK_SMTP_URL, _MAIL_FROM and _MAIL_TO name; None without an URL.

    `password` is used if the URL has none. Raises `Invalid` with a sentence that does not repeat
    the URL: it holds a password.
    """
    addresses = tuple(_addresses("LINKTRACK_MAIL_TO", recipients))
    senders = tuple(_addresses("LINKTRACK_MAIL_FROM", sender))
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"LINKTRACK_SMTP_URL isn't an address: {_EXAMPLE}.") from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Invalid(
            f"LINKTRACK_SMTP_URL must be smtp:// or smtps:// and a server: {_EXAMPLE}. In user and "
            "password write %40 for @, %3A for : and %2F for /."
        )
    if not addresses:
        raise Invalid(
            "LINKTRACK_SMTP_URL is set, and LINKTRACK_MAIL_TO is not: say who gets email."
        )
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or "") or password,
        sender=(senders or addresses)[0],
        recipients=addresses,
    )


def check_address(address: str) -> None:
    """Raise `Invalid` for what is no mail address."""
    if not _ADDRESS.fullmatch(address) or len(address) > LONGEST_ADDRESS:
        raise Invalid(f"{address[:100]!r} is not an email address: write it like you@example.org.")


def to_one(server: MailServer, address: str) -> MailServer:
    """Return the server with one recipient instead of its own; raises `Invalid`."""
    check_address(address)
    return replace(server, recipients=(address,))


def send(
    server: MailServer,
    subject: str,
    text: str,
    *,
    message_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a plain text to all recipients; two mails with one `message_id` are the same mail.

    The connection is encrypted and the certificate checked; on this machine neither must be.
    Raises `Unavailable` if the server does not take it: `Unreached` where it was given nothing,
    or (`Deferred`) said to try again, `Untaken` where it said no. In any other case it may have
    the mail, and has not answered.
    """
    import smtplib

    if server.user and not server.password:
        raise Unreached(
            f"There is no password for {server.host}: set LINKTRACK_SMTP_PASSWORD in the "
            f"environment, and LINKTRACK_SMTP_PASSWORD_HOST to {server.host}."
        )
    # A header that is longer than a line would be encoded, and no program reads addresses so.
    message = EmailMessage(default.clone(max_line_length=LONGEST_LINE) if headers else default)
    message["Subject"], message["From"] = subject, server.sender
    message["To"] = ", ".join(server.recipients)
    message["Date"] = localtime()
    if message_id:
        message["Message-ID"] = f"<{message_id}>"
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    context = ssl.create_default_context()
    if server.is_local:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = (server.host, server.port)
    failure: type[Unavailable] = Unreached
    try:
        with (
            smtplib.SMTP_SSL(*where, timeout=PATIENCE, context=context)
            if server.is_tls
            else smtplib.SMTP(*where, timeout=PATIENCE)
        ) as connection:
            connection.ehlo()
            if not server.is_tls and (not server.is_local or connection.has_extn("starttls")):
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            failure = Unavailable
            connection.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        answered = _answered(error)
        if answered and failure is Unavailable:
            failure = Deferred if 400 <= answered < 500 else Untaken
        reason = _reason(error)
        raise failure(
            f"The mail server {server.host}:{server.port} did not take the email: {reason}. See "
            "LINKTRACK_SMTP_URL, LINKTRACK_MAIL_FROM and LINKTRACK_MAIL_TO."
        ) from error


def _answered(error: Exception) -> int | None:
    """Return the status with which the server refused a mail; None where it gave none."""
    import smtplib

    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(status for status, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _reason(error: Exception) -> str:
    """Return what the server said in one line; none of the errors repeats a password."""
    import smtplib

    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "it refused the user name and password"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(map(str, error.recipients))}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {' '.join(told.split())}"
    return " ".join(str(error).split()).rstrip(".") or "it gave no reason"


def _addresses(name: str, written: str) -> list[str]:
    """Return the addresses of a list with commas; raises `Invalid`."""
    addresses = [part.strip() for part in written.split(",") if part.strip()]
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise Invalid(f"{name} has {address!r}: write you@example.org.")
    return addresses
