"""Keys for the visitors of imported clicks: one per account, since their periods are over."""

from pathlib import Path
from secrets import token_bytes

from linktrack.clicks.capture.visitors import KEY_BYTES
from linktrack.errors import Unavailable
from linktrack.keys import read_or_create


def import_key(data: Path, account_id: int) -> bytes:
    """Return the secret under which an account's imported visitors are pseudonyms.

    It is kept in the data folder, never in the database: importing a log again needs the same
    one. Raises `Unavailable` if the folder cannot be used.
    """
    folder = data / "visitor_keys"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"import-{account_id}.key"
        return read_or_create(path, lambda: token_bytes(KEY_BYTES))
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be used ({error.strerror}): make it writable."
        ) from error
