"""Archives as people have them: a folder, ZIP or tar file, of which only wanted files are read.

Nothing is unpacked, and files nobody asks for (messages, addresses, devices) are never opened.
"""

import codecs
import gzip
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias, cast

from linktrack.errors import Invalid

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK: Final = 1 << 16  # characters read at a time
MOST_ITEM: Final = 1 << 24  # characters of one entry; a post has some thousands
MOST_SMALL: Final = 1 << 26  # bytes of a file that is read whole
MOST_FILES: Final = 1_000_000  # in an archive; media are files, too
MOST_NAME: Final = 1 << 16  # bytes of what a tar file says of a file besides its content

_TAR: Final = re.compile(r"\.(tar|tgz|tar\.(gz|bz2|xz))$")

_ABOUT: Final = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)

Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of an archive by their names in it, `/` between folders, `.gz` left out."""

    label: str
    openers: dict[str, Callable[[], BinaryIO]]
    allowance: "Allowance | None" = None
    """What may be read of it in all, unpacked; None where its owner gave it by command."""

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open one file to be read as bytes; raises `Invalid` if it is damaged."""
        try:
            opened = self.openers[name]()
        except RuntimeError as error:  # zipfile's word for a password, or an odd compression
            raise Invalid(f"{self.label} cannot be opened ({error}): unpack it first.") from error
        except OSError as error:
            raise Invalid(f"{name} in {self.label} cannot be read: {error.strerror}.") from error
        try:
            with opened:
                yield opened if self.allowance is None else self.allowance.of(opened)
        except (
            zipfile.BadZipFile,
            tarfile.TarError,
            zlib.error,
            EOFError,
            gzip.BadGzipFile,
        ) as error:
            raise Invalid(f"{name} in {self.label} is damaged: fetch the archive again.") from error

    def read(self, name: str) -> bytes:
        """Return a small file whole."""
        with self.open(name) as file:
            content = file.read(MOST_SMALL + 1)
        if len(content) > MOST_SMALL:
            raise Invalid(f"{name} in {self.label} is larger than it can be.")
        return content


class Allowance:
    """How many bytes may be read of an archive: a small one may unpack to a thousand times as many.

    Raises `Invalid` at the first byte beyond, which has not been kept.
    """

    def __init__(self, label: str, most: int) -> None:
        self._label = label
        self._left = self._most = most

    def take(self, size: int) -> None:
        """Count so many bytes."""
        self._left -= size
        if self._left < 0:
            raise Invalid(
                f"{self._label} has more than {self._most >> 20:,} MB when it is unpacked: give it "
                "to linktrack by command, which takes larger files."
            )

    def of(self, file: BinaryIO) -> BinaryIO:
        """Return a file of the archive that counts what is read of it."""
        return io.BufferedReader(_Counted(file, self))


class _Counted(io.RawIOBase):
    def __init__(self, file: BinaryIO, allowance: Allowance) -> None:
        self._file = file
        self._allowance = allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        content = self._file.read(len(view))
        self._allowance.take(len(content))
        view[: len(content)] = content
        return len(content)


@contextmanager
def open_archive(path: Path, most: int | None = None) -> Iterator[Archive]:
    """Open a folder, a ZIP or tar file, or a single file; raises `Invalid` for anything else.

    No more than `most` bytes are unpacked, where that is said.
    """
    allowance = None if most is None else Allowance(path.name, most)
    if path.is_dir():
        yield Archive(path.name, dict(_folder(path)), allowance)
    elif not path.is_file():
        raise Invalid(f"There is no file or folder {path}.")
    elif zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as file:
                yield Archive(path.name, _zipped(file), allowance)
        except zipfile.BadZipFile as error:
            raise Invalid(f"{path.name} is a damaged ZIP file: fetch it again.") from error
    elif _TAR.search(path.name.lower()):
        try:
            with tarfile.open(path, "r:*", tarinfo=Entry) as tar:
                yield Archive(path.name, _tarred(tar, most), allowance)
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise Invalid(f"{path.name} is a damaged tar file: fetch it again.") from error
    else:
        yield Archive(path.name, {_plain(path.name): _opener(path)}, allowance)


def _folder(path: Path) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    """Look into the folder, its `data`, and one wrapping folder; media are not listed.

    X's archives until 2018 have their posts in `data/js/tweets`.
    """
    inside = [child for child in sorted(path.iterdir()) if child.is_dir()]
    wrapped = [child / "data" for child in inside if (child / "data").is_dir()]
    scripts = [folder / "js" for folder in (*inside, *wrapped) if (folder / "js").is_dir()]
    scripts += [folder / "tweets" for folder in scripts if (folder / "tweets").is_dir()]
    inner = "followers_and_following"  # Instagram's, one or two folders down
    places = [path, *inside, *(child / "connections" for child in inside)]
    scripts += [folder / inner for folder in places if (folder / inner).is_dir()]
    for folder in dict.fromkeys((path, *inside, *wrapped, *scripts)):
        if folder.name.endswith("_media") or folder.name in ("media_attachments", "assets"):
            continue
        for child in sorted(folder.iterdir()):
            if child.is_file():
                yield _plain(child.relative_to(path).as_posix()), _opener(child)


