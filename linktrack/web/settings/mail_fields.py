"""The address of a mail server as four fields of a form, and back."""

from urllib.parse import quote, unquote, urlsplit

from linktrack.mail import PORTS
from linktrack.web.forms import Sent


def server_address(sent: Sent) -> str:
    """Return the address of the mail server that four fields name, "" without one."""
    host = sent.text("host", "The server")
    if not host:
        return ""
    scheme = "smtps" if sent.text("security", "The encryption") == "smtps" else "smtp"
    user, port = sent.text("user", "The user name"), sent.whole("port", "The port")
    before = f"{quote(user, safe='')}@" if user else ""
    behind = "" if port is None or port == PORTS[scheme] else f":{port}"
    return f"{scheme}://{before}{host}{behind}"


def server_fields(address: str) -> dict[str, str]:
    """Return the four fields of a mail server's address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return {"host": address}
    return {
        "host": parts.hostname or "",
        "security": parts.scheme or "smtps",
        "user": unquote(parts.username or ""),
        "port": str(port or PORTS.get(parts.scheme, PORTS["smtps"])),
    }
