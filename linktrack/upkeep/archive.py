"""What a backup file is: a gzipped tar with a manifest first. Reading one trusts nothing in it."""

import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from linktrack.errors import Invalid

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
KEYS: Final = "keys.json"
DATABASE: Final = "database.sqlite"
TABLES: Final = "tables"
JOURNALS: Final = "journals"

_MEMBER: Final = re.compile(
    rf"{KEYS}|{re.escape(DATABASE)}|{TABLES}/[a-z0-9_]+\.copy"
    rf"|{JOURNALS}/[a-z0-9][a-z0-9-]*\.(?:journal|jsonl)"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    `kind` is sqlite or postgresql, `revision` that of its tables. `settings` are those that were
    set, by their names. `tables` (PostgreSQL) names the columns of each table in the order of
    restoring, `sequences` the last number each has given.
    """

    linktrack: str
    made_at: str
    kind: str
    revision: str
    settings: Mapping[str, str]
    tables: Mapping[str, list[str]] = field(default_factory=dict)
    sequences: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT


def write_archive(file: Path, folder: Path, manifest: Manifest) -> None:
    """Write the files of a folder, and the manifest before them, into one archive."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
    # Level 3 makes a database half as large in a third of the time of the usual 9.
    with tarfile.open(file, "w:gz", compresslevel=3) as archive:
        archive.add(folder / MANIFEST, MANIFEST)
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name != MANIFEST:
                archive.add(path, name)


def read_archive(file: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder and return its manifest.

    Only names that a backup has are taken, as plain files. Raises `Invalid` where the file is no
    backup, damaged, cut short or of a later format, and `OSError` where it cannot be read.
    """
    with _damage_named(file), tarfile.open(file, "r:gz") as archive:
        first = archive.next()
        if first is None or first.name != MANIFEST or not first.isfile():
            raise Invalid(f"{file} is no backup of linktrack.")
        manifest = _manifest(file, _content(archive, first))
        for member in archive:
            if member.name == MANIFEST:
                continue
            if not member.isfile() or not _MEMBER.fullmatch(member.name):
                raise Invalid(f"{file} is no backup of linktrack: it holds {member.name[:80]!r}.")
            target = folder / member.name
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source = archive.extractfile(member)
            assert source is not None
            with target.open("xb") as written:
                target.chmod(0o600)
                while block := source.read(1024 * 1024):
                    written.write(block)
    return manifest


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def _manifest(file: Path, content: bytes) -> Manifest:
    fields = json.loads(content)
    if fields["format"] != FORMAT:
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
    ) as error:
        raise Invalid(f"{file} is no backup of linktrack, or damaged: {error}.") from error
