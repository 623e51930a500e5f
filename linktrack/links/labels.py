"""What people and programs say of a link: its title, its tags, and a note for its owners."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.orm import Session

from linktrack.chunks import chunked
from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.models import Link, LinkCard, LinkLabel, LinkTag
from linktrack.owners.audit import note as note_change

MOST_TITLE: Final = 1_000
MOST_NOTE: Final = 5_000
MOST_TAGS: Final = 50
MOST_TAG: Final = 100
MOST_OFFERED: Final = 100
"""Tags that a page offers: an import may bring thousands."""

CHUNK: Final = 500  # values in one IN list

TagRow: TypeAlias = dict[str, int | str]
"""A row of the table of tags, to be inserted."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a link; `page_title` is what its destination calls itself, if it was read."""

    title: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    tenant: str | None = None
    page_title: str | None = None

    @property
    def name(self) -> str | None:
        """The title somebody gave it, or else that of its page; None if there is neither."""
        return self.title or self.page_title


def labels_of(session: Session | Connection, link_ids: Sequence[LinkId]) -> Mapping[LinkId, Label]:
    """Return the label of each of these links; an empty one where nothing was said."""
    query = (
        select(Link.id, LinkLabel.title, LinkLabel.note, LinkLabel.tenant, LinkCard.title)
        .outerjoin(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(
            LinkCard, (LinkCard.link_id == Link.id) & (LinkCard.destination == Link.destination)
        )
        .where(Link.id.in_(link_ids))
    )
    tags = tags_by_link(session, link_ids)
    return {
        link_id: Label(title, note, tuple(tags[link_id]), tenant, page_title or None)
        for link_id, title, note, tenant, page_title in session.execute(query)
    }


def tags_by_link(
    session: Session | Connection, link_ids: Sequence[LinkId]
) -> defaultdict[LinkId, list[str]]:
    """Return the tags of links, in their order; an empty list for a link without any."""
    query = select(LinkTag.link_id, LinkTag.tag).where(LinkTag.link_id.in_(link_ids))
    found: defaultdict[LinkId, list[str]] = defaultdict(list)
    for link_id, tag in session.execute(query.order_by(LinkTag.link_id, LinkTag.position)):
        found[link_id].append(tag)
    return found


def tags_in_use(session: Session, account_id: int | None = None) -> Mapping[str, int]:
    """Return how many links have each tag, of all or of an account: of MOST_OFFERED at most.

    Those that most links have come first.
    """
    query = select(LinkTag.tag, func.count().label("links")).join(Link, Link.id == LinkTag.link_id)
    if account_id is not None:
        query = query.where(Link.account_id == account_id)
    query = query.group_by(LinkTag.tag).order_by(func.count().desc(), LinkTag.tag)
    return {row.tag: row.links for row in session.execute(query.limit(MOST_OFFERED))}


def describe(
    session: Session,
    link: Link,
    at: datetime,
    *,
    title: str | None = None,
    note: str | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Change what is said of a link, but for what is None; "" or an empty list removes it.

    A tag that other links have in other letters' case is written as there. Raises `Invalid` for
    what is too long.
    """
    label = label_row(session, link.id)
    before = (label.title, label.note, tuple(tags_by_link(session, [link.id])[link.id]))
    if title is not None:
        label.title = check_title(title)
    if note is not None:
        label.note = check_note(note)
    if tags is not None:
        set_tags(session, link.id, _as_elsewhere(session, link.id, check_tags(tags)))
    session.flush()
    if before != (label.title, label.note, tuple(tags_by_link(session, [link.id])[link.id])):
        note_change(session, f"Changed title, tags or note of the link {link.code}.", at)


def label_row(session: Session, link_id: LinkId) -> LinkLabel:
    """Return the row with a link's title and note, a new one if it has none."""
    label = session.get(LinkLabel, link_id)
    if label is None:
        label = LinkLabel(link_id=link_id)
        session.add(label)
    return label


def check_title(title: str) -> str | None:
    """Return a title as it is kept, None for an empty one; raises `Invalid` if it is too long."""
    return _checked(title, MOST_TITLE, "A title") or None


def check_note(note: str) -> str | None:
    """Return a note as it is kept, None for an empty one; raises `Invalid` if it is too long."""
    return _checked(note, MOST_NOTE, "A note", lines=True) or None


def check_tags(tags: Sequence[str]) -> list[str]:
    """Return tags as they are kept: each once, without spaces around it.

    Raises `Invalid` for too many or too long ones, and for a comma, which parts tags.
    """
    found = list(dict.fromkeys(filter(None, (_checked(tag, MOST_TAG, "A tag") for tag in tags))))
    if len(found) > MOST_TAGS:
        raise Invalid(f"A link may have {MOST_TAGS} tags.")
    for tag in found:
        if "," in tag:
            raise Invalid(f"A tag has no comma: make two of {tag!r}.")
    return found


def set_tags(session: Session, link_id: LinkId, tags: Sequence[str]) -> None:
    """Replace a link's tags by these, at most MOST_TAGS, each cut to MOST_TAG characters."""
    session.execute(delete(LinkTag).where(LinkTag.link_id == link_id))
    rows = tag_rows(link_id, tags)
    if rows:
        session.execute(insert(LinkTag), rows)


def tag_rows(link_id: LinkId, tags: Sequence[str]) -> list[TagRow]:
    """Return the rows of a link's tags, in their order, as programs and files give them."""
    kept = list(dict.fromkeys(clean(tag)[:MOST_TAG] for tag in tags))[:MOST_TAGS]
    return [
        {"link_id": link_id, "tag": tag, "position": position} for position, tag in enumerate(kept)
    ]


def clean(text: str) -> str:
    """Return a text as every database can keep it: without NUL and lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _checked(text: str, most: int, what: str, *, lines: bool = False) -> str:
    said = clean(text).strip()
    if not lines:
        said = " ".join(said.split())
    if len(said) > most:
        raise Invalid(f"{what} may have {most:,} characters; this one has {len(said):,}.")
    return said


def _as_elsewhere(session: Session, link_id: LinkId, tags: Sequence[str]) -> list[str]:
    """Return tags in the letters' case that other links have them in."""
    return Spellings(session, tags, but=link_id).of(tags)


class Spellings:
    """In which letters' case links have tags already: Talks and talks are one topic."""

    def __init__(
        self, session: Session, tags: Collection[str], *, but: LinkId | None = None
    ) -> None:
        """Ask for these tags, on all links but one."""
        lowered = sorted({tag.lower() for tag in tags})
        self._there: set[str] = set()
        for part in chunked(lowered, CHUNK):
            query = select(LinkTag.tag).where(func.lower(LinkTag.tag).in_(part)).distinct()
            if but is not None:
                query = query.where(LinkTag.link_id != but)
            self._there.update(session.scalars(query))
        self._spelling = {tag.casefold(): tag for tag in sorted(self._there, reverse=True)}

    def of(self, tags: Sequence[str]) -> list[str]:
        """Return tags as they are written there; a new one is so for all that come after it."""
        spelt = (
            tag if tag in self._there else self._spelling.setdefault(tag.casefold(), tag)
            for tag in tags
        )
        return list(dict.fromkeys(spelt))
