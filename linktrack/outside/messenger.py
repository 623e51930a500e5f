"""Messages to chat services by Apprise, which brings its own HTTP and speaks to 170 services.

It runs in a process of its own for each message (`apprise_process.py`), so that it can be stopped,
keeps nothing in memory, and reaches only what `addresses.is_allowed` lets it. An address holds
secrets: it goes there by standard input, and nothing that Apprise says of it comes back.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from linktrack.errors import Invalid
from linktrack.outside.addresses import Network

SECONDS: Final = 30.0
"""How long one message may take, with the start of the process: about a second of it."""

LONGEST: Final = 2_000  # characters of an address
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")
"""What the process gets of our environment: no setting of ours, no proxy, no home."""


class Order(TypedDict):
    """What the process is to do; without a text it only reads the address."""

    url: str
    title: str
    text: str
    networks: list[str]


class Report(TypedDict):
    """What came of it: the service, None where Apprise doesn't know the address."""

    service: str | None
    local: bool
    sent: bool
    refused: str | None
    status: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether a message was taken, and what is shown of it."""

    is_sent: bool
    said: str


def service_of(url: str, allowed: Sequence[Network] = ()) -> str:
    """Return the name of the service of an Apprise address; raises `Invalid`.

    Nothing is sent. Only an address of numbers is judged now: the one that a name stands for is
    when something is sent.
    """
    if len(url) > LONGEST:
        raise Invalid(f"The address is too long: at most {LONGEST:,} characters.")
    report = _run(url, "", "", allowed, SECONDS)
    if report is None:
        raise Invalid("The address couldn't be read in time: try again.")
    if report["local"]:
        raise Invalid("That service shows messages on this machine, where nobody sees them.")
    if report["refused"] is not None:
        raise Invalid(_private(report["refused"]))
    if report["service"] is None:
        raise Invalid(
            "Apprise doesn't know this address: its list says how a service's address is written "
            "(https://appriseit.com/services/)."
        )
    return report["service"]


def send_message(
    url: str, title: str, text: str, allowed: Sequence[Network] = (), seconds: float = SECONDS
) -> Sent:
    """Send a message; whatever goes wrong is said, without the address."""
    report = _run(url, title, text, allowed, seconds)
    if report is None:
        return Sent(False, f"It took longer than {seconds:.0f} seconds.")
    if report["sent"]:
        return Sent(True, "sent")
    if report["refused"] is not None:
        return Sent(False, _private(report["refused"]))
    if report["service"] is None or report["local"]:
        return Sent(False, "Apprise no longer knows this address: remove it and add it again.")
    if report["status"] is not None:
        return Sent(False, f"The service answered with status {report['status']}.")
    return Sent(False, "The service could not be reached, or did not take it.")


def _private(address: str) -> str:
    return (
        f"{address} is not a public address: name its network in LINKTRACK_WEBHOOK_NETWORKS if it "
        "is to be reached."
    )


def _run(
    url: str, title: str, text: str, allowed: Sequence[Network], seconds: float
) -> Report | None:
    """Let a process carry out an order; None if it took too long."""
    order: Order = {"url": url, "title": title, "text": text, "networks": [*map(str, allowed)]}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "linktrack.outside.apprise_process"],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(os.environ),
            cwd="/",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    nothing: Report = {
        "service": None, "local": False, "sent": False, "refused": None, "status": None,
    }  # fmt: skip
    try:
        return {**nothing, **json.loads(done.stdout)}
    except ValueError:  # it broke off
        return {**nothing, "service": "unknown"}


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    kept = {name: ours[name] for name in _KEPT if name in ours}
    paths = [path for path in sys.path if path]
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
