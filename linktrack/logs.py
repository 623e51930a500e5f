"""Logging as text or JSON lines, without readers' addresses and secrets."""

import ipaddress
import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

from gunicorn.glogging import Logger

from linktrack.settings import LogKind

_SECRETS: Final = (
    (re.compile(r"\blt_[A-Za-z0-9_-]{8,}"), "lt_…"),
    (re.compile(r"(/sign-in/)[A-Za-z0-9_-]+"), r"\1…"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), r"\1…@"),
    (re.compile(r"\b(password=)[^\s&;]+", re.IGNORECASE), r"\1…"),
)
LONGEST: Final = 2_000  # characters of a message
LONGEST_TRACEBACK: Final = 10_000
MOST_A_MINUTE: Final = 20  # messages of one place in the code, in each process

_MAYBE_ADDRESS: Final = re.compile(
    # From the first hexadecimal digit on and without going back: a long row of them is read once.
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}|(?:(?<![0-9A-Fa-f])[0-9A-Fa-f]++)?+:[0-9A-Fa-f:.]++"
)


def hide(message: str) -> str:
    """Return a message without addresses, tokens, sign-in secrets and passwords in addresses."""
    for pattern, instead in _SECRETS:
        message = pattern.sub(instead, message)
    return _MAYBE_ADDRESS.sub(_hidden, message)


def _hidden(found: re.Match[str]) -> str:
    """Return what is shown of something that looks like an address: times of day look so too."""
    try:
        ipaddress.ip_address(found[0].rstrip(".:") if "::" not in found[0] else found[0])
    except ValueError:
        return found[0]
    return "(address)"


def _message(record: logging.LogRecord) -> str:
    """Return what is said, in one line of bounded length: libraries name whole statements."""
    said = " ".join(record.getMessage().split())
    return hide(said if len(said) <= LONGEST else f"{said[:LONGEST]}…")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    """Return where it happened, without its middle where that is long."""
    if not record.exc_info:
        return None
    whole = formatter.formatException(record.exc_info)
    if len(whole) > LONGEST_TRACEBACK:
        half = LONGEST_TRACEBACK // 2
        whole = f"{whole[:half]}\n…\n{whole[-half:]}"
    return hide(whole)


class TextFormatter(logging.Formatter):
    """A line for people: time, level, who says it, and what."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, a traceback below it where there is one."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line = (
            f"{moment:%Y-%m-%d %H:%M:%SZ} {record.levelname.lower()} {record.name}: "
            f"{_message(record)}"
        )
        traceback = _traceback(self, record)
        return line if traceback is None else f"{line}\n{traceback}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, process, message, and traceback or null."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        return json.dumps(
            {
                "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname.lower(),
                "logger": record.name,
                "process": record.process,
                "message": _message(record),
                "traceback": _traceback(self, record),
            },
            ensure_ascii=False,
        )


def _formatter(kind: LogKind) -> logging.Formatter:
    return JsonFormatter() if kind == "json" else TextFormatter()


class Restraint(logging.Filter):
    """Lets each place in the code say so much a minute, and then how often it was held back.

    A failure that every request meets would fill the disk.
    """

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        super().__init__()
        self._most = most
        self._said: dict[tuple[str, int], tuple[float, int]] = {}
        """The beginning of the minute, and how often it was asked for in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        place = (record.pathname, record.lineno)
        begun, asked = self._said.get(place, (record.created, 0))
        if abs(record.created - begun) >= 60:
            if asked > self._most:
                said = record.getMessage()
                record.msg, record.args = "%s (and %d more like it)", (said, asked - self._most)
            begun, asked = record.created, 0
        self._said[place] = begun, asked + 1
        return asked < self._most


def begin_logging(kind: LogKind) -> None:
    """Send this process's log to standard error, from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(kind))
    handler.addFilter(Restraint())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _TextLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own messages, which name addresses, in our form and without those."""

    kind: LogKind = "text"

    def setup(self, cfg: object) -> None:
        """Configure the handlers (called by gunicorn)."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(_formatter(self.kind))
            handler.addFilter(Restraint())


class _JsonLogger(_TextLogger):
    kind: LogKind = "json"


def server_logger(kind: LogKind) -> type[Logger]:
    """Return gunicorn's logger for a kind of log."""
    return _JsonLogger if kind == "json" else _TextLogger
