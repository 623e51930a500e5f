"""The installation's own keys, and what is signed and encrypted with them.

The keys are made once and kept in the data folder, never in the database. Markers are signed
cookies that say one thing about a browser and give no power: they lie at `/`, where the session
does not, so on the short domain every redirect may read them. Whoever copies one changes how their
own clicks are counted, and nothing else.
"""

import base64
import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from linktrack.errors import Invalid, Unavailable
from linktrack.ids import AccountId, SegmentId

KEYS_FILE: Final = "keys.json"

HELLO: Final = "hello-"
"""A reader's own "count me as one of …", for the account whose number follows."""

Way: TypeAlias = Literal["button", "network"]
"""How a reader said hello: by the button, or signed in with the network, which told who follows."""

WAYS: Final[tuple[Way, ...]] = get_args(Way)

_SIGN_BYTES: Final = 16
_LONGEST: Final = 200  # characters of a marker's cookie; anything longer was not made here


@dataclass(frozen=True, slots=True)
class Markers:
    """Makes and reads the markers of one installation, under its own key."""

    key: bytes

    def sign(self, name: str, value: str) -> str:
        """Return the content of the cookie `name`; the value is ASCII without `.`, `;` or space."""
        return f"{value}.{self._signature(name, value)}"

    def read(self, name: str, cookies: str) -> str | None:
        """Return the value of the marker `name` in a Cookie header, or None if none is valid."""
        start = f"{name}="
        for part in cookies.split(";"):
            pair = part.strip()
            if pair.startswith(start) and len(pair) <= _LONGEST:
                value, _, signature = pair[len(start) :].rpartition(".")
                # compare_digest refuses text beyond ASCII, which any client may send.
                sent = signature.encode("utf-8", "replace")
                if value and hmac.compare_digest(sent, self._signature(name, value).encode()):
                    return value
        return None

    def _signature(self, name: str, value: str) -> str:
        message = f"{name}={value}".encode("utf-8", "replace")
        return blake2b(message, key=self.key, digest_size=_SIGN_BYTES, person=b"marker").hexdigest()


@dataclass(frozen=True, slots=True)
class Hello:
    """What a browser keeps of a hello: the segment, the day it was said, and the way.

    Cookies that were made before days were kept have none, and came by the button.
    """

    segment_id: SegmentId
    day: date | None
    way: Way

    @property
    def written(self) -> str:
        """The value of the cookie that says so; `said_hello` reads it."""
        day = "" if self.day is None else f"{self.day:%Y%m%d}"
        return f"{self.segment_id}-{day}-{self.way}"


def said_hello(markers: Markers, account_id: AccountId, cookies: str) -> Hello | None:
    """Return what this browser's reader said hello as, to this account, or None."""
    if HELLO not in cookies:
        return None
    value = markers.read(f"{HELLO}{account_id}", cookies)
    return None if value is None else _hello(value)


def _hello(value: str) -> Hello | None:
    """Return what a cookie says, which we have signed; None for what no version of ours writes."""
    number, has_more, rest = value.partition("-")
    if not (number.isascii() and number.isdigit()) or len(number) > 10:
        return None
    if not has_more:
        return Hello(SegmentId(int(number)), None, "button")
    written, _, said = rest.partition("-")
    way = next((way for way in WAYS if way == said), None)
    try:
        day = date.fromisoformat(written) if written else None
    except ValueError:
        return None
    return None if way is None else Hello(SegmentId(int(number)), day, way)


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of one installation.

    `salt` orders the proposals for codes (losing it breaks no link), `check` signs the codes of
    versions (losing it breaks those), `session` signs cookies and seals
    the secrets of webhooks and networks (losing it signs owners out, webhooks have to be
    added, accounts to be connected again, and members need new addresses).
    """

    salt: str
    check: bytes
    session: str

    def __repr__(self) -> str:
        return "Keys(…)"

    @property
    def fingerprint(self) -> str:
        """What stands for these keys where nodes compare theirs; it doesn't lead to them."""
        whole = f"{self.salt} {self.check.hex()} {self.session}".encode()
        return blake2b(whole, person=b"fingerprint", digest_size=8).hexdigest()

    @property
    def forgetting(self) -> bytes:
        """The key for hashes of forgotten people; without `check` they can't be left out."""
        return blake2b(self.check, person=b"forgotten", digest_size=32).digest()

    def network(self, address: str) -> str:
        """Return what stands for the network of an address; it does not lead back to that.

        Of IPv4 it is the /24, of IPv6 the /48: one site has as many addresses as it likes.
        """
        try:
            parsed = ip_address(address)
        except ValueError:  # a Unix socket has none
            site = address
        else:
            mapped = parsed.ipv4_mapped if parsed.version == 6 else None
            bits = 24 if mapped or parsed.version == 4 else 48
            site = str(ip_network((mapped or parsed, bits), strict=False))
        key = blake2b(bytes.fromhex(self.session), person=b"networks", digest_size=32).digest()
        return blake2b(site.encode("utf-8", "replace"), key=key, digest_size=16).hexdigest()

    def sealing(self) -> bytes:
        """Return the key (32 bytes) under which secrets lie in the database."""
        return blake2b(bytes.fromhex(self.session), person=b"sealing", digest_size=32).digest()

    def click_ids(self) -> bytes:
        """Return the key (32 bytes) of click ids; losing it makes those that are out worthless."""
        return blake2b(bytes.fromhex(self.session), person=b"click ids", digest_size=32).digest()

    def markers(self) -> Markers:
        """Return what makes and reads the markers of this installation, signed under `session`."""
        return Markers(
            blake2b(bytes.fromhex(self.session), person=b"markers", digest_size=32).digest()
        )

    def passes(self) -> Markers:
        """Return what makes and reads the passes of readers who knew a link's password.

        Under a key of their own: a pass gives power, which markers don't.
        """
        return Markers(
            blake2b(bytes.fromhex(self.session), person=b"passes", digest_size=32).digest()
        )


def load_keys(data: Path) -> Keys:
    """Return the keys in `data`, making them at the first call; safe for several processes.

    Raises `Unavailable` if the folder cannot be used and `Invalid` if the file is damaged.
    """
    path = data / KEYS_FILE
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = read_or_create(path, lambda: json.dumps(_new_keys()).encode())
    except OSError as error:
        raise Unavailable(
            f"The data folder {data} cannot be used ({error.strerror}): "
            "make it writable, or name another one with LINKTRACK_DATA."
        ) from error
    try:
        fields = json.loads(content)
        return Keys(fields["salt"], bytes.fromhex(fields["check"]), fields["session"])
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(
            f"{path} is damaged: put back the copy from your backup. Do not delete it, "
            "or the links made for segments stop working."
        ) from error


def _new_keys() -> dict[str, str]:
    return {
        "salt": secrets.token_hex(16),
        "check": secrets.token_hex(32),
        "session": secrets.token_hex(32),
    }


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a private file (mode 0600), writing it first where it is absent.

    Of several processes that create it at once one wins, whole: a link is made to a finished
    temporary file, and linking fails where the name is taken.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    with _finished(path, make()) as temporary, contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    return path.read_bytes()


def write_whole(path: Path, content: bytes) -> None:
    """Write a private file (mode 0600) in place of that name's, whole. Raises `OSError`."""
    with _finished(path, content) as temporary:
        temporary.replace(path)


@contextlib.contextmanager
def _finished(path: Path, content: bytes) -> Iterator[Path]:
    """Write a temporary file beside `path`, on the disk and closed; it is gone afterwards."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


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
