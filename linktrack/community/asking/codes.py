"""The code by which somebody shows that a handle is theirs, where everybody can read it."""

import base64
import secrets
from hashlib import blake2b
from typing import Final

from linktrack.errors import Invalid
from linktrack.networks.identity import Identity
from linktrack.networks.records import PublicTexts

_BYTES: Final = 10  # 80 bits: nobody guesses another's, nor makes two that are the same


def new_secret() -> str:
    """Return a new secret of a request; only the browser that asks has it."""
    return secrets.token_urlsafe(24)


def code_of(secret: str) -> str:
    """Return the code of a request, which tells nothing of its secret.

    It says what it is for, so that nobody puts it up for somebody else unawares.
    """
    made = blake2b(secret.encode("utf-8", "replace"), digest_size=_BYTES, person=b"join code")
    letters = base64.b32encode(made.digest()).decode().lower()
    return "-".join(("i-ask-to-join", *(letters[at : at + 4] for at in range(0, 16, 4))))


def found_by_code(network: str, secret: str, said: PublicTexts) -> Identity:
    """Return whose texts these are if the code of a request is in one of them; raises `Invalid`."""
    code = code_of(secret)
    if not any(code in text.casefold() for text in said.texts):
        raise Invalid(
            f"The code isn't in the profile of {said.handle}, nor in their newest posts. Networks "
            "take up to some minutes to show a change: look whether all of it is there, and try "
            "again."
        )
    return Identity(network, said.network_id, said.handle)
