"""What a backup file is: a gzipped tar with a manifest first. Reading one trusts nothing in it.

The manifest has the size and the SHA-256 of every other file, so that a backup which can be read is
not taken for one that is whole.
"""

import gzip
import hashlib
import json
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid
from linktrack.networks.archives import Entry

FORMAT: Final = 2
WITHOUT_HASHES: Final = 1
"""The format of linktrack 0.1: its manifests do not list the files."""

MANIFEST: Final = "manifest.json"
KEYS: Final = "keys.json"
DATABASE: Final = "database.sqlite"
TABLES: Final = "tables"
JOURNALS: Final = "journals"

BLOCK: Final = 1024 * 1024
LARGEST_MANIFEST: Final = 64 * BLOCK  # it has a line for each file of a journal
MOST_FILES: Final = 1_000_000

_MEMBER: Final = re.compile(
    rf"{KEYS}|{re.escape(DATABASE)}|{TABLES}/[a-z0-9_]+\.copy"
    rf"|{JOURNALS}/[a-z0-9][a-z0-9-]*\.(?:journal|jsonl)"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    `kind` is sqlite or postgresql, `revision` that of its tables. `settings` are those that were
    set, by their names. `tables` (PostgreSQL) names the columns of each table in the order of
    restoring, `sequences` the last number each has given. `files` has the size in bytes and the
    SHA-256, in hexadecimal, of every other file by its name.
    """

    linktrack: str
    made_at: str
    kind: str
    revision: str
    settings: Mapping[str, str]
    tables: Mapping[str, list[str]] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    format: int = FORMAT


def write_archive(file: Path, folder: Path, manifest: Manifest) -> None:
    """Write the files of a folder into one archive, and before them a manifest of them."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    files = {name: path for name, path in paths.items() if path.is_file()}
    listed = replace(manifest, files={name: _print_of(path) for name, path in files.items()})
    (folder / MANIFEST).write_text(json.dumps(asdict(listed), indent=1))
    # Level 3 makes a database half as large in a third of the time of the usual 9.
    with tarfile.open(file, "w:gz", compresslevel=3) as archive:
        archive.add(folder / MANIFEST, MANIFEST)
        for name, path in files.items():
            archive.add(path, name)


def read_archive(file: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder and return its manifest.

    The file is read to its end and checked whole: the checksum of the compression, and every file
    against the manifest. Only names that a backup has are taken, as plain files. Raises `Invalid`
    where the file is no backup, damaged, cut short or of a later format, and `OSError` if it
    cannot be read.
    """
    with (
        _damage_named(file),
        gzip.open(file) as whole,
        tarfile.open(fileobj=whole, mode="r:", tarinfo=Entry) as archive,
    ):
        first = archive.next()
        if first is None or first.name != MANIFEST or not first.isfile():
            raise Invalid(f"{file} isn't a backup of linktrack.")
        if first.size > LARGEST_MANIFEST:
            raise Invalid(f"{file} isn't a backup of linktrack: its manifest is too large.")
        manifest = _manifest(file, _content(archive, first))
        _check_room(file, manifest, folder)
        found: dict[str, tuple[int, str]] = {}
        for member in archive:
            if member.name == MANIFEST:
                continue
            if not member.isfile() or not _MEMBER.fullmatch(member.name):
                raise Invalid(f"{file} isn't a backup of linktrack: it holds {member.name[:80]!r}.")
            _check_listed(file, manifest, member, len(found))
            target = folder / member.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source = archive.extractfile(member)
            assert source is not None
            with target.open("xb") as written:
                target.chmod(0o600)
                while block := source.read(BLOCK):
                    written.write(block)
            found[member.name] = _print_of(target)
        # A tar ends before its file does: only what comes after it has the checksum of the whole.
        while whole.read(BLOCK):
            pass
    if manifest.format != WITHOUT_HASHES:
        _compare(file, manifest.files, found)
    return manifest


def _check_room(file: Path, manifest: Manifest, folder: Path) -> None:
    """Raise `Invalid` if what a backup says it holds is more than there is room for."""
    size = sum(int(size) for size, _ in manifest.files.values())
    free = shutil.disk_usage(folder).free
    if size > free:
        raise Invalid(
            f"{file} needs {size / 1000**3:,.1f} GB to be unpacked, and {free / 1000**3:,.1f} GB "
            "are free: make room first."
        )


def _check_listed(file: Path, manifest: Manifest, member: tarfile.TarInfo, already: int) -> None:
    """Raise `Invalid` before a byte is unpacked that the manifest does not announce."""
    if manifest.format == WITHOUT_HASHES:
        if already >= MOST_FILES:
            raise Invalid(f"{file} has more than {MOST_FILES:,} files: it isn't a backup.")
    elif member.name not in manifest.files or manifest.files[member.name][0] != member.size:
        raise Invalid(f"{file} is damaged: {member.name[:80]} is not what was backed up.")


def _print_of(path: Path) -> tuple[int, str]:
    """Return the size of a file in bytes, and its SHA-256."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _compare(
    file: Path, listed: Mapping[str, tuple[int, str]], found: Mapping[str, tuple[int, str]]
) -> None:
    for name in sorted(listed.keys() | found.keys()):
        if name not in found:
            raise Invalid(f"{file} is damaged: {name[:80]} is missing.")
        if name not in listed or tuple(listed[name]) != found[name]:
            raise Invalid(f"{file} is damaged: {name[:80]} is not what was backed up.")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def _manifest(file: Path, content: bytes) -> Manifest:
    fields = json.loads(content)
    if fields["format"] not in (FORMAT, WITHOUT_HASHES):
        raise Invalid(
            f"{file} was made by linktrack {str(fields.get('linktrack'))[:20]}, in a format that "
            "this version does not know: install that version or a later one."
        )
    return Manifest(**fields)


@contextmanager
def _damage_named(file: Path) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        EOFError,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        FileExistsError,
        gzip.BadGzipFile,
    ) as error:
        raise Invalid(f"{file} isn't a backup of linktrack, or damaged: {error}.") from error
