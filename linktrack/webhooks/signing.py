"""Sign messages as standardwebhooks.com specifies. Pure."""

import base64
import hmac
import secrets
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
OTHER_KEYS: Final = (
    "The webhook's secret was encrypted with a different keys.json: remove it and add it again."
)


def new_secret() -> str:
    """Return a secret as receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, seconds: int, body: str) -> str:
    """Return the webhook-signature of a message sent at `seconds` (since 1970 UTC)."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{seconds}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
