"""A connection with one deadline for all its reads and writes."""

import io
import socket
import ssl
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from linktrack.outside.addresses import Address

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Deadline:
    """The end of a request's time; one step of it waits for at most `patience` seconds."""

    def __init__(self, seconds: float, patience: float | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._patience = seconds if patience is None else patience

    def left(self) -> float:
        """Return how many seconds the next step may take; raises `TimeoutError` for none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._patience)


def connect(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first of some addresses that takes us; raises `OSError`."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((str(address), port), deadline.left())
        except OSError:
            continue
    return socket.create_connection((str(addresses[-1]), port), deadline.left())


class Line:
    """A connected socket, as far as `http.client` needs one; each request sets its deadline.

    A socket's own limit holds for each read: a server that sends a byte now and then would keep us
    for hours.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.deadline = Deadline(0)

    def secure(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        """Speak TLS from now on, with whoever proves to be the host; raises `OSError`."""
        self.sock = context.wrap_socket(
            self.sock, server_hostname=host, do_handshake_on_connect=False
        )
        self.sock.settimeout(deadline.left())
        self.sock.do_handshake()

    def sendall(self, data: "ReadableBuffer") -> None:
        """Send all of it; raises `OSError`."""
        rest = memoryview(data).cast("B")
        while rest:
            self.sock.settimeout(self.deadline.left())
            rest = rest[self.sock.send(rest) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what is received, as a file."""
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """Leave the socket open: `http.client` closes it before the body is read."""


class _Received(io.RawIOBase):
    """What comes from a line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._line.sock.settimeout(self._line.deadline.left())
        return self._line.sock.recv_into(buffer)
