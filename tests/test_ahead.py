"""A clock that ran ahead for a while: what it has left in the future heals by itself."""

from datetime import datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import Table, select, update
from world import NOON, World

from linktrack.audience.claims import claim_turn
from linktrack.audience.models import Sync
from linktrack.db import Utc
from linktrack.engagement.models import EngagementWatch
from linktrack.links.models import Watch
from linktrack.owners.access import create_owner, make_sign_in_link
from linktrack.owners.models import Token
from linktrack.owners.passwords import begin_attempt
from linktrack.owners.signing_in.codes import begin_codes
from linktrack.owners.tokens import create_token
from linktrack.publishing.models import Sending
from linktrack.tables import METADATA
from linktrack.upkeep.ahead import BEGAN, DUE, ENDS, take_back_the_future

DAY: Final = timedelta(days=1)
AHEAD: Final = {*DUE, *ENDS, *BEGAN}

LEFT: Final[dict[str, tuple[str, ...]]] = {
    "people choose it": (
        "communities.opened_at", "day_notes.created_at", "experiments.at", "follow_backs.since",
        "link_limits.expires_at", "link_limits.valid_from", "posts.measured_from",
        "posts.posted_at", "sendings.due_at", "sendings.next_at",
        "shared_reports.expires_at", "suggestion_boxes.form_since",
        "suggestion_boxes.mentions_since", "tokens.expires_at",
    ),
    "a network or an archive says it": (
        "followers.account_created_at", "followers.last_active_at", "imported_totals.before",
        "network_posts.posted_at", "seen_posts.posted_at", "suggestions.said_at",
        "unwrapped_posts.posted_at",
    ),
    "it dates a figure, a list or a reading, in whose order all others stand": (
        "alerts.ended_at", "alerts.noticed_at", "alerts.seen_at", "alerts.since", "alerts.until",
        "engagement_counts.counted_at", "engagement_tallies.counted_at",
        "engagement_tallies.names_read_at", "engagement_tallies.read_at",
        "engagement_tallies.roster_at", "engagement_tallies.sized_at",
        "engagements.first_seen_at", "follow_periods.began_after", "follow_periods.began_by",
        "follow_periods.ended_after", "follow_periods.ended_by", "follower_counts.counted_at",
        "follower_properties.counted_at", "follower_segments.sorted_at", "followers.facts_at",
        "rosters.taken_at", "segment_sizes.sized_at", "watches.known_from",
    ),
    "its node says it again every few seconds, from its own files": (
        "nodes.lost_at", "nodes.waiting_since",
    ),
    "it says when something was done, and nothing is counted from it": (
        "accounts.card_set_at", "accounts.created_at", "accounts.removed_at", "audit_entries.at",
        "base_addresses.since", "bulk_changes.at", "bulk_changes.undone_at", "consents.agreed_at",
        "credentials.connected_at",
        "domains.since", "experiments.created_at", "feed_entries.brought_at",
        "feed_mails.ended_at",
        "follow_backs.on_since", "follow_backs.shown_at", "forgotten_followers.forgotten_at",
        "join_requests.confirmed_at", "join_requests.decided_at",
        "link_checks.failing_since", "link_destinations.since", "link_options.closed_at",
        "link_options.created_at", "links.changed_at",
        "links.created_at", "links.disabled_at", "made_follows.ended_at", "member_steps.ended_at",
        "members.joined_at", "network_posts.gone_at", "one_time_codes.on_since",
        "own_pictures.changed_at", "owners.created_at", "passkeys.created_at",
        "passkeys.last_used_at", "people.created_at",
        "posts.created_at", "provided_people.created_at", "qr_looks.changed_at",
        "recovery_codes.used_at",
        "goals.created_at", "registrations.made_at", "segments.created_at", "segments.removed_at",
        "shared_reports.created_at", "shared_reports.revoked_at", "sign_in_links.used_at",
        "suggestion_answers.asked_at", "suggestion_answers.ended_at", "suggestions.bared_at",
        "suggestions.decided_at", "suggestions.received_at", "suggestions.told_at",
        "tokens.created_at", "tokens.revoked_at", "webhook_deliveries.delivered_at",
        "webhooks.created_at", "webhooks.disabled_at",
    ),
}  # fmt: skip
"""Moments that stay as they are, by the reason."""


