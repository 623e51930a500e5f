"""The ways a message goes: a signed request to a program, mail, or Apprise."""

import json
from dataclasses import dataclass
from typing import Final

from linktrack import __version__
from linktrack.errors import LinktrackError
from linktrack.mail import MailServer, send, to_one
from linktrack.outside.addresses import Network
from linktrack.outside.errors import NotPublic, Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.messenger import send_message
from linktrack.outside.visit import Limits, ask
from linktrack.webhooks.addresses import REMEDY

NO_SERVER: Final = "No mail server is set: choose one on the page Server."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt, and what is shown of it."""

    is_delivered: bool
    said: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person reads."""

    title: str
    text: str

    @classmethod
    def of(cls, body: str) -> "Letter":
        """Read it from the body of a delivery."""
        data = json.loads(body)["data"]
        return cls(str(data["title"]), str(data["text"]))


def post(url: str, headers: dict[str, str], body: str, limits: Limits, guard: Guard) -> Outcome:
    """Send a message to a program; return what came of it, in words that its owner reads.

    A redirect is an answer like another, and is not followed.
    """
    headers = {
        **headers,
        "Content-Type": "application/json",
        "User-Agent": f"linktrack/{__version__} (webhook)",
    }
    try:
        answer = ask("POST", url, headers=headers, body=body.encode(), limits=limits, guard=guard)
    except NotPublic as error:
        return Outcome(False, f"{error.sentence.removesuffix('.')}: {REMEDY}")
    except Unanswered as error:
        return Outcome(False, error.sentence)
    return Outcome(200 <= answer.status < 300, f"status {answer.status}")


def mail(server: MailServer | None, address: str, body: str, message_id: str) -> Outcome:
    """Mail a message; one that is sent again has the same `message_id` as before."""
    if server is None:
        return Outcome(False, NO_SERVER)
    letter = Letter.of(body)
    try:
        send(to_one(server, address), letter.title, letter.text, message_id=message_id)
    except LinktrackError as error:
        return Outcome(False, error.sentence)
    return Outcome(True, "mailed")


def message(url: str, body: str, allowed: tuple[Network, ...]) -> Outcome:
    """Send a message by Apprise; its address appears in no outcome."""
    letter = Letter.of(body)
    sent = send_message(url, letter.title, letter.text, allowed)
    return Outcome(sent.is_sent, sent.said)
