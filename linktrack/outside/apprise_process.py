"""One message by Apprise, in a process of its own, which `messenger.py` starts.

Apprise and what it uses open connections as they like. Python tells of each before it is made
(PEP 578), by the address it goes to and not by a name, and a hook cannot be taken off again: so
what is not allowed is refused, whichever library asks. Neither are other processes, files that are
not Python's, and servers of our own.
"""

import ipaddress
import json
import logging
import mimetypes
import os
import re
import sys
import sysconfig
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

import linktrack
from linktrack.outside.addresses import Network, is_allowed

if TYPE_CHECKING:
    from linktrack.outside.messenger import Order, Report

LOCAL: Final = {
    *("syslog", "dbus", "kde", "qt", "glib", "gnome", "windows", "macosx", "blink1"),
    *("mailto", "mailtos"),  # mail goes by our own mail server
}
"""Schemes that nobody far away hears."""

NEVER: Final = (
    *("socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"),
    *("os.forkpty", "os.startfile", "syslog.openlog", "syslog.syslog", "os.remove", "os.rename"),
)
_REACHING: Final = ("socket.connect", "socket.sendto", "socket.sendmsg")
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_STATUS: Final = re.compile(r"\berror\s*[=:]\s*(\d{3})\b")


class Watch:
    """Refuses what the process may not do, and remembers the address that was refused."""

    def __init__(self, named: Sequence[Network]) -> None:
        self.refused: str | None = None
        self._named = tuple(named)
        libraries = [path for path in sys.path if path.endswith("-packages")]
        folders = [*sysconfig.get_paths().values(), *libraries, linktrack.__path__[0]]
        self._read = tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in folders)
        self._known = {*mimetypes.knownfiles, os.devnull, "/dev/urandom"}

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Judge an event; raises `PermissionError`, as a system that refuses does."""
        if event in _REACHING:
            self._check_address(arguments[1])
        elif event == "open":
            self._check_file(arguments)
        elif event in NEVER:
            raise PermissionError(f"{event} is not allowed")

    def _check_address(self, address: object) -> None:
        if address is None:  # of a socket that is connected already
            return
        host = address[0] if isinstance(address, tuple) and address else None
        try:
            found = ipaddress.ip_address(str(host).partition("%")[0])
        except ValueError:  # of a Unix socket, or a name that would be looked up unseen
            raise PermissionError("not an address of the internet") from None
        if not is_allowed(found, self._named):
            self.refused = str(found)
            raise PermissionError("not a public address")

    def _check_file(self, arguments: tuple[object, ...]) -> None:
        path, _, flags = arguments
        if isinstance(path, int):
            return
        text = os.fsdecode(cast("str | bytes", path))
        is_ours = text in self._known or os.path.realpath(text).startswith(self._read)
        if not is_ours or (isinstance(flags, int) and flags & _WRITING and text != os.devnull):
            raise PermissionError("not a file of this process")


class Statuses(logging.Handler):
    """Takes the status of a refusal from what Apprise says, and nothing else: it names secrets."""

    status: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line."""
        found = _STATUS.search(record.getMessage())
        if found is not None:
            self.status = int(found[1])


def carry_out(order: "Order") -> "Report":
    """Send a message, or read its address where there is no text."""
    import apprise
    import requests  # noqa: F401 - read before files are watched

    statuses = Statuses()
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [statuses], False
    named = [ipaddress.ip_network(network) for network in order["networks"]]
    watch = Watch(named)
    sys.addaudithook(watch)
    scheme = order["url"].partition(":")[0].casefold()
    report: Report = {
        "service": None,
        "local": scheme in LOCAL,
        "sent": False,
        "refused": None,
        "status": None,
    }
    asset = apprise.AppriseAsset(async_mode=False, app_id="linktrack", app_desc="linktrack")
    target = None
    if not report["local"]:
        target = apprise.Apprise.instantiate(order["url"], asset=asset, suppress_exceptions=True)
    if target is None:
        return report
    report["service"] = str(target.service_name)
    host = getattr(target, "host", None)
    try:
        literal = ipaddress.ip_address(str(host).strip("[]"))
    except ValueError:
        literal = None
    if literal is not None and not is_allowed(literal, named):
        report["refused"] = str(literal)
    elif order["text"]:
        target.overflow_mode = apprise.OverflowMode.SPLIT
        sender = apprise.Apprise(asset=asset)
        sender.add(target)
        sent = sender.notify(body=order["text"], title=order["title"], body_format="text")
        report |= {"sent": bool(sent), "refused": watch.refused, "status": statuses.status}
    return report


if __name__ == "__main__":
    sys.stdout.write(json.dumps(carry_out(json.load(sys.stdin))))
