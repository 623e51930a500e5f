"""`linktrack classify` says what lines are taken for, as they come."""

import json
import subprocess
import sys
from pathlib import Path

from linktrack.clicks.classify.agents import classify_agent


def classify(what: str, data: bytes, *arguments: str) -> list[dict[str, object]]:
    """Run the command and read its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "linktrack", "classify", what, *arguments, "--json"],
        input=data,
        capture_output=True,
        check=True,
    )
    assert done.stdout.isascii()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_agents_line_by_line() -> None:
    """One object a line; blank lines are agents that were not sent; any bytes are read."""
    found = classify("agents", "Twitterbot/1.0\n\r\nMozilla/5.0 ü\n".encode() + b"\xff\xfe/1.0")
    assert found[0] == {
        "input": "Twitterbot/1.0",
        "human": False,
        "reason": "preview",
        "rule": "preview:twitterbot",
        "device": classify_agent("Twitterbot/1.0").device,
        "browser": classify_agent("Twitterbot/1.0").browser,
        "os": None,
    }
    assert [row["input"] for row in found[1:]] == ["", "Mozilla/5.0 ü", "\ufffd\ufffd/1.0"]
    assert (found[1]["human"], found[1]["reason"]) == (False, "no-agent")


def test_referrers_from_a_file(tmp_path: Path) -> None:
    """The host is as sent; paths and queries are in the input alone."""
    file = tmp_path / "referrers"
    file.write_text("https://t.co/03elZC4Q\nhttp://www.Example.org:80/a?b=c\n\n")
    assert classify("referrers", b"", str(file)) == [
        {
            "input": "https://t.co/03elZC4Q",
            "host": "t.co",
            "source": "X",
            "medium": "social",
            "rule": "host:t.co",
        },
        {
            "input": "http://www.Example.org:80/a?b=c",
            "host": "www.example.org",
            "source": "example.org",
            "medium": "site",
            "rule": "site",
        },
        {"input": "", "host": None, "source": None, "medium": "none", "rule": "none"},
    ]
