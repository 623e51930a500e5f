"""X's archive: whose it is, its followers, and its posts, in all years' shapes.

Checked by program on published archives of 2022 to 2026; X describes the fields in the archive's
own data/README.txt. Older ones lack the wrapper around each row and the manifest; those of 2012 to
2018 are read by `grailbird`.
"""

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, cast

from linktrack.errors import Invalid
from linktrack.networks.addresses import find_addresses
from linktrack.networks.archives import Archive, Fields, items
from linktrack.networks.engagement import Counts, Kind
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.networks.texts import distinct_links, moment, stable_id, text, whole
from linktrack.networks.x.own_posts import is_own_post

_FILE: Final = re.compile(
    r"(?:^|/)(tweets?|community-?tweet|follower|following|account|note-tweet)(?:-part(\d+))?\.js$"
)
_KINDS: Final = {
    "tweet": "tweets",
    "tweets": "tweets",
    "community-tweet": "community",  # posts in X's communities are nowhere else
    "communitytweet": "community",
    "note-tweet": "notes",
}
_MANIFEST: Final = re.compile(r"(?:^|/)manifest\.js$")
_MANIFEST_NAMES: Final = {
    "tweet": "tweets",
    "tweets": "tweets",
    "communityTweet": "community",
    "follower": "follower",
    "following": "following",
}
_SECONDS_APART: Final = (0, -1, 1, -2, 2)
"""Between a long post's two entries, the nearest first."""
_REPOST: Final = "RT @"
_END: Final = re.compile(r"(?<!\s)\s*https://t\.co/\w+\s*$")
_CUT: Final = "…"


@dataclass(frozen=True, slots=True)
class _Entity:
    start: int
    end: int
    address: str


class XArchive:
    """One archive of X, opened."""

    def __init__(self, archive: Archive) -> None:
        """Raises `Invalid` if the manifest names a part of a list that is not there."""
        self._archive = archive
        self._files: dict[str, list[tuple[int, str]]] = {}
        for name in archive.openers:
            found = _FILE.search(name)
            if found and _is_data(name):
                kind = _KINDS.get(found[1], found[1])
                self._files.setdefault(kind, []).append((int(found[2] or 0), name))
        self._manifest = self._read_manifest()
        self._check_parts()
        account = next(self._rows("account", "account"), {})
        user = cast("Fields", self._manifest.get("userInfo") or {})
        self.account_id = stable_id(account.get("accountId") or user.get("accountId"))
        self.handle = text(account.get("username") or user.get("userName"))

    @staticmethod
    def is_one(archive: Archive) -> bool:
        """Whether an archive looks like one of X."""
        return any(_FILE.search(name) and _is_data(name) for name in archive.openers)

    @property
    def taken_at(self) -> datetime | None:
        """When X made the archive."""
        info = cast("Fields", self._manifest.get("archiveInfo") or {})
        return moment(info.get("generationDate"))

    @property
    def has_followers(self) -> bool:
        """Whether the archive has a follower list, which may be empty."""
        return "follower" in self._files

    def followers(self) -> Iterator[FollowerRecord]:
        """Yield the follower list: ids alone, and whether the owner follows them."""
        followed = None
        if "following" in self._files:
            followed = {row.get("accountId") for row in self._rows("following", "following")}
        for row in self._rows("follower", "follower"):
            network_id = stable_id(row.get("accountId"))
            if network_id is None:
                raise Invalid(f"A follower in {self._archive.label} has no accountId.")
            back = None if followed is None else network_id in followed
            yield FollowerRecord(network_id, followed_back=back)

    def posts(self, broken: list[str]) -> Iterator[PostRecord]:
        """Yield the posts, each id once, and name the broken ones.

        A long post has its whole text and all its addresses.
        """
        notes = self._notes()
        seen: set[str] = set()
        rows = chain(self._rows("tweets", "tweet"), self._rows("community", "tweet"))
        for number, row in enumerate(rows, 1):
            network_id = stable_id(row.get("id_str") or row.get("id"))
            posted_at = moment(row.get("created_at"))
            if network_id is None or posted_at is None:
                broken.append(f"Post {number:,} of the archive has no id, or no time.")
                continue
            if network_id in seen:
                continue
            seen.add(network_id)
            near = (posted_at + timedelta(seconds=apart) for apart in _SECONDS_APART)
            yield post_of(row, network_id, posted_at, [x for at in near for x in notes.get(at, ())])

    def _rows(self, kind: str, wrapper: str) -> Iterator[Fields]:
        for _, name in sorted(self._files.get(kind, ())):
            with self._archive.open(name) as file:
                for row in items(file, name):
                    inner = row.get(wrapper)
                    yield cast("Fields", inner) if isinstance(inner, dict) else row

    def _notes(self) -> dict[datetime, list[Fields]]:
        """Return the texts of long posts under their times: they have ids of their own."""
        found: dict[datetime, list[Fields]] = {}
        for note in self._rows("notes", "noteTweet"):
            created_at = moment(note.get("createdAt"))
            core = note.get("core")
            if created_at is not None and isinstance(core, dict):
                found.setdefault(created_at.replace(microsecond=0), []).append(core)
        return found

    def _read_manifest(self) -> Fields:
        for name in self._archive.openers:
            if _MANIFEST.search(name) and _is_data(name):
                return assigned(self._archive, name)
        return {}

    def _check_parts(self) -> None:
        """A list with a part missing would look as if many people had left."""
        types = self._manifest.get("dataTypes")
        for kind, entry in (types if isinstance(types, dict) else {}).items():
            ours = _MANIFEST_NAMES.get(kind)
            files = entry.get("files") if isinstance(entry, dict) else None
            if ours is None or ours not in self._files or not isinstance(files, list):
                continue
            there = {name.rpartition("/")[2] for _, name in self._files[ours]}
            for file in files:
                named = str(file.get("fileName")) if isinstance(file, dict) else ""
                base = named.rpartition("/")[2]
                if _FILE.search(base) and base not in there and len(files) > 1:
                    raise Invalid(
                        f"{self._archive.label} lacks {named}, which is a part of its {kind} "
                        "list: fetch the whole archive."
                    )


