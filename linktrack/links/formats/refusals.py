"""Which addresses of a newsletter are not wrapped, and why. Pure."""

import re
from typing import Final

from linktrack.links.left import PLACEHOLDER
from linktrack.networks.placeholders import has_placeholder

PICTURE: Final = "It is a picture, or something else that is loaded and not clicked."
STYLE: Final = "It is loaded for the style."
WORDS: Final = "It is in the text, not in a link; mail programs may make one of it."
NO_LINK: Final = "It is neither in <a> nor in <area>."
ANCHOR: Final = "It leads to a place in the newsletter itself."
MAIL: Final = "It is an email address."
PHONE: Final = "It is a phone number."
NO_PAGE: Final = "It is not the address of a web page."
PART: Final = "It is not a whole address: that begins with http:// or https://."
OWN_BUSINESS: Final = (
    "It is about the newsletter itself: unsubscribing, preferences, or reading it in a browser."
)
UNTRACKED: Final = "The newsletter says that it is not to be tracked."

_KINDS: Final = {"mailto": MAIL, "tel": PHONE, "sms": PHONE, "callto": PHONE}
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_WEB = re.compile(r"https?:", re.IGNORECASE)
# A whole part of an address, so that an article about unsubscribing is an article.
_PART_OF_ADDRESS = re.compile(
    r"(?:(?:^|[/?&=.;#])(?:"
    r"(?:one[-_]?click[-_]?)?(?:un|de)[-_]?subscri(?:be|bed|ption)s?(?:[-_]?(?:url|link|me))?|unsub"
    r"|opt[-_]?out|sign[-_]?off|list[-_]unsubscribe"
    r"|(?:(?:e?mail|communication|newsletter|subscription|notification|user|my|manage|update)[-_]?)*"
    r"(?:preferences?|subscriptions?)(?:[-_]?(?:center|centre|url|link))?"
    r"|(?:manage|update)[-_]?(?:e?mails?|profile)"
    r"|(?:view|read|show)[-_]?(?:(?:it|this|e?mail|newsletter|campaign)[-_]?)?(?:in|on)[-_]?"
    r"(?:your[-_]?)?(?:browser|web|line)|view[-_]?online|web[-_]?(?:version|view)|browser[-_]?view"
    r"|abmelden|abbestellen|austragen|desabonnement|desinscription|desinscrire|desuscribir"
    r"|cancelar[-_]?suscripcion|disiscriviti|cancella[-_]?iscrizione|uitschrijven|afmelden"
    r")(?=$|[/?&=.;#]))|list-manage\d*\.com/profile\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\b(?:unsubscribe|opt[- ]out|sign off from"
    r"|(?:manage|update|change|edit) (?:your |my |the )?"
    r"(?:(?:e-?mail|newsletter|communication|subscription) )?(?:preferences|subscriptions?|profile)"
    r"|(?:e-?mail|subscription|communication) preferences"
    r"|(?:view|read|open|see) (?:it |this |the )?(?:e-?mail |newsletter |message |issue |post )?"
    r"(?:in|on) (?:your |a |the )?(?:web ?)?(?:browser|web)|(?:view|read) (?:it |this )?online"
    r"|web ?version|view in browser|abmelden|abbestellen|austragen"
    r"|im browser (?:ansehen|öffnen|lesen)"
    r"|online(?:version| ansehen)|se désinscrire|se désabonner|darse de baja|cancelar suscripción"
    r"|annulla l'iscrizione|uitschrijven|afmelden)\b",
    re.IGNORECASE,
)
_LONGEST_WORDS: Final = 60
"""Characters of such a link's words; longer ones are a sentence about something else."""


def why_not(written: str, address: str, words: str = "") -> str | None:
    """Return why a link is not wrapped, None if it may be.

    `written` is the address as written there, with placeholders hidden; `address` as it is read;
    `words` are those that are clicked, where they are known.
    """
    if has_placeholder(written) or has_placeholder(address):
        return PLACEHOLDER
    if address.startswith("#"):
        return ANCHOR
    scheme = _SCHEME.match(address)
    if scheme is None:
        return PART
    if not _WEB.match(address):
        return _KINDS.get(scheme[1].lower(), NO_PAGE)
    if not re.match(r"https?:[/\\]{2}[^/\\]", address, re.IGNORECASE):
        return PART
    said = " ".join(words.split())
    if _PART_OF_ADDRESS.search(address) or (
        len(said) <= _LONGEST_WORDS and _WORDS.search(said) is not None
    ):
        return OWN_BUSINESS
    return None
