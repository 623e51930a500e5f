"""Create many links at once, as imports do: each in a published post of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from linktrack.chunks import chunked
from linktrack.errors import Conflict
from linktrack.ids import AccountId, LinkId
from linktrack.links.catalog import ATTEMPTS, Shortener
from linktrack.links.codes import CODE, Codes, is_reserved
from linktrack.links.models import ImportedLink, Link, LinkDestination, Post

CHUNK: Final = 500  # values in one IN list


@dataclass(frozen=True, slots=True)
class OldLink:
    """A link as an old log or another shortener knows it.

    `key` is its name there, at most 64 characters; `code` is the short code it would like to
    keep. `destination` has been checked. With `disabled_at` it is answered with 410; its
    clicks count as ever.
    """

    key: str
    code: str
    destination: str
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewLink:
    """The link that an old one has become."""

    old: OldLink
    link_id: LinkId
    code: str


def find_imported(
    connection: Connection, account_id: AccountId, source: str, keys: Iterable[str]
) -> dict[str, LinkId]:
    """Return which of these old names have become links of the account, and which links."""
    found: dict[str, LinkId] = {}
    for part in chunked(sorted(keys), CHUNK):
        query = select(ImportedLink.key, ImportedLink.link_id).where(
            ImportedLink.account_id == account_id,
            ImportedLink.source == source,
            ImportedLink.key.in_(part),
        )
        found.update((key, link_id) for key, link_id in connection.execute(query))
    return found


def find_by_code(
    connection: Connection, codes: Codes, account_id: AccountId, wanted: Iterable[str]
) -> dict[str, LinkId]:
    """Return which of these codes are the account's, stored or computed, and of which links."""
    found: dict[str, LinkId] = {}
    bearers = {}
    for part in chunked(sorted(wanted), CHUNK):
        query = select(Link.code, Link.id).where(Link.account_id == account_id, Link.code.in_(part))
        found.update((code, link_id) for code, link_id in connection.execute(query) if code)
        for code in part:
            bearer = codes.read(code) if code not in found else None
            if bearer is not None:
                bearers[code] = bearer.link_id
    for numbers in chunked(sorted(set(bearers.values())), CHUNK):
        own_links = select(Link.id).where(Link.account_id == account_id, Link.id.in_(numbers))
        own = set(connection.scalars(own_links))
        found.update((code, link_id) for code, link_id in bearers.items() if link_id in own)
    return found


def add_imported(
    connection: Connection,
    shortener: Shortener,
    account_id: AccountId,
    source: str,
    old_links: Sequence[OldLink],
    *,
    measured_from: datetime | None = None,
) -> list[NewLink]:
    """Make links of old ones that have distinct keys and have not become links yet.

    Each keeps its code where that is free and may be one, else it gets a code of our own, and
    stands alone in a post published when it was made. Their clicks from before `measured_from`
    are unknown; None: those of all time are imported.
    """
    if not old_links:
        return []
    codes = _codes_to_keep(connection, shortener.codes, old_links)
    post_ids = connection.scalars(
        insert(Post).returning(Post.id, sort_by_parameter_order=True),
        [
            {
                "account_id": account_id,
                "state": "published",
                "written": old.destination,
                "text": shortener.short_url(code or ""),
                "posted_at": old.created_at,
                "created_at": old.created_at,
                "measured_from": measured_from,
            }
            for old, code in zip(old_links, codes, strict=True)
        ],
    ).all()
    link_ids = connection.scalars(
        insert(Link).returning(Link.id, sort_by_parameter_order=True),
        [
            {
                "account_id": account_id,
                "post_id": post_id,
                "code": code,
                "destination": old.destination,
                "created_at": old.created_at,
                "disabled_at": old.disabled_at,
                "changed_at": old.created_at,
            }
            for old, code, post_id in zip(old_links, codes, post_ids, strict=True)
        ],
    ).all()
    nameless = [index for index, code in enumerate(codes) if code is None]
    own = _own_codes(connection, shortener.codes, [link_ids[index] for index in nameless])
    for index in nameless:
        codes[index] = own[link_ids[index]]
    if nameless:
        connection.execute(
            update(Link).where(Link.id == bindparam("link")).values(code=bindparam("new_code")),
            [{"link": link_id, "new_code": code} for link_id, code in own.items()],
        )
        connection.execute(
            update(Post).where(Post.id == bindparam("post")).values(text=bindparam("new_text")),
            [
                {
                    "post": post_ids[index],
                    "new_text": shortener.short_url(own[link_ids[index]]),
                }
                for index in nameless
            ],
        )
    connection.execute(
        insert(LinkDestination),
        [
            {"link_id": link_id, "since": old.created_at, "destination": old.destination}
            for old, link_id in zip(old_links, link_ids, strict=True)
        ],
    )
    connection.execute(
        insert(ImportedLink),
        [
            {"account_id": account_id, "source": source, "key": old.key, "link_id": link_id}
            for old, link_id in zip(old_links, link_ids, strict=True)
        ],
    )
    return [
        NewLink(old, link_id, code or "")
        for old, link_id, code in zip(old_links, link_ids, codes, strict=True)
    ]


def _codes_to_keep(
    connection: Connection, codes: Codes, old_links: Sequence[OldLink]
) -> list[str | None]:
    """Return for each link the code it keeps, or None; of two that want one the first has it."""
    wanted = [old.code if _may_keep(codes, old.code) else None for old in old_links]
    taken = _taken(connection, filter(None, wanted))
    kept: list[str | None] = []
    for code in wanted:
        kept.append(None if code in taken else code)
        taken.add(code or "")
    return kept


def _may_keep(codes: Codes, code: str) -> bool:
    """Whether a code has the right shape, is not a page's, and not the code of a version."""
    return bool(CODE.fullmatch(code)) and not is_reserved(code) and codes.read(code) is None


def _own_codes(
    connection: Connection, codes: Codes, link_ids: Sequence[LinkId]
) -> Mapping[int, str]:
    """Return a free code of our own for each of these links."""
    found: dict[int, str] = {}
    wanting = list(link_ids)
    for attempt in range(ATTEMPTS):
        proposals = {link_id: codes.propose(link_id, attempt) for link_id in wanting}
        taken = _taken(connection, proposals.values())
        free = (pair for pair in proposals.items() if pair[1] not in taken)
        found.update(pair for pair in free if not is_reserved(pair[1]))
        wanting = [link_id for link_id in wanting if link_id not in found]
        if not wanting:
            return found
    raise Conflict(f"No free short code was found for link {wanting[0]}: report this as a defect.")


def _taken(connection: Connection, codes: Iterable[str]) -> set[str]:
    taken: set[str] = set()
    for part in chunked(sorted(codes), CHUNK):
        query = select(Link.code).where(Link.code.in_(part))
        taken.update(code for code in connection.scalars(query) if code is not None)
    return taken
