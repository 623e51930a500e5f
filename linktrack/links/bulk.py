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
from linktrack.links.hosts.models import Domain
from linktrack.links.models import FoldedCase, ImportedLink, Link, LinkDestination, Post

CHUNK: Final = 500  # values in one IN list


@dataclass(frozen=True, slots=True)
class OldLink:
    """A link as an old log or another shortener knows it.

    `key` is its name there, at most 64 characters, `names` are others that stand for it where they
    stand for nothing else yet; `code` is the short code it would like to keep, on the first domain
    or another. `destination` has been checked. With `disabled_at` it is answered with 410; its
    clicks count as before. A further address of a link has the key of that link as `beside`, and
    stands in its post.
    """

    key: str
    code: str
    destination: str
    created_at: datetime
    disabled_at: datetime | None = None
    forward_query: bool = False
    names: tuple[str, ...] = ()
    beside: str | None = None
    domain_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewLink:
    """The link that an old one has become."""

    old: OldLink
    link_id: LinkId
    code: str


def find_names(
    connection: Connection, account_id: AccountId, sources: Sequence[str], keys: Iterable[str]
) -> dict[str, dict[str, LinkId]]:
    """Return which links of the account these old names stand for, by the source that says so."""
    found: dict[str, dict[str, LinkId]] = {}
    for part in chunked(sorted(keys), CHUNK):
        query = select(ImportedLink.key, ImportedLink.source, ImportedLink.link_id).where(
            ImportedLink.account_id == account_id,
            ImportedLink.source.in_(sources),
            ImportedLink.key.in_(part),
        )
        for key, source, link_id in connection.execute(query):
            found.setdefault(key, {})[source] = link_id
    return found


def names_of(
    connection: Connection, account_id: AccountId, link_ids: Iterable[LinkId]
) -> dict[LinkId, set[str]]:
    """Return all old names of these links of the account."""
    found: dict[LinkId, set[str]] = {}
    for part in chunked(sorted(link_ids), CHUNK):
        query = select(ImportedLink.link_id, ImportedLink.key).where(
            ImportedLink.account_id == account_id, ImportedLink.link_id.in_(part)
        )
        for link_id, key in connection.execute(query):
            found.setdefault(link_id, set()).add(key)
    return found


def led_to(connection: Connection, link_ids: Iterable[LinkId]) -> dict[LinkId, set[str]]:
    """Return all destinations that these links have had."""
    found: dict[LinkId, set[str]] = {}
    for part in chunked(sorted(link_ids), CHUNK):
        query = select(LinkDestination.link_id, LinkDestination.destination)
        query = query.where(LinkDestination.link_id.in_(part))
        for link_id, destination in connection.execute(query):
            found.setdefault(link_id, set()).add(destination)
    return found


def remember(
    connection: Connection, account_id: AccountId, source: str, names: Mapping[str, LinkId]
) -> None:
    """Let old names stand for links, but those that stand for one already."""
    taken = find_names(connection, account_id, (source,), names)
    rows = [
        {"account_id": account_id, "source": source, "key": name, "link_id": link_id}
        for name, link_id in names.items()
        if name not in taken
    ]
    if rows:
        connection.execute(insert(ImportedLink), rows)


def find_by_code(
    connection: Connection, codes: Codes, account_id: AccountId, wanted: Iterable[str]
) -> dict[str, LinkId]:
    """Return which of these codes are the account's, and of which links, as a redirect finds them.

    Stored or computed, or the same but for capital and small letters as one stored code only. On
    several domains that of the first is meant, else that of the domain added first.
    """
    found: dict[str, LinkId] = {}
    bearers = {}
    wanted = set(wanted)
    domains = (None, *connection.scalars(select(Domain.id).order_by(Domain.id)))
    for part in chunked(sorted(wanted), CHUNK):
        for domain_id in domains:
            query = select(Link.code, Link.id).where(
                Link.account_id == account_id, Link.domain_id == domain_id, Link.code.in_(part)
            )
            for code, link_id in connection.execute(query):
                found.setdefault(code or "", link_id)
        for code in part:
            bearer = codes.read(code) if code not in found else None
            if bearer is not None:
                bearers[code] = bearer.link_id
    for numbers in chunked(sorted(set(bearers.values())), CHUNK):
        own_links = select(Link.id).where(Link.account_id == account_id, Link.id.in_(numbers))
        own = set(connection.scalars(own_links))
        found.update((code, link_id) for code, link_id in bearers.items() if link_id in own)
    respelt = {code for code in wanted if code not in found and code not in bearers}
    found.update(_respelt(connection, account_id, respelt))
    return found


