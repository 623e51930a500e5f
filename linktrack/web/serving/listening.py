"""Where the service listens: a host and a port, or a Unix socket."""

import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid, Unavailable

_UNIX: Final = "unix:"


@dataclass(frozen=True, slots=True)
class Bind:
    """Where to listen: on a host's port, or at `path`, a Unix socket's."""

    host: str
    port: int
    path: Path | None = None

    @classmethod
    def parse(cls, written: str) -> "Bind":
        """Return HOST:PORT, an IPv6 host in brackets, or unix:PATH; raises `Invalid`."""
        if written.startswith(_UNIX):
            path = written.removeprefix(_UNIX)
            if not path or len(path.encode()) > 100:  # what a socket's address holds, nearly
                raise Invalid("Write a Unix socket like unix:/run/linktrack.sock, in 100 bytes.")
            return cls("", 0, Path(path).absolute())
        host, colon, port = written.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not port.isascii() or not port.isdigit():
            raise Invalid(
                f"{written[:60]!r} isn't a place to listen: write it like 127.0.0.1:8000."
            )
        if not 1 <= int(port) <= 65535:
            raise Invalid(f"There is no port {port}: choose one from 1 to 65535.")
        return cls(host, int(port))

    def __str__(self) -> str:
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can connect: then a proxy here is trusted."""
        return self.path is not None or self.host in ("127.0.0.1", "localhost", "::1")

    def check_free(self) -> None:
        """Raise `Unavailable` where nobody can listen there, or something does already."""
        if self.path is not None:
            self._check_path(self.path)
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise Unavailable(
                    f"linktrack cannot listen on {self} ({error.strerror}): stop what does, "
                    "or choose another port with --bind."
                ) from error

    def _check_path(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise Unavailable(f"linktrack cannot listen on {self}: there is no {path.parent}.")
        if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
            raise Unavailable(f"linktrack cannot listen on {self}: there is another file.")
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(path))
            raise Unavailable(
                f"linktrack cannot listen on {self}: stop what does, or choose another one."
            )
