"""Compare docs/dependencies.md with setup.cfg, and with what is installed: make dependencies.

Prints what is missing on the page, what is there and no longer required, a licence that a library
gives itself otherwise, and with --newer what the package index has that is newer. Ends with 1 if
anything but a newer release was found.
"""

import argparse
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "dependencies.md"
EXTRAS: Final = ("chdb", "granian", "test")

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ROW: Final = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \|(?: ([^|]+?) \| ([^|]+?) \|)?$", re.MULTILINE)
_SAME: Final = {
    "apache software license": "apache-2.0",
    "bsd license": "bsd-3-clause",
    "mit license": "mit",
    "mozilla public license 2.0 (mpl 2.0)": "mpl-2.0",
    "apache software license, mit license": "apache-2.0 or mit",
}
"""Classifiers of the package index, as SPDX writes those licences."""


def known_by(name: str) -> str:
    """Return a package's name as the index compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required() -> set[str]:
    """Return the packages that setup.cfg names, also for tests."""
    read = configparser.ConfigParser()
    read.read(ROOT / "setup.cfg")
    extras = read["options.extras_require"]
    assert set(extras) == set(EXTRAS), "name the new extra here"
    lines = [read["options"]["install_requires"], *(extras[extra] for extra in EXTRAS)]
    wanted = [line.strip() for text in lines for line in text.splitlines()]
    found = [_NAME.match(line) for line in wanted if line and not line.startswith("#")]
    return {known_by(name[0]) for name in found if name}


def listed() -> dict[str, tuple[str, str, str]]:
    """Return what the page says: reason, licence and last release by name."""
    found = {}
    for names, reason, licence, release in _ROW.findall(PAGE.read_text()):
        for name in names.split(", "):
            if name not in ("library", "---"):
                found[known_by(name)] = (reason, licence, release)
    return found


def licence_of(name: str) -> str | None:
    """Return the licence that an installed package gives itself; None if it says none."""
    about = metadata(name)
    (said,) = about.get_all("License-Expression") or (None,)
    classes = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License :: OSI")
    ]
    found = said or ", ".join(sorted(classes)) or None
    return None if found is None else _SAME.get(found.lower(), found.lower())


def differences() -> Iterator[str]:
    """Yield a sentence for each thing that the page has wrong."""
    page, wanted = listed(), required()
    for name in sorted(wanted - page.keys()):
        yield f"{name} is required, and docs/dependencies.md does not have it."
    for name in sorted(page.keys() - wanted):
        yield f"{name} is in docs/dependencies.md, and nothing requires it."
    for name, (reason, licence, _) in sorted(page.items()):
        if not reason:
            yield f"{name} has no reason."
        try:
            own = licence_of(name) if licence else None
        except PackageNotFoundError:
            continue
        if own is not None and own != licence.lower():
            yield f"{name} says that its licence is {own}, and the page says {licence}."


def newer() -> Iterator[str]:
    """Yield what pip would install instead of what is installed, of those on the page."""
    command = [sys.executable, "-m", "pip", "list", "--outdated", "--format=columns"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    page = listed()
    for line in done.stdout.splitlines()[2:]:
        name, here, there, *_ = line.split()
        if known_by(name) in page:
            yield f"{name} {here}: {there} is newer."


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newer", action="store_true", help="ask the package index")
    options = parser.parse_args()
    wrong = list(differences())
    print("\n".join(wrong) or f"docs/dependencies.md has all {len(required())} libraries.")
    if options.newer:
        print("\n".join(newer()) or "None has a newer release.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