def _respelt(
    connection: Connection, account_id: AccountId, wanted: Iterable[str]
) -> Mapping[str, LinkId]:
    meant: dict[str, list[tuple[LinkId, AccountId]]] = {}
    by_folded: dict[str, list[str]] = {}
    for code in wanted:
        if code.isascii():
            by_folded.setdefault(code.lower(), []).append(code)
    for part in chunked(sorted(by_folded), CHUNK):
        query = select(Link.code, Link.id, Link.account_id)
        query = query.where(FoldedCase(Link.code).in_(part), Link.domain_id.is_(None))
        for stored, link_id, owner in connection.execute(query):
            meant.setdefault(str(stored).lower(), []).append((link_id, owner))
    return {
        code: links[0][0]
        for folded, codes in by_folded.items()
        if len(links := meant.get(folded, [])) == 1 and links[0][1] == account_id
        for code in codes
    }


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

    Each keeps its code where that is free and may be one, else it gets a code of our own. It stands
    in a post published when it was made, alone but for its further addresses, which come behind it.
    Their clicks from before `measured_from` are unknown; None: those of all time are imported.
    """
    if not old_links:
        return []
    codes = _codes_to_keep(connection, shortener.codes, old_links)
    domains = connection.execute(select(Domain.id, Domain.address)).all()
    bases = {None: shortener.base_url, **{each.id: each.address for each in domains}}
    leading = [old for old in old_links if old.beside is None]
    made_posts = connection.scalars(
        insert(Post).returning(Post.id, sort_by_parameter_order=True),
        [
            {
                "account_id": account_id,
                "state": "published",
                "written": old.destination,
                "text": f"{bases[old.domain_id]}/{code or ''}",
                "posted_at": old.created_at,
                "created_at": old.created_at,
                "measured_from": measured_from,
            }
            for old, code in zip(old_links, codes, strict=True)
            if old.beside is None
        ],
    ).all()
    post_of = dict(zip((old.key for old in leading), made_posts, strict=True))
    post_ids = [post_of[old.beside or old.key] for old in old_links]
    link_ids = connection.scalars(
        insert(Link).returning(Link.id, sort_by_parameter_order=True),
        [
            {
                "account_id": account_id,
                "post_id": post_id,
                "domain_id": old.domain_id,
                "code": code,
                "destination": old.destination,
                "created_at": old.created_at,
                "disabled_at": old.disabled_at,
                "changed_at": old.created_at,
                "forward_query": old.forward_query,
            }
            for old, code, post_id in zip(old_links, codes, post_ids, strict=True)
        ],
    ).all()
    nameless = [index for index, code in enumerate(codes) if code is None]
    own = own_codes(
        connection,
        shortener.codes,
        {link_ids[index]: old_links[index].domain_id for index in nameless},
    )
    for index in nameless:
        codes[index] = own[link_ids[index]]
    if nameless:
        connection.execute(
            update(Link).where(Link.id == bindparam("link")).values(code=bindparam("new_code")),
            [{"link": link_id, "new_code": code} for link_id, code in own.items()],
        )
        texts = [
            {
                "post": post_ids[index],
                "new_text": f"{bases[old_links[index].domain_id]}/{own[link_ids[index]]}",
            }
            for index in nameless
            if old_links[index].beside is None
        ]
        if texts:
            connection.execute(
                update(Post).where(Post.id == bindparam("post")).values(text=bindparam("new_text")),
                texts,
            )
    connection.execute(
        insert(LinkDestination),
        [
            {"link_id": link_id, "since": old.created_at, "destination": old.destination}
            for old, link_id in zip(old_links, link_ids, strict=True)
        ],
    )
    names: dict[str, LinkId] = {}
    for old, link_id in zip(old_links, link_ids, strict=True):
        names[old.key] = link_id
    for old, link_id in zip(old_links, link_ids, strict=True):
        for name in old.names:
            names.setdefault(name, link_id)
    remember(connection, account_id, source, names)
    return [
        NewLink(old, link_id, code or "")
        for old, link_id, code in zip(old_links, link_ids, codes, strict=True)
    ]


def _codes_to_keep(
    connection: Connection, codes: Codes, old_links: Sequence[OldLink]
) -> list[str | None]:
    """Return for each link the code it keeps, or None; of two that want one the first has it."""
    wanted = [
        (old.domain_id, old.code) if _may_keep(codes, old.code) else None for old in old_links
    ]
    taken = taken_codes(connection, filter(None, wanted))
    kept: list[str | None] = []
    for each in wanted:
        kept.append(None if each is None or each in taken else each[1])
        taken.add(each or (None, ""))
    return kept


def _may_keep(codes: Codes, code: str) -> bool:
    """Whether a code has the right shape, is not a page's, and not the code of a version."""
    return bool(CODE.fullmatch(code)) and not is_reserved(code) and codes.read(code) is None


def own_codes(
    connection: Connection, codes: Codes, domains: Mapping[LinkId, int | None]
) -> Mapping[int, str]:
    """Return a free code of our own for each of these links, on its domain."""
    found: dict[int, str] = {}
    wanting = list(domains)
    for attempt in range(ATTEMPTS):
        proposals = {link_id: codes.propose(link_id, attempt) for link_id in wanting}
        placed = {link_id: (domains[link_id], code) for link_id, code in proposals.items()}
        taken = taken_codes(connection, placed.values())
        free = (pair for pair in proposals.items() if placed[pair[0]] not in taken)
        found.update(pair for pair in free if not is_reserved(pair[1]))
        wanting = [link_id for link_id in wanting if link_id not in found]
        if not wanting:
            return found
    raise Conflict(
        f"No free short code was found for link {wanting[0]}: please report this as a bug."
    )


def taken_codes(
    connection: Connection, placed: Iterable[tuple[int | None, str]]
) -> set[tuple[int | None, str]]:
    """Return which of these codes are taken, each on its domain."""
    taken: set[tuple[int | None, str]] = set()
    by_domain: dict[int | None, list[str]] = {}
    for domain_id, code in placed:
        by_domain.setdefault(domain_id, []).append(code)
    for domain_id, codes in by_domain.items():
        for part in chunked(sorted(codes), CHUNK):
            query = select(Link.code).where(Link.domain_id == domain_id, Link.code.in_(part))
            taken.update((domain_id, code) for code in connection.scalars(query) if code)
    return taken
