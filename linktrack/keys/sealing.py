"""Secrets that have to be kept in the database: encrypted, under a key that is not in it. Pure."""

import base64

from linktrack.errors import Invalid


def seal(key: bytes, secret: str) -> str:
    """Return a secret encrypted for the database, under a key of 32 bytes kept outside it."""
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(key)).encrypt(secret.encode()).decode()


def unseal(key: bytes, sealed: str, remedy: str) -> str:
    """Undo `seal`; raises `Invalid` with a sentence on what to do where the key is another one."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Invalid(remedy) from error
