"""Mails to one person, each given to the mail server once.

Whoever sends one stores before it that it is begun. A mail whose sending did not come to a clear
end may have arrived: it is in doubt, shown to the owner, and not sent again by itself.
"""

import logging
from dataclasses import dataclass
from typing import Final, Literal

from linktrack.community.letting_in.messages import Letter
from linktrack.errors import Invalid, Unavailable
from linktrack.mail import MailServer, Unreached, Untaken, send, to_one

log = logging.getLogger(__name__)

IN_DOUBT: Final = (
    "The email may have arrived: there was no clear answer when it was sent. Ask the person, or "
    "send it again."
)

STOOD_STILL: Final = (
    "linktrack stood still when it was to be sent, or was restored from a backup: it may have "
    "arrived. Ask the person, or send it again."
)


@dataclass(frozen=True, slots=True)
class Given:
    """What became of a mail: the server took it, refused it, wasn't reached, or nobody knows.

    `problem` names no address of the person.
    """

    state: Literal["done", "refused", "due", "in_doubt"]
    problem: str | None = None


def give(server: MailServer, address: str, letter: Letter, message_id: str) -> Given:
    """Give a mail to the server, once; two with one `message_id` are the same mail."""
    try:
        send(to_one(server, address), letter.subject, letter.text, message_id=message_id)
    except Invalid:
        return Given("refused", "That is no email address: send the text in another way.")
    except Unreached:
        log.warning("The mail server can't be reached: emails of the community wait.")
        return Given("due", "The mail server can't be reached: it is tried again.")
    except Untaken:
        log.warning("The mail server refused an email of the community.")
        return Given("refused", "The mail server refused the email: send the text in another way.")
    except Unavailable:
        log.warning("The mail server took an email of the community without a clear answer.")
        return Given("in_doubt", IN_DOUBT)
    return Given("done")