def _zipped(file: zipfile.ZipFile) -> dict[str, Callable[[], BinaryIO]]:
    def opener(info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
        def open_member() -> BinaryIO:
            try:
                member = cast("BinaryIO", file.open(info))
            except UnicodeDecodeError as error:  # its name, where it is written again
                raise zipfile.BadZipFile from error
            return _unzipped(member) if info.filename.endswith(".gz") else member

        return open_member

    entries = file.infolist()
    _check_number(len(entries))
    return {_plain(info.filename): opener(info) for info in entries if not info.is_dir()}


def _tarred(file: tarfile.TarFile, most: int | None) -> dict[str, Callable[[], BinaryIO]]:
    def opener(member: tarfile.TarInfo) -> Callable[[], BinaryIO]:
        def open_member() -> BinaryIO:
            found = file.extractfile(member)
            if found is None:  # only regular files are listed
                raise Invalid(f"{member.name} cannot be read.")
            opened = cast("BinaryIO", found)
            return _unzipped(opened) if member.name.endswith(".gz") else opened

        return open_member

    files, listing = [], None if most is None else Allowance("The archive", most)
    for number, member in enumerate(
        file, 1
    ):  # to come to the next, a compressed archive is unpacked
        if member.size < 0:  # which would lead back to this member, for ever
            raise tarfile.ReadError
        _check_number(number)
        if listing is not None:
            listing.take(member.size)
        if member.isreg():
            files.append(member)
    return {_plain(member.name.removeprefix("./")): opener(member) for member in files}


def _check_number(files: int) -> None:
    if files > MOST_FILES:
        raise Invalid(f"This archive has more than {MOST_FILES:,} files: it is none of a network.")


class Entry(tarfile.TarInfo):
    """One file of a tar, of which a long name is not read at any length.

    Such a name stands in front of the file, and is read whole: one of a gigabyte takes a megabyte
    of a compressed tar.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "Entry":
        """Return the file that a block of 512 bytes is about (called by tarfile)."""
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _ABOUT and not 0 <= entry.size <= MOST_NAME:
            raise tarfile.ReadError(f"what it says of a file has {entry.size:,} bytes")
        return entry


def _opener(path: Path) -> Callable[[], BinaryIO]:
    def open_file() -> BinaryIO:
        file = path.open("rb")
        return _unzipped(file) if path.name.endswith(".gz") else file

    return open_file


def _unzipped(file: BinaryIO) -> BinaryIO:
    unzipped = gzip.GzipFile(fileobj=file)
    unzipped.myfileobj = file  # type: ignore[assignment]  # what it closes with itself
    return cast("BinaryIO", unzipped)


def _plain(name: str) -> str:
    return name.removesuffix(".gz")


def items(file: BinaryIO, name: str, behind: str = "") -> Iterator[Fields]:
    """Yield the objects of the first JSON list `behind` a text, one by one, in little memory.

    What precedes the list (an assignment, the fields of an envelope) is skipped. Raises
    `Invalid` where the list is broken or breaks off, and for text that is not UTF-8.
    """
    decoder = json.JSONDecoder()
    text = _Text(file, name)
    text.skip_to(behind)
    text.skip_to("[")
    while True:
        text.skip_space(",")
        if text.starts_with("]"):
            return
        value = text.decode(decoder)
        if isinstance(value, dict):
            yield value


class _Text:
    """A text file read in chunks, of which the part not yet understood is kept."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._position = 0
        self._ended = False

    def skip_to(self, mark: str) -> None:
        """Go on behind a mark, which may lie across two chunks."""
        while (position := self._text.find(mark, self._position)) < 0:
            self._position = max(self._position, len(self._text) - len(mark))
            if not self._more():
                raise Invalid(f"{self._name} has no list: this is not what it should be.")
        self._position = position + len(mark)

    def skip_space(self, also: str) -> None:
        while True:
            while self._position < len(self._text) and (
                self._text[self._position].isspace() or self._text[self._position] == also
            ):
                self._position += 1
            if self._position < len(self._text):
                return
            if not self._more():
                raise Invalid(f"{self._name} is cut off before its end: fetch it again.")

    def starts_with(self, character: str) -> bool:
        return self._text[self._position] == character

    def decode(self, decoder: json.JSONDecoder) -> object:
        while True:
            try:
                value, self._position = decoder.raw_decode(self._text, self._position)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._position > MOST_ITEM or not self._more():
                    raise Invalid(f"{self._name} is broken or cut off.") from error
            else:
                return cast("object", value)

    def _more(self) -> bool:
        if self._ended:
            return False
        # The more is kept, the more is read: a long entry is not begun again for every chunk.
        wanted = max(CHUNK, len(self._text) - self._position)
        content = self._file.read(wanted)
        self._ended = not content
        try:
            text = self._decode.decode(content, self._ended)
        except UnicodeDecodeError as error:
            raise Invalid(f"{self._name} is not text in UTF-8.") from error
        self._text = self._text[self._position :] + text
        self._position = 0
        return bool(text) or not self._ended
