"""Forget a person everywhere: as a follower, a member, somebody who asked, and who suggested."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import digest, find_people, handle_key
from linktrack.audience.models import Account, Follower, ForgottenFollower
from linktrack.calendar.days import Days
from linktrack.community.contacts import mail_digest
from linktrack.community.members.leaving import delete_members
from linktrack.community.members.persons import Person, make_anonymous
from linktrack.community.models import JoinRequest, Member
from linktrack.db import take_write_lock
from linktrack.engagement.forgetting import forget_those
from linktrack.errors import NotFound
from linktrack.keys import Keys
from linktrack.networks.registry import is_network
from linktrack.owners.audit import note


def forget_person(session: Session, name: str, keys: Keys, days: Days, now: datetime) -> None:
    """Remove a person from follower lists, clicks, engagement and communities, for good.

    `name` is the network's own id, or the @handle, as `find_people` takes it; or a mail address.
    Counts stay: they name nobody. Later follower lists leave the person out. Raises `NotFound`.
    """
    take_write_lock(session.connection())
    missing: NotFound | None = None
    followers: list[tuple[Follower, str]] = []
    try:
        followers = list(find_people(session, name))
    except NotFound as error:
        missing = error
    person = _named(name, keys)
    for follower, network in followers:
        person |= _follower(follower, network)
    members, requests = _rows(session, person)
    for member in members:  # what one row says finds the others
        person |= Person.of(member)
    for request in requests:
        person |= Person.of(request)
    members, requests = _rows(session, person)
    known = {follower.id for follower, _ in followers}
    followers += [pair for pair in _followers(session, person) if pair[0].id not in known]
    delete_members(session, members, days, now)
    session.execute(delete(JoinRequest).where(person.is_of(JoinRequest)))
    suggested = make_anonymous(session, person, now)
    if missing is not None and not (followers or members or requests or suggested):
        raise missing
    for network, id_ in sorted((network, id_) for network, id_ in person.ids if network):
        session.merge(
            ForgottenFollower(digest=digest(keys.forgetting, network, id_), forgotten_at=now)
        )
    if followers:
        forget_those(session, followers, keys.forgetting, days, now)
    else:
        note(session, "Forgot a person.", now)  # who it was must not be known
    session.flush()


def _named(name: str, keys: Keys) -> Person:
    """Return who a name may be: an id or a handle, of one network or any, or a mail address."""
    name = name.strip()
    network, colon, rest = name.partition(":")
    pairs: set[tuple[str | None, str]] = {(None, name)}
    if colon and is_network(network):
        pairs.add((network, rest))
    return Person(
        frozenset(pairs),
        frozenset((network, handle_key(written)) for network, written in pairs),
        frozenset(mail_digest(keys.sealing(), written) for _, written in pairs),
    )


def _follower(follower: Follower, network: str) -> Person:
    keys = {(network, follower.handle_key)} if follower.handle_key else set()
    return Person(frozenset({(network, follower.network_id)}), frozenset(keys))


def _rows(session: Session, person: Person) -> tuple[list[Member], list[JoinRequest]]:
    members = session.scalars(select(Member).where(person.is_of(Member)).order_by(Member.id))
    requests = session.scalars(select(JoinRequest).where(person.is_of(JoinRequest)))
    return list(members), list(requests)


def _followers(session: Session, person: Person) -> list[tuple[Follower, str]]:
    """Return the followers of these ids; a handle alone may be somebody else's by now."""
    ids = [id_ for network, id_ in person.ids if network is not None]
    query = (
        select(Follower, Account.network)
        .join(Account, Follower.account_id == Account.id)
        .where(Follower.network_id.in_(ids))
        .order_by(Follower.id)
    )
    return [
        (follower, network)
        for follower, network in session.execute(query)
        if (network, follower.network_id) in person.ids
    ]
