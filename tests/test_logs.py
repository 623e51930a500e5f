"""The log says what happened, and neither who asked nor what opens a door."""

import json
import logging
import time

import pytest

from linktrack.logs import LONGEST, JsonFormatter, Restraint, TextFormatter, hide


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("Invalid request from ip=203.0.113.9: bad", "Invalid request from ip=(address): bad"),
        ("from 2001:db8::1 and ::1", "from (address) and (address)"),
        ("from [2001:db8:0:0:0:0:0:1]:443", "from [(address)]:443"),
        ("peer 203.0.113.9:55123 left", "peer (address):55123 left"),
        ("GET /owner/sign-in/abcDEF_123-x", "GET /owner/sign-in/…"),
        ("Bearer lt_abcdefgh12345", "Bearer lt_…"),
        ("postgresql://me:secret@db/linktrack", "postgresql://me:…@db/linktrack"),
        ("at 12:34:56, version 0.1.0", "at 12:34:56, version 0.1.0"),
        ("https://example.com/a:b", "https://example.com/a:b"),
    ],
)
def test_addresses_and_secrets_are_hidden(said: str, logged: str) -> None:
    """Whatever a library puts into a message."""
    assert hide(said) == logged


def test_json_lines_can_be_read_by_programs() -> None:
    """One object, with the traceback where there is one."""
    try:
        int("from 203.0.113.9")
    except ValueError as error:
        record = logging.LogRecord(
            "linktrack.x", logging.ERROR, "x.py", 1, "It failed for %s", ("203.0.113.9",), None
        )
        record.exc_info = (type(error), error, error.__traceback__)
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["logger"], line["message"]) == (
        "error",
        "linktrack.x",
        "It failed for (address)",
    )
    assert "from (address)" in line["traceback"]
    assert "203.0.113.9" not in TextFormatter().format(record)


@pytest.mark.parametrize("piece", ["a", "a:", "1.", "://a:", "lt_a", "/sign-in/"])
def test_a_message_made_to_be_slow_is_masked_at_once(piece: str) -> None:
    """100 KB of hexadecimal digits took 14 s: each was tried as the first of an address."""
    message = piece * (100_000 // len(piece))
    begun = time.process_time()
    hide(message)
    assert time.process_time() - begun < 3


def test_a_message_is_one_line_of_bounded_length() -> None:
    """Whatever a library says, and however often: a log has an end."""
    record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "%s", ("b\nc " * 100_000,), None)
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(record)
        assert "\n" not in line
        assert len(line) < LONGEST + 300


def test_a_long_traceback_keeps_its_ends() -> None:
    """Where it began, and what was raised."""
    try:
        dict[str, int]()["a" * 1_000_000]
    except KeyError as error:
        record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "It failed", (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    text = TextFormatter().format(record)
    assert len(text) < 12_000
    assert "Traceback" in text
    assert text.endswith("a'")


def test_a_failure_of_every_request_is_told_some_times_a_minute() -> None:
    """Then how often it was held back; other failures are not, nor a clock that was put back."""

    def record(second: float, line: int = 1) -> logging.LogRecord:
        made = logging.LogRecord("a", logging.ERROR, "a.py", line, "No room: %s", ("b",), None)
        made.created = second
        return made

    restraint = Restraint(most=3)
    assert [restraint.filter(record(1_000 + place / 10)) for place in range(5)] == [True] * 3 + [
        False
    ] * 2
    assert restraint.filter(record(1_001, line=2))
    later = record(1_070)
    assert restraint.filter(later)
    assert later.getMessage() == "No room: b (and 2 more like it)"
    assert restraint.filter(record(-5_000))
