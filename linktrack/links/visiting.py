"""Visit a public address to see whether it answers, and read its page."""

from dataclasses import dataclass
from typing import Final

from linktrack.outside.addresses import Judge, is_public
from linktrack.outside.errors import (
    NotPublic,
    TooLate,
    TooManyRedirects,
    Unanswered,
    UnknownName,
    Untrusted,
)
from linktrack.outside.finding import Guard
from linktrack.outside.visit import Limits, ask

SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 5
DEAD: Final = {404: "Not found", 410: "Gone", 451: "Withheld for legal reasons"}


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit found: `problem` is a sentence, or None where somebody may read the page.

    `is_refused` says that nothing was asked, since the address is private.
    """

    problem: str | None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What stood at an address in the end: `address` is that of the last redirect.

    `kind` is the whole Content-Type header; `body` is cut where it was longer than asked for.
    """

    address: str
    kind: str
    body: bytes


class UnreadableError(Exception):
    """Nothing could be read; the message is a sentence for people."""


def read(
    destination: str, agent: str, accept: str, most: int, allowed: Judge = is_public
) -> Content:
    """Return the content at an address: at most `most` bytes, within 10 seconds.

    Raises `UnreadableError`, whatever the far side does.
    """
    limits = Limits(SECONDS, most, is_cut=True, redirects=MOST_REDIRECTS)
    headers = {"User-Agent": agent, "Accept": accept}
    try:
        answer = ask("GET", destination, headers=headers, limits=limits, guard=Guard(allowed))
    except NotPublic:
        raise UnreadableError("It is not on the public internet, so it is not read.") from None
    except Unanswered as error:
        raise UnreadableError(_sentence(error)) from error
    if answer.status >= 400:
        raise UnreadableError(f"Its server answers programs with an error ({answer.status}).")
    return Content(answer.url, answer.header("Content-Type") or "", answer.body)


def visit(destination: str, agent: str, allowed: Judge = is_public) -> Visit:
    """Return whether there is a page at an address, within 20 seconds.

    Never raises for what the far side does. HEAD first, GET where that is refused. A refusal of
    programs (401, 403, 405, 429, 999 …) is an answer: people may well get in.
    """
    limits, guard = Limits(SECONDS, redirects=MOST_REDIRECTS), Guard(allowed)
    headers = {"User-Agent": agent, "Accept": "*/*"}
    try:
        answer = ask("HEAD", destination, headers=headers, limits=limits, guard=guard)
        if answer.status >= 400:
            answer = ask("GET", answer.url, headers=headers, limits=limits, guard=guard)
    except NotPublic:
        return Visit(None, is_refused=True)
    except Unanswered as error:
        return Visit(_sentence(error))
    return Visit(_problem(answer.status))


def _sentence(error: Unanswered) -> str:
    if isinstance(error, TooLate):
        return "It does not answer within 10 seconds."
    if isinstance(error, UnknownName):
        return "Its site does not exist: the name is not known."
    if isinstance(error, Untrusted):
        return "Its certificate is not valid: browsers warn of it."
    if isinstance(error, TooManyRedirects):
        return error.sentence
    return "It cannot be reached."


def _problem(status: int) -> str | None:
    if status in DEAD:
        return f"{DEAD[status]} ({status})."
    return f"Its server fails ({status})." if 500 <= status < 600 else None
