"""Segment rules: what is not known never matches, and every mistake is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linktrack.audience.rules import (
    DAY,
    FIELDS,
    PRESETS,
    SIGNS,
    Facts,
    empty_signs,
    judge,
    parse_rule,
    parse_rules,
    preset,
    preset_name,
)
from linktrack.errors import Invalid

NOW = 20_000 * DAY
KNOWN = Facts(
    followed_by=NOW - 10 * DAY,
    followed_after=NOW - 12 * DAY,
    followers=40,
    following=400,
    posts=7,
    account_created_at=NOW - 100 * DAY,
    has_description=True,
    has_picture=False,
    last_active_at=NOW - 200 * DAY,
    followed_back=False,
    came_back=True,
    in_community=False,
    lists=("Friends",),
)
STRANGER = Facts(followed_by=NOW)


def holds(rule: str, facts: Facts = KNOWN) -> bool | None:
    return parse_rule(rule).judge(facts, NOW)


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("followers >= 40", True),
        ("followers > 40", False),
        ("following != 400", False),
        ("posts = 7", True),
        ("posts<1,000", True),
        ("account_age <= 100", True),
        ("account_age < 90 days", False),
        ("has_description = yes", True),
        ("has_picture is no", True),
        ("last_active < 180 days ago", True),
        ("last_active before 2024-01-01", False),
        ("we_follow = yes", False),
        ("came_back != no", True),
        ("in_community = no", True),
        ("list = Friends", True),
        ("list != Friends", False),
        ("list = Press", False),
        ("empty_signs >= 1", True),
        ("empty_signs >= 2", False),
    ],
)
def test_a_rule_compares_a_fact_with_a_value(rule: str, answer: bool) -> None:
    """Numbers, days, moments, yes and no, and lists."""
    assert holds(rule) is answer


@pytest.mark.parametrize(
    ("rule", "after", "by", "answer"),
    [
        ("follows_since > 30 days ago", 12, 10, True),
        ("follows_since > 30 days ago", 40, 35, False),
        ("follows_since > 30 days ago", 40, 20, None),  # between two rosters: perhaps
        ("follows_since > 30 days ago", None, 20, None),  # since before the first roster
        ("follows_since > 30 days ago", None, 31, False),
        ("follows_since < 30 days ago", None, 31, True),
        ("follows_since < 30 days ago", None, 20, None),
        ("follows_since < 30 days ago", 20, 10, False),
        ("follows_since >= 30 days ago", 30, 29, True),
        ("follows_since <= 30 days ago", 32, 30, True),
    ],
)
def test_when_somebody_followed_is_known_as_closely_as_rosters_say(
    rule: str, after: int | None, by: int, answer: bool | None
) -> None:
    """A time between two rosters is judged only where both ends give the same answer."""
    facts = Facts(NOW - by * DAY, None if after is None else NOW - after * DAY)
    assert holds(rule, facts) is answer


@pytest.mark.parametrize("field", [name for name in FIELDS if name != "list"])
def test_a_fact_that_is_not_known_never_matches(field: str) -> None:
    """Neither a rule nor its opposite holds for somebody of whom nothing is known."""
    rule = parse_rule(FIELDS[field][1])
    opposite = {">": "<=", ">=": "<", "<": ">=", "=": "!="}[rule.op]
    other = parse_rule(rule.written.replace(rule.op, opposite))
    assert rule.judge(STRANGER, NOW) is None
    assert other.judge(STRANGER, NOW) is None


def test_all_rules_must_hold() -> None:
    """One no is no, whatever is unknown; one unknown is unknown."""
    assert judge(parse_rules(["posts > 1", "followers > 1"]), KNOWN, NOW) is True
    assert judge(parse_rules(["posts > 1", "followers < 1"]), KNOWN, NOW) is False
    partly = STRANGER._replace(posts=7)
    assert judge(parse_rules(["followers > 1", "posts > 1"]), partly, NOW) is None
    assert judge(parse_rules(["followers > 1", "posts < 1"]), partly, NOW) is False


def test_signs_of_an_empty_profile_are_named_and_counted_as_far_as_they_are_known() -> None:
    """Two signs that surely show are enough; what is not known may add to them."""
    assert set(SIGNS) == {
        "never posted",
        "no picture after two months",
        "no description, yet follows more than 100",
        "follows 50 or more for each follower",
        "fewer than 5 followers",
    }
    assert empty_signs(KNOWN, NOW) == (1, 0)
    assert empty_signs(STRANGER, NOW) == (0, 5)
    empty = STRANGER._replace(posts=0, followers=2)
    assert empty_signs(empty, NOW) == (2, 3)
    assert holds("empty_signs >= 2", empty) is True
    assert holds("empty_signs >= 3", empty) is None
    assert holds("empty_signs >= 2", STRANGER._replace(posts=0)) is None
    young = STRANGER._replace(has_picture=False, account_created_at=NOW - 10 * DAY)
    assert empty_signs(young, NOW) == (0, 4)


def test_every_preset_is_made_of_rules_and_no_word_says_fake() -> None:
    """Plain words; each can be looked up."""
    assert list(PRESETS) == [
        "newcomers", "mutuals", "came back", "quiet", "looks empty", "community",
    ]  # fmt: skip
    for name, (says, rules) in PRESETS.items():
        assert preset(name.title()) == rules
        assert parse_rules(rules)
        assert "fake" not in says
    with pytest.raises(Invalid, match="There is no preset 'fakes'"):
        preset("fakes")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("", "isn't a rule: write FIELD OP VALUE"),
        ("posts", "isn't a rule"),
        ("posts >=", "whole number"),
        ("posts => 10", "compared with a whole number"),
        ("postz >= 10", "There is no field 'postz' in rules: choose one of followers"),
        ("posts >= many", "posts is compared with a whole number, not 'many'"),
        ("posts >= -1", "whole number"),
        ("has_picture > yes", "has_picture cannot be asked with '>': choose = or !="),
        ("has_picture = maybe", "compared with yes or no"),
        ("last_active = 2026-01-01", "cannot be asked with '='"),
        ("last_active < yesterday", "a date such as 2026-05-04, or with '30 days ago'"),
        ("list > Friends", "cannot be asked"),
        ("posts >= 1\0", "isn't a rule"),
    ],
)
def test_a_mistake_in_a_rule_is_named(rule: str, told: str) -> None:
    """With what can stand there instead."""
    with pytest.raises(Invalid, match=told):
        parse_rule(rule)


@given(st.text(max_size=40) | st.from_regex(r"[a-z_]{1,14} ?[<>=!]{1,2} ?\S{1,9}", fullmatch=True))
def test_any_text_is_a_rule_or_one_clear_sentence(text: str) -> None:
    """What parses can be judged of a stranger and of somebody known."""
    try:
        rule = parse_rule(text)
    except Invalid:
        return
    for facts in (KNOWN, STRANGER):
        assert rule.judge(facts, NOW) in (True, False, None)


def test_a_ratio_is_of_two_numbers_and_nothing_is_divided_by_zero() -> None:
    """By none, any number is more than every ratio; none by none is not known."""
    for rule, answer in (
        ("following / followers > 9.9", True),
        ("following/followers > 10", False),
        ("Following / Followers = 10", True),
        ("posts / followers >= 0.175", True),
        ("posts / followers > 0.175", False),
    ):
        assert holds(rule) is answer, rule
    assert holds("following / followers > 1,000", KNOWN._replace(followers=0)) is True
    assert holds("following / followers < 1,000", KNOWN._replace(followers=0)) is False
    assert holds("following / followers > 10", KNOWN._replace(followers=0, following=0)) is None
    assert holds("following / followers > 10", STRANGER) is None


@pytest.mark.parametrize(
    "rule",
    [
        "following / following > 1",
        "last_active / posts > 1",
        "nothing / posts > 1",
        "posts / nothing > 1",
        "following / posts > ten",
        "following / posts > -1",
        "following / posts before 2026-01-01",
        "following / > 1",
    ],
)
def test_what_is_no_ratio_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_rule(rule)
    assert len(refused.value.sentence) > 30


def test_who_engages_is_a_number_that_may_be_unknown() -> None:
    assert holds("engaged_last_90_days >= 3", KNOWN._replace(engaged=3)) is True
    assert holds("engaged_last_90_days = 0", KNOWN._replace(engaged=3)) is False
    assert holds("engaged_last_90_days = 0", KNOWN._replace(engaged=0)) is True
    assert holds("engaged_last_90_days = 0") is None


def test_who_stayed_through_a_day_followed_before_it() -> None:
    """In any spelling; a day that is none is refused."""
    for written in ("stayed through 2026-07-21", "Stayed-through-2026-07-21"):
        assert preset(written) == ("follows_since < 2026-07-21",)
        assert preset_name(written) == "stayed through 2026-07-21"
    for wrong in ("stayed through", "stayed through DAY", "stayed through July"):
        with pytest.raises(Invalid):
            preset(wrong)
