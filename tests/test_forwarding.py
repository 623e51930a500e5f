"""Query strings that go on to the destination, and UTM values that wrapping adds."""

import json

import pytest
from browser import Browser, read
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lanes import Street
from world import NOON, World

from linktrack.audience.utm import set_utm_values, utm_values
from linktrack.cli import main
from linktrack.errors import Invalid
from linktrack.ids import LinkId, SegmentId
from linktrack.links.catalog import set_forwarding
from linktrack.links.destinations import MAX_LENGTH, with_parameters, with_query
from linktrack.links.redirects.lookup import find_target
from linktrack.links.redirects.targets import Target


@pytest.mark.parametrize(
    ("destination", "asked", "location"),
    [
        ("https://a.com/", "?x=1", "https://a.com/?x=1"),
        ("https://a.com/?y=2", "?x=1&z", "https://a.com/?y=2&x=1&z"),
        ("https://a.com/#part", "?x=1", "https://a.com/?x=1#part"),
        ("https://a.com/", "", "https://a.com/"),
        ("https://a.com/", "?ü=<1>", "https://a.com/?%C3%BC=%3C1%3E"),
        ("https://a.com/", "?" + "x" * 5000, "https://a.com/"),
    ],
)
def test_a_link_that_forwards_adds_the_clicks_query(
    street: Street,
    destination: str,
    asked: str,
    location: str,
) -> None:
    """Behind the destination's own, before its fragment; other links leave it out."""
    street.known["fwd"] = Target(LinkId(3), destination, forward_query=True)
    street.known["plain"] = Target(LinkId(4), destination)
    assert street.get(f"/fwd{asked}").headers["Location"] == location
    assert street.get(f"/plain{asked}").headers["Location"] == destination
    assert len(street.clicks()) == 2


@given(st.text(st.characters(max_codepoint=255)))
def test_no_query_breaks_a_header(query: str) -> None:
    """Printable ASCII on one line, whatever was asked, and never too long."""
    location = with_query("https://a.com/?x#y", query)
    assert location.isascii()
    assert location.isprintable()
    assert " " not in location
    assert len(location) <= MAX_LENGTH


def test_utm_values_give_way_to_those_an_address_has() -> None:
    """Nothing else of the address changes."""
    utm = {"utm_source": "x", "utm_medium": "social media"}
    assert with_parameters("https://a.com/b", utm) == (
        "https://a.com/b?utm_source=x&utm_medium=social+media"
    )
    assert with_parameters("https://a.com/?utm_source=&q=%20#f", utm) == (
        "https://a.com/?utm_source=&q=%20&utm_medium=social+media#f"
    )
    assert with_parameters("https://a.com/", {}) == "https://a.com/"


def test_wrapping_adds_an_accounts_utm_values(world: World) -> None:
    """To each address of the text, in every version; another account's are left alone."""
    account, other = world.account(), world.account("@other")
    set_utm_values(world.session, account, {"utm_source": "x", "utm_term": " "})
    post = world.post(account, "See http://one.com/ and http://two.com/?a=1, http://one.com/")
    assert [link.destination for link in post.links] == [
        "http://one.com/?utm_source=x",
        "http://two.com/?a=1&utm_source=x",
    ]
    assert post.text.count(f"/{post.links[0].code}") == 2
    assert world.post(other, "http://one.com/").links[0].destination == "http://one.com/"
    for values in ({"utm_x": "1"}, {"utm_source": "a\nb"}, {"utm_source": "x" * 101}):
        with pytest.raises(Invalid):
            set_utm_values(world.session, account, values)
    assert utm_values(world.session, account.id) == {"utm_source": "x"}


def test_forwarding_reaches_versions_too(world: World) -> None:
    """It is the link's, whichever code was clicked."""
    link = world.post(world.account(), "http://one.com/").links[0]
    set_forwarding(world.session, link, True, NOON)
    world.session.commit()
    for code in (link.code or "", world.shortener.version_code(link.id, SegmentId(7))):
        target = find_target(world.database.engine, world.shortener.codes, code)
        assert target is not None
        assert target.forward_query


def test_both_are_chosen_on_the_pages_and_by_command(world: World) -> None:
    """And shown where they are chosen."""
    browser = Browser.signed_in(world)
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    page = f"/owner/links/{link.code}"
    assert "Forward query strings" in read(browser.get(page))
    browser.send(f"{page}/forwarding", {"forward": "yes"}, page)
    assert "Stop forwarding" in read(browser.get(page))
    page = f"/owner/accounts/{account.id}"
    assert browser.send(f"{page}/utm", {"utm_source": "x" * 101}, page).status_code == 422
    assert browser.send(f"{page}/utm", {"utm_source": "bluesky"}, page).status_code == 303
    assert 'value="bluesky"' in browser.get(f"{page}/settings/links").text
    env = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
    }

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments, env=env)
        assert done.exit_code == 0, done.output
        return done.stdout

    utm = ("account", "utm", "@JessesLinks")
    assert json.loads(run(*utm, "--json")) == {"utm_source": "bluesky"}
    assert run(*utm, "utm_medium=social") == "utm_medium=social\n"
    assert json.loads(run(*utm, "--clear", "--json")) == {}
    run("link", "forward", link.code or "", "off")
    assert json.loads(run("link", "show", link.code or "", "--json"))["forward_query"] is False