def test_every_stored_moment_is_decided() -> None:
    """Whether it can lie too far ahead, or why nobody waits for it. A new one is in neither."""
    there = {
        f"{table.name}.{column.name}"
        for table in METADATA.sorted_tables
        for column in table.columns
        if isinstance(column.type, Utc)
    }
    healed = {f"{table}.{column}" for table, column in AHEAD}
    left = [name for names in LEFT.values() for name in names]
    assert len(left) == len(set(left))
    undecided = sorted(there - healed - set(left))
    assert not undecided, (
        "A clock runs a year ahead for a minute: what waits for these afterwards? Put them into "
        f"upkeep/ahead.py, or with the reason why nothing does into LEFT: {undecided}"
    )
    assert sorted(healed & set(left)) == []
    assert healed | set(left) <= there


def moments(world: World, table: Table, column: str) -> set[datetime]:
    found = world.session.scalars(select(table.c[column]).where(table.c[column].is_not(None)))
    return set(found)


def test_what_lies_too_far_ahead_is_brought_back_and_nothing_else(world: World) -> None:
    """In an installation with one of everything."""
    account = world.account()
    world.post(account, "http://one.com/")
    owner = create_owner(world.session, "Ann", NOON)
    make_sign_in_link(world.session, owner, NOON)
    begin_attempt(world.session, "Ann", "a network", NOON)
    begin_codes(world.session, owner, b"k" * 32, NOON)
    create_token(world.session, "a program", "read", None, NOON)
    world.session.execute(update(Token).values(last_used_at=NOON))
    for turns in (Sync, Watch, EngagementWatch):
        claim_turn(world.session, turns, account.id, NOON, timedelta(minutes=10))
    world.session.commit()
    now = NOON + timedelta(minutes=1)
    assert take_back_the_future(world.database, now, DAY) == 0
    filled = 0
    for name, column in sorted(AHEAD):
        table = METADATA.tables[name]
        before = moments(world, table, column)
        if not before:
            continue
        world.session.execute(update(table).values({column: now + 3_650 * DAY}))
        world.session.commit()
        filled += 1
        assert take_back_the_future(world.database, now, DAY) > 0, (name, column)
        world.session.rollback()
        latest = ENDS.get((name, column), timedelta())
        assert moments(world, table, column) == {now + latest}, (name, column)
    assert filled >= 7
    assert take_back_the_future(world.database, now, DAY) == 0


def test_an_account_is_read_again_after_a_claim_of_a_wrong_clock(world: World) -> None:
    """Else nobody reads it for as many years as the clock was ahead."""
    account = world.account()
    world.session.commit()
    lease = timedelta(minutes=10)
    assert claim_turn(world.session, Sync, account.id, NOON + 400 * DAY, lease)
    world.session.commit()
    assert not claim_turn(world.session, Sync, account.id, NOON, lease)
    world.session.commit()
    assert take_back_the_future(world.database, NOON, DAY) == 1
    assert claim_turn(world.session, Sync, account.id, NOON, lease)


def test_who_reads_networks_seldom_is_not_hurried(world: World) -> None:
    """LINKTRACK_SYNC_HOURS may be half a year."""
    account = world.account()
    world.session.commit()
    assert claim_turn(world.session, Sync, account.id, NOON, 180 * DAY)
    world.session.commit()
    assert take_back_the_future(world.database, NOON, 180 * DAY) == 0
    assert take_back_the_future(world.database, NOON, DAY) == 1


@pytest.mark.parametrize(("state", "planned", "freed"), [("sending", 0, 1), ("waiting", 900, 0)])
def test_a_post_waits_for_its_owner_and_for_no_wrong_clock(
    sqlite_world: World, state: str, planned: int, freed: int
) -> None:
    """One that is being sent is taken over; one that is planned for later stays planned."""
    post = sqlite_world.post(sqlite_world.account(), "http://one.com/")
    late = NOON + 900 * DAY
    row = {"post_id": post.id, "state": state, "due_at": NOON + planned * DAY, "next_at": late}
    sqlite_world.session.add(Sending(**row, changed_at=NOON, key="k"))
    sqlite_world.session.commit()
    assert take_back_the_future(sqlite_world.database, NOON, DAY) == freed