def assigned(archive: Archive, name: str) -> Fields:
    """Return the object that a file of X's assigns to a variable; raises `Invalid` if it is broken.

    Empty if it assigns something else.
    """
    content = archive.read(name).decode("utf-8", "replace")
    try:
        found = json.loads(content.partition("=")[2].strip().rstrip(";"))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{name} in {archive.label} is broken.") from error
    return found if isinstance(found, dict) else {}


def _is_data(name: str) -> bool:
    """Whether a file lies in the archive's `data` folder, or stands alone."""
    parts = name.split("/")
    return len(parts) == 1 or parts[-2] == "data"


def post_of(
    row: Fields, network_id: str, posted_at: datetime, notes: Sequence[Fields] = ()
) -> PostRecord:
    """Return a post as readers saw it; `notes` are long texts that may be its whole."""
    written = str(row.get("full_text") or row.get("text") or "")
    entities = row.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    media = _media(row)
    found = [entity for url in (urls if isinstance(urls, list) else []) if (entity := _entity(url))]
    found += _pictures(written, media)
    found += _written_out_already(written, found)
    found.sort(key=lambda entity: entity.start)
    shown = _write_out(written, found)
    addresses = [entity.address for entity in found if entity.address]
    long = next((note for note in notes if _is_long_form(note, written)), None)
    if long is not None:
        shown, more = _note(long)
        for short in media:
            shown = shown.replace(short, "").rstrip()
        addresses += [address for address in more if address not in addresses]
    links = distinct_links(addresses, is_own_post)
    is_plain = False if media else None
    is_repost = written.startswith(_REPOST) or "retweeted_status" in row
    return PostRecord(
        network_id,
        posted_at,
        is_repost,
        shown,
        links,
        is_plain=is_plain,
        engagement={} if is_repost else _engagement(row),
    )


def _engagement(row: Fields) -> Counts:
    """Return the likes and reposts; the archive has them as texts, and nothing else of them."""
    told: dict[Kind, int | None] = {
        "like": whole(row.get("favorite_count")),
        "repost": whole(row.get("retweet_count")),
    }
    return {kind: count for kind, count in told.items() if count is not None}


def _media(row: Fields) -> list[str]:
    """Return the t.co addresses that stand for pictures: X shows the picture instead."""
    found = []
    for name in ("extended_entities", "entities"):
        entities = row.get(name)
        media = entities.get("media") if isinstance(entities, dict) else None
        found += [
            short
            for one in (media if isinstance(media, list) else [])
            if isinstance(one, dict) and (short := text(one.get("url")))
        ]
    return list(dict.fromkeys(found))


def _pictures(written: str, media: Sequence[str]) -> list[_Entity]:
    """Return where pictures stand, with nothing in their place."""
    return [
        _Entity(found.start(), found.end(), "")
        for short in media
        for found in re.finditer(rf"(?<!\s)\s*{re.escape(short)}(?![A-Za-z0-9])", written)
    ]


def _written_out_already(written: str, known: Sequence[_Entity]) -> list[_Entity]:
    """Return the addresses that have no entity: those of posts from before X shortened them."""
    rest = written
    for entity in known:
        if 0 <= entity.start <= entity.end <= len(rest):
            rest = rest[: entity.start] + " " * (entity.end - entity.start) + rest[entity.end :]
    return [
        _Entity(start, end, html.unescape(address))
        for start, end, address in find_addresses(rest, bare=False)
        if rest[end : end + 1] != _CUT
    ]


def _entity(url: object) -> _Entity | None:
    if not isinstance(url, dict):
        return None
    address = text(url.get("expanded_url")) or text(url.get("url"))
    indices = url.get("indices")
    if address is None or not isinstance(indices, list) or len(indices) != 2:
        return None
    try:
        start, end = (int(index) for index in indices)
    except (TypeError, ValueError):
        return None
    return _Entity(start, end, address)


def _write_out(written: str, entities: Sequence[_Entity]) -> str:
    """Return the text with its addresses in place of the t.co ones.

    Indices count code points of the text as it stands in the archive, where &, < and > are
    escaped: it is cut first, and unescaped after, once.
    """
    parts = []
    position = 0
    for entity in entities:
        if not position <= entity.start <= entity.end <= len(written):
            continue
        parts += [html.unescape(written[position : entity.start]), entity.address]
        position = entity.end
    return text("".join([*parts, html.unescape(written[position:])])) or ""


def _is_long_form(note: Fields, written: str) -> bool:
    """Whether a long text, made in the same seconds, begins as the short one does.

    The short one ends with an address of the whole, and may begin with another.
    """
    long = html.unescape(str(note.get("text") or ""))
    short = _END.sub("", html.unescape(written)).rstrip(_CUT + " ")
    head = short.partition("https://t.co/")[0].rstrip() or short
    return bool(head) and long.startswith(head)


def _note(note: Fields) -> tuple[str, list[str]]:
    shown = str(note.get("text") or "")
    addresses = []
    urls = note.get("urls")
    for url in urls if isinstance(urls, list) else []:
        if isinstance(url, dict) and (address := text(url.get("expandedUrl"))):
            addresses.append(address)
            if short := text(url.get("shortUrl")):
                shown = shown.replace(short, address)
    return text(shown) or "", addresses
