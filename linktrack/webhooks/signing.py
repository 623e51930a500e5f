"""Signing what is sent, as standardwebhooks.com has it, and keeping the secrets sealed. Pure."""

import base64
import hmac
import secrets
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from linktrack.errors import Invalid

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a secret as receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, seconds: int, body: str) -> str:
    """Return the webhook-signature of a message sent at `seconds` (since 1970 UTC)."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{seconds}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def seal(key: bytes, secret: str) -> str:
    """Return a secret encrypted for the database, under a key of 32 bytes kept outside it."""
    return Fernet(base64.urlsafe_b64encode(key)).encrypt(secret.encode()).decode()


def unseal(key: bytes, sealed: str) -> str:
    """Undo `seal`; raises `Invalid` under another key."""
    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Invalid(
            "The webhook's secret was sealed under another keys.json: remove it and add it again."
        ) from error
