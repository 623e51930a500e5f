"""Digests by mail, to a real SMTP server on this machine."""

import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from commands import Run, good
from mailboxes import Mailbox, served

from linktrack.errors import Invalid, Unavailable
from linktrack.mail import Untaken, mail_server, send
from linktrack.settings import load_settings

PASSWORD = "p@ss:w/rd"  # noqa: S105 - of this test alone


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a server shows that nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Let one user in."""
    right = LoginPassword(b"jesse@example.org", PASSWORD.encode())
    return AuthResult(success=data == right, handled=False)


def test_a_digest_is_mailed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One mail to everybody, in plain text; the command says to whom."""
    run("account", "add", "@JessesLinks", "--network", "x", "--followers", "23000")
    run("account", "add", "news", "--network", "other")
    refused = run("digest", "--all", "--mail")
    assert refused.exit_code == 1
    assert "set LINKTRACK_SMTP_URL and LINKTRACK_MAIL_TO" in refused.output
    assert run("digest", "news", "--mail", "--json").exit_code == 2
    box = Mailbox()
    with served(box) as where:
        monkeypatch.setenv("LINKTRACK_SMTP_URL", f"smtp://{where}")
        monkeypatch.setenv("LINKTRACK_MAIL_TO", "me@example.org, you@example.org")
        told = good(run("digest", "--all", "--mail"))
    assert told == "Emailed to me@example.org, you@example.org.\n"
    mail = box.mail()
    assert box.envelopes[0].rcpt_tos == ["me@example.org", "you@example.org"]
    assert mail["From"] == "me@example.org"
    assert mail["Subject"].startswith("Clicks of the week to ")
    assert mail["Subject"].endswith(": @JessesLinks and news")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().count("Unique clicks") == 2
    assert run("digest", "news", "--mail").exit_code == 1  # nobody listens any more


@pytest.mark.parametrize("way", ["smtp", "smtps"])
def test_the_password_goes_over_tls_and_is_shown_nowhere(
    certificate: ssl.SSLContext, way: str
) -> None:
    """STARTTLS, or TLS from the first byte."""
    box = Mailbox()
    options: dict[str, Any] = {"authenticator": check}
    if way == "smtp":
        options |= {"tls_context": certificate, "require_starttls": True, "auth_required": True}
    else:  # aiosmtpd does not know that its connection is encrypted already
        options |= {"tls": certificate, "auth_require_tls": False}
    user = "jesse%40example.org"
    with served(box, **options) as where:
        good_url = f"{way}://{user}:p%40ss%3Aw%2Frd@{where}"
        server = mail_server(good_url, "jesse@example.org", "me@example.org")
        assert server is not None
        assert server.password == PASSWORD
        assert PASSWORD not in repr(server)
        send(server, "Grüße", "Ein Gruß\n")
        wrong = mail_server(f"{way}://{user}:wr0ng@{where}", "", "me@example.org")
        assert wrong is not None
        with pytest.raises(Unavailable, match="it refused the user name and password") as refusal:
            send(wrong, "no", "no")
    assert "wr0ng" not in refusal.value.sentence
    assert box.mail()["Subject"] == "Grüße"
    assert box.mail().get_content().splitlines() == ["Ein Gruß"]


def test_beyond_this_machine_nothing_goes_in_the_clear(certificate: ssl.SSLContext) -> None:
    """A server without STARTTLS, or with a certificate nobody vouches for, gets nothing."""
    box = Mailbox()
    options: list[dict[str, Any]] = [{}, {"tls_context": certificate}]
    for more, reason in zip(options, ("STARTTLS", "certificate"), strict=True):
        with served(box, **more) as where:
            # 0.0.0.0 leads here as well, and is no address of this machine alone.
            url = f"smtp://jesse:secret@{where.replace('127.0.0.1', '0.0.0.0')}"  # noqa: S104
            server = mail_server(url, "", "me@example.org")
            assert server is not None
            assert not server.is_local
            with pytest.raises(Unavailable, match=reason):
                send(server, "no", "no")
    assert box.envelopes == []


def test_a_refused_recipient_is_named() -> None:
    """The sentence says who did not get it."""
    with served(Mailbox(refused=["gone@example.org"])) as where:
        server = mail_server(f"smtp://{where}", "", "gone@example.org")
        assert server is not None
        with pytest.raises(Untaken, match=r"it refused gone@example\.org"):
            send(server, "no", "no")


@pytest.mark.parametrize(
    ("url", "to", "sender", "sentence"),
    [
        ("http://u:s3cret@x", "a@b.org", "", "must be smtp:// or smtps://"),
        ("smtp://", "a@b.org", "", "must be smtp:// or smtps://"),
        ("smtp://u:s3cret@x:port", "a@b.org", "", "isn't an address"),
        ("smtp://u:s3cret/@x", "a@b.org", "", "isn't an address|must be smtp://"),
        ("smtp://u:s3cret@x", "", "", "LINKTRACK_MAIL_TO is not"),
        ("smtp://u:s3cret@x", "nobody", "", "LINKTRACK_MAIL_TO has 'nobody'"),
        ("smtp://u:s3cret@x", "a@b.org\nBcc: c@d.org", "", "LINKTRACK_MAIL_TO can't be read"),
        ("smtp://u:s3cret@x", "a@b.org", "@", "LINKTRACK_MAIL_FROM has '@'"),
    ],
)
def test_a_wrong_mail_setting_is_named_without_the_password(
    tmp_path: Path, url: str, to: str, sender: str, sentence: str
) -> None:
    """It stops linktrack with a sentence."""
    with pytest.raises(Invalid, match=sentence) as refusal:
        load_settings(
            {
                "LINKTRACK_DATA": str(tmp_path),
                "LINKTRACK_SMTP_URL": url,
                "LINKTRACK_MAIL_TO": to,
                "LINKTRACK_MAIL_FROM": sender,
            }
        )
    assert "s3cret" not in refusal.value.sentence
