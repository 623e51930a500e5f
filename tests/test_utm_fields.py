"""UTM values with fields: filled in when a link is made, whichever way it is made."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from string import printable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import NOON, World

from linktrack.audience.utm import Utm, set_utm_values
from linktrack.audience.utm_fields import FIELDS, Facts, check_fields, filled
from linktrack.errors import Invalid
from linktrack.links.catalog import add_lone_link, addresses_before
from linktrack.links.destinations import MAX_LENGTH, parse_destination, with_parameters
from linktrack.links.posts import rewrap_post

FACTS = Facts("@Jesse.Stay", "x", date(2026, 11, 30), "Open Web", "aB3")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("{account}", "jesse.stay"),
        ("{network}-{date}", "x-2026-11-30"),
        ("{month}", "2026-11"),
        ("{tag}", "open web"),
        ("{slug}", "aB3"),
        ("{{date}} {{{slug}}}", "{date} {aB3}"),
        ("plain {colour} }", "plain {colour} }"),
    ],
)
def test_fields_are_filled_in(written: str, text: str) -> None:
    """In small letters but for the code; what is no field, in values of before, stays."""
    assert filled(written, FACTS.values()) == text


@pytest.mark.parametrize(
    ("written", "named"), [("{colour}", "{colour} isn't a field"), ("a{", "{{"), ("}b", "}}")]
)
def test_an_unknown_field_is_refused_with_the_known_ones(
    world: World, written: str, named: str
) -> None:
    """In one sentence; braces of one's own are written twice."""
    account = world.account()
    with pytest.raises(Invalid, match="utm_term") as refused:
        set_utm_values(world.session, account, {"utm_term": written})
    assert named in refused.value.sentence
    if "colour" in written:
        assert all(f"{{{name}}}" in refused.value.sentence for name in FIELDS)
    set_utm_values(world.session, account, {"utm_term": "{{ok}}"})


ADDRESSES = st.builds(
    "https://example.com/{}?{}#{}".format, *[st.text(printable[:95], max_size=20)] * 3
)


@given(
    ADDRESSES,
    st.dictionaries(
        st.sampled_from(["utm_source", "utm_term", "utm_content"]),
        st.lists(
            st.sampled_from([*(f"{{{name}}}" for name in FIELDS), "{{", "}}", "&=#", "ü 💛"]),
            min_size=1,
            max_size=9,
        ).map("".join),
    ),
    st.text(max_size=100).filter(lambda tag: not any("\ud800" <= c <= "\udfff" for c in tag)),
)
def test_filling_never_makes_an_invalid_address(
    address: str, values: dict[str, str], tag: str
) -> None:
    """And what it was made of is found again, with whatever else it has."""
    for name, value in values.items():
        check_fields(name, value)
    utm = Utm("@Jesse & Co", "mastodon", values)
    added = utm.filled(day=date(2026, 1, 2), tag=tag, slug="x-_Y")
    written = parse_destination(address)
    made = with_parameters(written, added)
    assert parse_destination(made) == made
    assert len(made) <= MAX_LENGTH
    assert written in addresses_before(made, utm)


def test_each_way_of_making_links_fills_them(world: World) -> None:
    """A post's, one on its own, and a program's; the day is that of the owner's zone."""
    account = world.account()
    values = {"utm_campaign": "{network}-{date}", "utm_term": "{tag}", "utm_content": "{slug}"}
    set_utm_values(world.session, account, values)
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    shortener = replace(world.shortener, timezone=ZoneInfo("Pacific/Auckland"))
    world.shortener = shortener
    (link,) = world.post(account, "https://one.com/?a=1", late).links
    assert link.destination == (
        f"https://one.com/?a=1&utm_campaign=x-2026-12-01&utm_content={link.code}"
    )
    assert [each.destination for each in link.history] == [link.destination]
    lone = add_lone_link(
        world.session,
        shortener,
        account_id=account.id,
        written="https://two.com/?utm_term=mine#top",
        at=late,
        slug="poster",
        tags=[" ", "Öl"],
    )
    assert lone.destination == (
        "https://two.com/?utm_term=mine&utm_campaign=x-2026-12-01&utm_content=poster#top"
    )


def test_an_edited_post_keeps_its_links(world: World) -> None:
    """The day after as well, and only what is new gets a link."""
    account = world.account()
    set_utm_values(world.session, account, {"utm_campaign": "{date}", "utm_term": "{slug}"})
    post = world.post(account, "https://one.com/ https://one.com/?utm_campaign=mine")
    before = [link.code for link in post.links]
    rewrap_post(
        world.session,
        world.shortener,
        account,
        post,
        "https://three.com https://one.com/?utm_campaign=mine https://one.com/",
        now=NOON + timedelta(days=1),
    )
    codes = [link.code for link in post.links]
    assert codes[:2] == before
    assert len(codes) == 3
    order = [codes[2], codes[1], codes[0]]
    assert post.text == " ".join(world.shortener.short_url(code or "") for code in order)
