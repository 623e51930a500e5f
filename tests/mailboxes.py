"""Mail servers on this machine, and what they were given."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from servers import free_port


class Mailbox:
    """Keeps what a mail server was given; `refused` addresses are not taken, `deferred` not yet."""

    def __init__(self, refused: Sequence[str] = (), deferred: Sequence[str] = ()) -> None:
        self.refused = refused
        self.deferred = deferred
        self.envelopes: list[Any] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        if address in self.deferred:
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"

    def mail(self) -> EmailMessage:
        """Return the one mail there is."""
        (envelope,) = self.envelopes
        return self.read(envelope)

    @staticmethod
    def read(envelope: Any) -> EmailMessage:
        """Return the mail in an envelope."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@contextmanager
def served(box: Mailbox, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[str]:
    """Run a mail server on a free port; give its host and port."""
    port = free_port()
    controller = Controller(box, "127.0.0.1", port, ssl_context=tls, **options)
    controller.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        controller.stop()
