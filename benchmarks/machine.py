"""What the benchmarks ran on: printed beside every table."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version


def versions(*packages: str) -> str:
    """Return date, machine and versions in one line."""
    found = [f"{datetime.now(UTC):%Y-%m-%d}", f"{os.cpu_count()} cores", platform.system()]
    found += [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for package in ("SQLAlchemy", *packages):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    found.append(f"load {os.getloadavg()[0]:.1f} at the start")
    return ", ".join(found)


def program_version(*command: str) -> str:
    """Return the first line a program says of itself, or an empty text where it is absent."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return (done.stdout + done.stderr).strip().splitlines()[0]
