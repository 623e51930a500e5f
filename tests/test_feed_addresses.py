"""The addresses that are a member's own: signed, ended by renewing and by leaving."""

import pytest
from members import add_member
from world import NOON, World

from linktrack.community.feed_addresses import (
    Purpose,
    feed_member,
    feed_token,
    member_of,
    member_token,
    renew_addresses,
)
from linktrack.errors import Ended, NotFound
from linktrack.keys import Markers

MARKERS = Markers(b"k" * 32)
PURPOSES: tuple[Purpose, ...] = ("feed", "member", "mails")


def test_an_address_leads_to_its_member_and_a_renewed_one_has_ended(world: World) -> None:
    """The old one is told to have ended, the new one works, and nothing else is stored."""
    community = world.account("@JesseStay", role="we")
    ada, ben = (add_member(world.session, community, name) for name in ("@ada", "@ben"))
    old = feed_token(MARKERS, ada)
    assert feed_member(world.session, MARKERS, old) is ada
    renew_addresses(world.session, ada, NOON)
    new = feed_token(MARKERS, ada)
    assert new != old
    assert feed_member(world.session, MARKERS, new) is ada
    assert feed_member(world.session, MARKERS, feed_token(MARKERS, ben)) is ben
    with pytest.raises(Ended):
        feed_member(world.session, MARKERS, old)


def test_an_address_of_somebody_who_left_has_ended_and_their_number_is_nobody_elses(
    world: World,
) -> None:
    """Whoever is let in next gets another number, so the old address never opens their feed."""
    community = world.account("@JesseStay", role="we")
    ada = add_member(world.session, community)
    token = feed_token(MARKERS, ada)
    world.session.delete(ada)
    world.session.flush()
    add_member(world.session, community, "@ben")
    with pytest.raises(Ended):
        feed_member(world.session, MARKERS, token)


def test_an_address_is_good_for_its_own_purpose_only(world: World) -> None:
    """Whoever reads a leaked feed can change no membership; old mails can be ended for ever."""
    ada = add_member(world.session, world.account("@JesseStay", role="we"))
    for made in PURPOSES:
        token = member_token(MARKERS, made, ada)
        assert member_of(world.session, MARKERS, made, token) is ada
        for asked in set(PURPOSES) - {made}:
            with pytest.raises(NotFound):
                member_of(world.session, MARKERS, asked, token)
    mails = member_token(MARKERS, "mails", ada)
    renew_addresses(world.session, ada, NOON)
    assert member_of(world.session, MARKERS, "mails", mails) is ada


def test_no_other_text_is_an_address(sqlite_world: World) -> None:
    """Neither one signed by another installation, nor one with any character changed."""
    ada = add_member(sqlite_world.session, sqlite_world.account("@JesseStay", role="we"))
    token = feed_token(MARKERS, ada)
    others = [
        "",
        token + "0",
        token.upper() if token.upper() != token else f"{token}A",
        f"0{token}",
        f"1{token}",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        f"x; {token}",
        token.replace("-", "."),
        "é" * 40,
        "9" * 400,
        feed_token(Markers(b"o" * 32), ada),
    ]
    for other in others:
        with pytest.raises(NotFound):
            feed_member(sqlite_world.session, MARKERS, other)
