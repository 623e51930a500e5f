"""One person in the tables of communities, by all that is known of who they are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.community.models import JoinMail, JoinRequest, Member, Suggestion
from linktrack.community.suggestions.leaving import bare


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: ids and keys of handles, each with its network, and hashes of addresses.

    A network of None is any.
    """

    ids: frozenset[tuple[str | None, str]] = frozenset()
    handle_keys: frozenset[tuple[str | None, str]] = frozenset()
    mail_digests: frozenset[str] = frozenset()

    @classmethod
    def of(cls, row: Member | JoinRequest) -> "Person":
        """Return who a member is, or somebody who asks to join."""
        return cls(
            frozenset({(row.network, row.network_id)} if row.network_id else ()),
            frozenset({(row.network, row.handle_key)} if row.handle_key else ()),
            frozenset({row.mail_digest} if row.mail_digest else ()),
        )

    def __or__(self, other: "Person") -> "Person":
        """Return what is known of both, who are one person."""
        return Person(
            self.ids | other.ids,
            self.handle_keys | other.handle_keys,
            self.mail_digests | other.mail_digests,
        )

    def is_of(self, table: type[Member] | type[JoinRequest]) -> ColumnElement[bool]:
        """Return which rows of members, or of requests, are theirs."""
        found = [
            *(_there(table, network, table.network_id == id_) for network, id_ in self.ids),
            *(_there(table, network, table.handle_key == key) for network, key in self.handle_keys),
        ]
        if self.mail_digests:
            found.append(table.mail_digest.in_(self.mail_digests))
            if table is JoinRequest:  # an address that is not confirmed yet
                asked = select(JoinMail.request_id)
                found.append(table.id.in_(asked.where(JoinMail.mail_digest.in_(self.mail_digests))))
        return or_(false(), *found)

    def suggested(self) -> ColumnElement[bool]:
        """Return which suggestions are theirs."""
        return or_(
            false(),
            *(and_(_on(network), Suggestion.person_id == id_) for network, id_ in self.ids),
            *(
                and_(_on(network), Suggestion.handle_key == key)
                for network, key in self.handle_keys
            ),
            Suggestion.mail_digest.in_(self.mail_digests),
        )


def make_anonymous(session: Session, person: Person, now: datetime) -> int:
    """Take from suggestions whose they are, and what they wrote; return how many there were.

    The addresses that they found stay.
    """
    query = select(Suggestion).where(person.suggested(), Suggestion.bared_at.is_(None))
    found = session.scalars(query.order_by(Suggestion.id)).all()
    bare(session, found, now)
    return len(found)


def _there(
    table: type[Member] | type[JoinRequest], network: str | None, same: ColumnElement[bool]
) -> ColumnElement[bool]:
    return same if network is None else and_(table.network == network, same)


def _on(network: str | None) -> ColumnElement[bool]:
    accounts = select(Account.id)
    if network is not None:
        accounts = accounts.where(Account.network == network)
    return Suggestion.account_id.in_(accounts)
