"""Short codes: readable, never clashing, never guessed."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import World

from linktrack.api.clients.doors import DOORS
from linktrack.errors import Invalid
from linktrack.ids import FollowerId, LinkId, SegmentId
from linktrack.links.codes import ALPHABET, RESERVED, Bearer, Codes, check_custom, is_reserved

CODES = Codes("salt", b"check secret")
numbers = st.integers(1, 2**31 - 1)


@given(numbers, st.integers(0, 20), numbers, st.integers(0, 20))
def test_proposals_for_different_links_never_meet(
    one: int, attempt: int, other: int, other_attempt: int
) -> None:
    """The same number and attempt give the same code, others another."""
    same = (one, attempt) == (other, other_attempt)
    assert (CODES.propose(one, attempt) == CODES.propose(other, other_attempt)) == same


@given(numbers)
def test_a_proposal_is_short_and_has_no_look_alikes(number: int) -> None:
    """At least five characters, none of them 0, O, 1, l or I."""
    code = CODES.propose(number)
    assert 5 <= len(code) <= 8
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("0O1lI")


@given(numbers.map(LinkId), numbers.map(SegmentId), st.none() | numbers.map(FollowerId))
def test_a_computed_code_gives_back_what_it_carries(
    link: LinkId, segment: SegmentId, follower: FollowerId | None
) -> None:
    """Link, segment and follower survive the way through a code."""
    bearer = Bearer(link, segment, follower)
    assert CODES.read(CODES.compute(bearer)) == bearer


@given(st.text(max_size=80))
def test_any_text_can_be_read_and_carries_nothing(text: str) -> None:
    """What is not one of our computed codes is None, never an error."""
    assert CODES.read(text) is None


def test_made_up_codes_are_refused_whatever_numbers_they_hold() -> None:
    """Also a check that is larger than any check of ours."""
    hashids = CODES._hashids
    for numbers in ((1, 1, 2**32), (1, 1, 2**70), (1, 1, 1, 2**64), (2**80, 1, 1), (0, 0, 0)):
        assert CODES.read(str(hashids.encode(*numbers))) is None


@pytest.mark.slow
def test_no_changed_character_gives_another_valid_code() -> None:
    """100,000 codes with one character changed, dropped or doubled: all are refused."""
    chance = random.Random(2009)
    characters = string.ascii_letters + string.digits + "-_"
    for _ in range(100_000):
        code = CODES.compute(
            Bearer(LinkId(chance.randrange(1, 10**6)), SegmentId(chance.randrange(1, 500)))
        )
        place = chance.randrange(len(code))
        changed = code[:place] + chance.choice(characters) + code[place + chance.randrange(2) :]
        assert changed == code or CODES.read(changed) is None


def test_another_installations_codes_are_refused() -> None:
    """The check secret decides, not the salt."""
    forged = Codes("salt", b"guessed secret").compute(Bearer(LinkId(1), SegmentId(1)))
    assert CODES.read(forged) is None


def test_a_version_of_a_link_has_about_14_characters() -> None:
    """32 bits of check make codes of 13 to 16 characters, personal ones up to 19."""
    assert 12 <= len(CODES.compute(Bearer(LinkId(12_345), SegmentId(12)))) <= 16
    assert 14 <= len(CODES.compute(Bearer(LinkId(12_345), SegmentId(12), FollowerId(6_789)))) <= 19


@pytest.mark.parametrize("slug", ["a", "spring-sale", "A_1", "x" * 64])
def test_an_owner_may_choose_a_code(slug: str) -> None:
    """Letters, digits, - and _, up to 64."""
    assert check_custom(slug) == slug


@pytest.mark.parametrize("slug", ["", "a b", "ä", "a/b", "a.b", "x" * 65, "a\n", "+", "..", "a?b"])
def test_what_cannot_stand_in_an_address_is_refused(slug: str) -> None:
    """The sentence says what may be used."""
    with pytest.raises(Invalid, match="use 1 to 64 letters"):
        check_custom(slug)


@pytest.mark.parametrize("path", ["owner", "OWNER", "api", "healthz", "join", "people", "static"])
def test_paths_of_our_own_are_never_codes(path: str) -> None:
    """In any mixture of case."""
    assert is_reserved(path)
    with pytest.raises(Invalid, match="reserved for linktrack"):
        check_custom(path)


def test_every_route_of_the_application_is_reserved(sqlite_world: World) -> None:
    """A page added tomorrow must not be hidden by a short code."""
    from linktrack.app import create_app
    from linktrack.installation import Installation
    from linktrack.keys import load_keys

    app = create_app(
        Installation(
            sqlite_world.settings,
            load_keys(sqlite_world.settings.data),
            sqlite_world.database,
            sqlite_world.shortener,
        )
    )
    firsts = {
        str(rule).split("/")[1]
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] not in DOORS  # most are closed; a link goes first
    }
    assert {first for first in firsts if first and "<" not in first} <= RESERVED
