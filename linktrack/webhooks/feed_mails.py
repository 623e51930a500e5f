"""Mails of the week to the members of communities, each once; places in the feeds of the week."""

import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from linktrack.calendar.ranges import DayRange
from linktrack.clicks.loading.loaded import loaded_until
from linktrack.community.contacts import read_mail
from linktrack.community.feed import mails
from linktrack.community.feed.reading import read_feed
from linktrack.community.feed_addresses import member_token
from linktrack.community.models import MailState, Member
from linktrack.db import Database
from linktrack.errors import Invalid, Unavailable
from linktrack.ids import AccountId
from linktrack.keys import Keys
from linktrack.links.catalog import Shortener
from linktrack.mail import Deferred, MailServer, Unreached, Untaken, send, to_one
from linktrack.reports.community.best import rank_weeks
from linktrack.reports.digest_periods import last_whole

log = logging.getLogger(__name__)

INTERVAL: Final = 60.0  # seconds between passes
HOUR: Final = time(8)
"""When on Monday the mails of the week before begin, on the owner's clock."""

MOST_DEFERRED: Final = 5
"""Mails after one another that the server wants later: then all others wait, too."""

AGAIN: Final = timedelta(minutes=15)
"""When a mail is tried again that the server wants later. Until then others get theirs, however
many mailboxes before them are full."""

AT_ONCE: Final = 100  # members whose mails are made after one another before others are looked for


class FeedMails:
    """Ranks the posts of weeks that are over, and sends each member the mail of the last one."""

    def __init__(
        self, database: Database, shortener: Shortener, keys: Keys, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._shortener = shortener
        self._keys = keys
        self._clock = clock
        self._deferred: dict[int, datetime] = {}  # until when, by the member

    def follow(self, wait: Callable[[float], bool]) -> None:
        """Make one pass after another; `wait(seconds)` returns whether to end."""
        failing = False
        while not wait(INTERVAL):
            try:
                self.mail_due(lambda: wait(0))
                failing = False
            except SQLAlchemyError as error:  # away just now: what is due stays due
                if not failing:
                    log.warning("Emails to members wait: %s", error)
                failing = True
            except Exception:
                if not failing:
                    log.exception("Emails to members failed; they are tried again.")
                failing = True

    def mail_due(self, is_ending: Callable[[], bool] = lambda: False) -> int:
        """Rank what is over, and send the mails that are due; return how many were taken."""
        settings, now = self._database.settings, self._clock()
        local = now.astimezone(settings.timezone)
        week, _ = last_whole("week", local.date(), settings.timezone)
        with self._database.session() as session:
            unsettled = mails.is_unsettled(session, week.end, now)
        if unsettled:  # seldom: it takes the lock for writing
            with self._database.session(writes=True) as session:
                loaded = loaded_until(session, settings.journals, now)
                rank_weeks(session, local.date(), settings.timezone, loaded)
                mails.doubt_old(session, now)
                session.commit()
        is_early = local.weekday() == 0 and local.time() < HOUR
        if settings.mail is None or is_early:
            return 0
        with self._database.session() as session:
            accounts = mails.mailing_communities(session, week.since, week.end)
        sent = 0
        for account_id in accounts:
            sent += self._mail_members(settings.mail, account_id, week, is_ending)
        return sent

    def _mail_members(
        self,
        server: MailServer,
        account_id: AccountId,
        week: DayRange,
        is_ending: Callable[[], bool],
    ) -> int:
        sent, number, deferred, last = 0, week.first.toordinal(), 0, 0
        now = self._clock()
        self._deferred = {each: until for each, until in self._deferred.items() if until > now}
        while True:
            with self._database.session() as session:
                due = mails.unmailed(
                    session, account_id, number, week.end, after=last, limit=AT_ONCE
                )
            if not due:
                return sent
            last = due[-1]
            for member_id in due:
                if is_ending():
                    return sent
                if member_id in self._deferred:
                    continue
                try:
                    was_sent = self._mail(server, member_id, week)
                except Unreached as error:
                    deferred += 1
                    if isinstance(error, Deferred):  # it may be about this one's address
                        self._deferred[member_id] = self._clock() + AGAIN
                        if deferred < MOST_DEFERRED:
                            continue
                    log.warning("Emails to members wait: the mail server takes none right now.")
                    return sent
                if was_sent is None:  # for nobody then: all have the same posts
                    return sent
                sent += was_sent
                deferred = 0

    def _mail(self, server: MailServer, member_id: int, week: DayRange) -> bool | None:
        """Send one member's mail; return whether the server took it, None if it has no post.

        Raises `Unreached`.
        """
        number, now = week.first.toordinal(), self._clock()
        settings = self._database.settings
        with self._database.session() as session:
            member = session.get(Member, member_id)
            if member is None or member.sealed_mail is None:
                return False
            feed = read_feed(
                session,
                self._shortener,
                member,
                personal=settings.personal_links,
                week=(week.since, week.end),
            )
            if not feed.items:
                return None
            addresses = self._addresses(member)
            sealed = member.sealed_mail
        try:
            to = to_one(server, read_mail(self._keys.sealing(), sealed))
        except Invalid:  # sealed under other keys
            if mails.begin(self._database, member_id, number, now):
                self._end(member_id, number, "refused", "The address can't be read.")
            return False
        subject, text = mails.subject_of(feed, week.first), mails.text_of(feed, addresses)
        if not mails.begin(self._database, member_id, number, now):
            return False
        try:
            send(
                to,
                subject,
                text,
                message_id=f"week-{number}-member-{member_id}@{settings.base_host}",
                headers=mails.headers_of(addresses),
            )
        except Unreached:
            mails.take_back(self._database, member_id, number)
            raise
        except Untaken:
            self._end(member_id, number, "refused", "The mail server didn't take it.")
            return False
        except Unavailable:
            self._end(member_id, number, "in_doubt", "The mail server didn't say if it took it.")
            return False
        mails.end(self._database, member_id, number, "sent", now=self._clock())
        return True

    def _end(self, member_id: int, week: int, state: MailState, problem: str) -> None:
        # Not in the server's own words: they may have the address, which is sealed elsewhere.
        log.warning("An email to a member is %s.", state.replace("_", " "))
        mails.end(self._database, member_id, week, state, now=self._clock(), problem=problem)

    def _addresses(self, member: Member) -> mails.MailAddresses:
        base, markers = self._shortener.base_url, self._keys.markers()
        return mails.MailAddresses(
            feed=f"{base}/feed/{member_token(markers, 'feed', member)}.html",
            member=f"{base}/feed/member/{member_token(markers, 'member', member)}",
            no_mails=f"{base}/feed/mails/{member_token(markers, 'mails', member)}",
        )
