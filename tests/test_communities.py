"""Opening and closing a community, what its owner chooses, and what strangers may send."""

from datetime import timedelta

import pytest
from browser import Browser, read
from commands import Run
from communing import opened, sealing
from sqlalchemy import func, select
from world import NOON, World

from linktrack.community.communities import (
    Choices,
    close_community,
    find_community,
    is_open,
    open_community,
    open_ones,
    set_community,
)
from linktrack.community.contacts import mail_digest, read_mail, seal_mail
from linktrack.community.floods import MOST, MOST_OF_ALL, count_attempt
from linktrack.community.models import StrangerAttempt
from linktrack.errors import Invalid, NotFound, TooMany
from linktrack.owners.audit import entries

HOUR = timedelta(hours=1)


def test_a_community_is_opened_once_and_keeps_its_settings_while_it_is_closed(world: World) -> None:
    """Opening it again is no second opening; the activity log has each change once."""
    account = world.account("@jessestay", role="we")
    assert find_community(world.session, account) is None
    open_community(world.session, account, NOON)
    open_community(world.session, account, NOON + HOUR)
    set_community(world.session, account, Choices(question=" Who\n are you? "), NOON)
    close_community(world.session, account, NOON)
    close_community(world.session, account, NOON)
    assert not is_open(world.session, account)
    found = open_community(world.session, account, NOON + HOUR)
    assert (found.question, found.opened_at) == ("Who are you?", NOON + HOUR)
    assert list(open_ones(world.session)) == [account]
    said = [entry.what for entry in entries(world.session, None, 10)][::-1]
    assert said[1:] == [
        "Opened the community of @jessestay.",
        "Changed the settings of the community of @jessestay.",
        "Closed the community of @jessestay: it takes no more requests.",
        "Opened the community of @jessestay.",
    ]


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        (Choices(feed="daily"), "choose full or weekly"),
        (Choices(weekly_best=0), "from 1 to 50"),
        (Choices(weekly_best=51), "from 1 to 50"),
        (Choices(question="?" * 301), "may have 300 characters"),
        (Choices(welcome="!" * 4_001), "may have 4,000 characters"),
        (Choices(welcome="\0"), "cannot be stored"),
        (Choices(question="\ud800"), "cannot be stored"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    sqlite_world: World, choices: Choices, why: str
) -> None:
    """With a sentence that says what is allowed."""
    account = opened(sqlite_world)
    with pytest.raises(Invalid, match=why):
        set_community(sqlite_world.session, account, choices, NOON)


def test_a_mail_address_is_read_only_with_the_keys_and_found_whatever_its_case(
    sqlite_world: World,
) -> None:
    """What is stored has none of it; under other keys neither reading nor finding works."""
    key, other = sealing(sqlite_world), bytes(32)
    sealed = seal_mail(key, " Ann@Example.org ")
    assert read_mail(key, sealed.sealed) == "Ann@Example.org"
    assert "nn@" not in sealed.sealed
    assert sealed.digest == mail_digest(key, "ann@example.ORG")
    assert sealed.digest != mail_digest(other, "ann@example.org")
    with pytest.raises(Invalid, match=r"put back the keys\.json"):
        read_mail(other, sealed.sealed)
    for wrong in ("ann", "ann@", "a b@example.org", "ann@example.org\r\nBcc: x@example.org", "@"):
        with pytest.raises(Invalid):
            seal_mail(key, wrong)


def test_a_network_may_try_a_few_times_an_hour_and_all_of_them_some_hundred_times(
    world: World,
) -> None:
    """What is refused leaves no more rows, and the next hour begins with none."""
    for _ in range(MOST):
        count_attempt(world.session, "join", "here", NOON)
        world.session.commit()
    with pytest.raises(TooMany):
        count_attempt(world.session, "join", "here", NOON)
    world.session.rollback()
    count_attempt(world.session, "suggest", "here", NOON)
    for number in range(MOST_OF_ALL - MOST):
        count_attempt(world.session, "join", f"there {number}", NOON)
    world.session.commit()
    for number in range(5):
        with pytest.raises(TooMany):
            count_attempt(world.session, "join", f"elsewhere {number}", NOON)
        world.session.rollback()
    rows = select(func.count()).select_from(StrangerAttempt)
    assert world.session.scalar(rows) == 1 + 1 + MOST_OF_ALL - MOST
    count_attempt(world.session, "join", "here", NOON + HOUR)
    world.session.commit()
    assert world.session.scalar(rows) == 1


def test_the_owner_opens_it_on_the_page_and_chooses_there(sqlite_world: World) -> None:
    """Before that the page says what a community is; a form made from older settings is refused."""
    browser = Browser.signed_in(sqlite_world)
    account = sqlite_world.account("@jessestay", role="we")
    sqlite_world.account("@jesse", role="me")
    page = browser.get("/owner/community")
    assert "introduces themselves" in read(page)
    assert "jessestay" in page.text.partition("</h1>")[0]
    assert "has no community yet" in read(browser.get("/owner/community/settings"))
    at = f"/owner/community/{account.id}"
    answer = browser.send(f"{at}/open", {}, "/owner/community")
    assert answer.headers["Location"] == f"/owner/community?account={account.id}"
    assert "people can ask to join" in read(browser.get("/owner/community"))
    chosen: dict[str, str | list[str]] = {
        "question": "What do you paint?", "welcome": "Hello!", "feed": "weekly", "weekly_best": "3",
    }  # fmt: skip
    assert browser.send(f"{at}/settings", chosen, "/owner/community/settings").status_code == 303
    sqlite_world.session.expire_all()
    found = find_community(sqlite_world.session, account)
    assert found is not None
    assert (found.question, found.feed, found.weekly_best, found.mails) == (
        "What do you paint?", "weekly", 3, False,
    )  # fmt: skip
    wrong = browser.send(
        f"{at}/settings",
        {**chosen, "weekly_best": "99"},
        f"/owner/community/settings?account={account.id}",
    )
    assert wrong.status_code == 422
    assert "from 1 to 50" in read(wrong)
    browser.send(f"{at}/close", {}, "/owner/community")
    assert "Nobody can ask to join now" in read(browser.get("/owner/community"))


def test_commands_do_the_same(run: Run) -> None:
    """And say what to do where there is no community."""
    run("account", "add", "@jessestay", "--network", "x", "--role", "we")
    missing = run("community", "show", "@jessestay")
    assert (missing.exit_code, "linktrack community open" in missing.output) == (1, True)
    assert "is open" in run("community", "open", "@jessestay").output
    run("community", "set", "@jessestay", "--weekly-best", "7", "--no-mails")
    shown = run("community", "show", "@jessestay", "--json").output
    assert '"weekly_best": 7, "mails": false' in shown
    assert '"question": "Who are you' in shown
    assert "no more requests" in run("community", "close", "@jessestay").output
    assert '"opened_at": null' in run("community", "show", "@jessestay", "--json").output


def test_only_what_is_there_can_be_closed(sqlite_world: World) -> None:
    """The sentence says how it is opened."""
    account = sqlite_world.account()
    with pytest.raises(NotFound, match="linktrack community open @JessesLinks"):
        close_community(sqlite_world.session, account, NOON)
