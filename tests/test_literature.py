"""What others have published stands beside our rates: dated, named, and no target."""

import re

import pytest
from audiences import followers
from browser import Browser, read
from clicking import people
from world import World

from linktrack.reports.literature import FINDINGS, Finding, findings


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.source[:20])
def test_each_names_its_source_and_year_and_what_was_counted(finding: Finding) -> None:
    """A rate per follower, or per possible view, as a fraction; the source has the year."""
    assert 0 < finding.low <= finding.high < 1
    assert re.search(rf"\b{finding.year}\b", f"{finding.source} {finding.counts}")
    assert "per follower" in finding.counts or "could have been seen" in finding.counts


def test_those_of_about_the_same_size_come_first() -> None:
    """An account of 23,000 finds its own size; without a count the order is that of the rates."""
    first = findings("clicks", 23_000)
    own = [each for each in first if each.is_of_size(23_000)]
    assert own
    assert first[: len(own)] == own
    assert "Jesse Stay" in own[0].source
    plain = findings("engagement")
    assert not any(each.is_of_size(None) for each in plain)
    assert {each.counted for each in plain} == {"engagement"}


def test_the_posts_page_shows_them_small(world: World) -> None:
    """Folded, below the posts, with what fits the account marked."""
    account = world.account()
    followers(world, account, 23_000, days=-1)
    people(world, world.post(account, "https://example.com/"), 0, 35)
    page = read(Browser.signed_in(world).get(f"/owner/posts?account={account.id}"))
    assert "Published, not a target" in page
    assert "one account with 23,000 about your size" in page
