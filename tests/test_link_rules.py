"""Which rule of a link leads a visit, and to which of its options. Pure."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linktrack.errors import Invalid
from linktrack.links.redirects.rules.conditions import (
    DEVICES,
    KINDS,
    SYSTEMS,
    VISITORS,
    WEEKDAYS,
    Condition,
    Visit,
    condition,
    preferred_language,
    system_named,
)
from linktrack.links.redirects.rules.deciding import Option, Rule, first_that_holds
from linktrack.links.redirects.rules.words import rule_in_words

FRIDAY = datetime(2026, 12, 4, 16, 59, tzinfo=ZoneInfo("Europe/Berlin"))
PHONE = Visit(FRIDAY, "mobile", "iOS", "de-at", "AT", "ref=news&x=", visitor=7)

SPELT = {
    "device": st.sampled_from(DEVICES),
    "system": st.sampled_from(SYSTEMS),
    "language": st.sampled_from(["de", "de-at", "fr"]),
    "country": st.sampled_from(["AT", "de", "FR"]),
    "query": st.sampled_from(["ref", "ref=news", "ref=", "x=1"]),
    "visitor": st.sampled_from(VISITORS),
    "weekday": st.sampled_from(WEEKDAYS),
    "time": st.sampled_from(["09:00-17:00", "22:00-6:00", "0:00 to 24:00"]),
    "date": st.sampled_from(
        ["2026-12-04", "2026-12-01..", "..2026-12-03", "2026-01-01..2026-12-31"]
    ),
}
CONDITIONS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.lists(SPELT[kind], min_size=1, max_size=3).map(
        lambda values: condition(kind, values)
    )
)
RULES = st.lists(st.lists(CONDITIONS, max_size=3), max_size=5).map(
    lambda drawn: [
        Rule(number, tuple(conditions), (Option(number, "https://example.com/", 100),))
        for number, conditions in enumerate(drawn, 1)
    ]
)
VISITS = st.builds(
    Visit,
    st.integers(0, 400_000).map(lambda minutes: FRIDAY + timedelta(minutes=minutes)),
    st.none() | st.sampled_from(DEVICES),
    st.none() | st.sampled_from(SYSTEMS),
    st.sampled_from([None, "de", "de-at", "den", "fr"]),
    st.sampled_from([None, "AT", "DE"]),
    st.sampled_from(["", "ref=news", "ref", "x=1&ref=mail", "%zz=&&=", "&" * 200]),
    st.booleans(),
)


@given(RULES, VISITS)
def test_the_first_rule_whose_conditions_all_hold_leads(rules: list[Rule], visit: Visit) -> None:
    """Each condition holds if any of its values does; later rules, and none, change nothing."""
    found = first_that_holds(rules, visit)
    before = rules if found is None else rules[: rules.index(found)]
    for rule in before:
        assert not all(
            any(Condition(each.kind, (value,)).holds(visit) for value in each.values)
            for each in rule.conditions
        )
    assert found is None or all(each.holds(visit) for each in found.conditions)
    assert first_that_holds(rules, replace(visit, is_program=True)) is None


@given(RULES)
def test_what_is_not_known_of_a_visit_fulfils_nothing(rules: list[Rule]) -> None:
    """A click without an agent, languages or a known country is led by time and novelty alone."""
    found = first_that_holds(rules, Visit(FRIDAY))
    assert found is None or {each.kind for each in found.conditions} <= {
        "visitor", "weekday", "time", "date",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [
        ("device", "Mobile", True),
        ("device", "tablet", False),
        ("system", "ios", True),
        ("system", "Android", False),
        ("language", "DE", True),
        ("language", "de_AT", True),
        ("language", "de-de", False),
        ("language", "d", None),
        ("country", "at", True),
        ("country", "Austria", None),
        ("query", "ref", True),
        ("query", "ref=news", True),
        ("query", "ref=mail", False),
        ("query", "x=", True),
        ("query", "re", False),
        ("query", "=x", None),
        ("visitor", "new", True),
        ("visitor", "returning", False),
        ("weekday", "fri", True),
        ("weekday", "sat", False),
        ("time", "9:00-17:00", True),
        ("time", "17:00-09:00", False),
        ("time", "22:00-16:59", False),
        ("time", "16:59-17:00", True),
        ("time", "16:00-16:59", False),
        ("time", "25:00-26:00", None),
        ("time", "09:00-09:00", None),
        ("date", "2026-12-04", True),
        ("date", "..2026-12-03", False),
        ("date", "2026-12-04..", True),
        ("date", "2026-12-05..2026-12-01", None),
        ("date", "2026-02-30", None),
        ("date", "..", None),
        ("browser", "Firefox", None),
    ],
)
def test_each_condition_by_example(kind: str, value: str, holds: bool | None) -> None:
    """None: it can't be written so, and one sentence says why."""
    if holds is None:
        with pytest.raises(Invalid, match=r"\w.*\.$"):
            condition(kind, [value])
    else:
        assert condition(kind, [value]).holds(PHONE) is holds


@given(CONDITIONS)
def test_a_condition_is_written_in_one_way(written: Condition) -> None:
    """What was stored is read back as it was, and has words."""
    assert condition(written.kind, written.values) == written
    assert rule_in_words(Rule(1, (written,), ())) != "Everyone"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_condition_or_a_sentence(kind: str, value: str) -> None:
    """Nothing else than `Invalid` is raised, and what is taken can be asked."""
    for tried in (kind, *KINDS):
        try:
            condition(tried, [value]).holds(PHONE)
        except Invalid:
            continue


@given(st.lists(st.integers(1, 50), min_size=2, max_size=6), st.integers(1, 10_000))
def test_a_split_gives_each_option_its_share_and_each_visitor_one_option(
    weights: list[int], rule_id: int
) -> None:
    """Within 5 standard deviations of the percentages; asked again, a visitor gets the same."""
    percents = [100 * weight // sum(weights) for weight in weights]
    percents[0] += 100 - sum(percents)
    options = tuple(
        Option(number, f"https://example.com/{number}", percent)
        for number, percent in enumerate(percents, 1)
    )
    rule = Rule(rule_id, (), options)
    visitors = range(-1_000, 1_000)
    got = [rule.option_for(visitor * 7_919_237) for visitor in visitors]
    assert got == [rule.option_for(visitor * 7_919_237) for visitor in visitors]
    counted = Counter(option.id for option in got)
    for option in options:
        share = option.percent / 100
        allowed = 5 * (2_000 * share * (1 - share)) ** 0.5
        assert abs(counted[option.id] - 2_000 * share) <= allowed
    edges = [(0.0, options[0]), (0.999_999, next(o for o in reversed(options) if o.percent))]
    for chance, option in edges:
        assert rule.option_for(None, lambda chance=chance: chance) == option  # type: ignore[misc]


def test_visitors_lie_elsewhere_in_every_rule() -> None:
    """Else the same half of the people would see every experiment's second half."""
    halves = [
        Rule(number, (), (Option(1, "https://a.com/", 50), Option(2, "https://b.com/", 50)))
        for number in (1, 2)
    ]
    pairs = Counter(
        tuple(rule.option_for(visitor).id for rule in halves) for visitor in range(4_000)
    )
    assert min(pairs.values()) > 850


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, None),
        ("de-AT,de;q=0.9,en;q=0.8", "de-at"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("*, de;q=0.1", "de"),
        ("de;q=0", None),
        ("en;q=0.8,de;q=0.8", "en"),
        ("zh-Hant-TW", "zh-hant-tw"),
        ("nonsense;;;,q=1", None),
        (",".join(["x1"] * 5_000), None),
    ],
)
def test_the_language_that_a_browser_wants_most(header: str | None, language: str | None) -> None:
    """By the weights, which a browser need not write in their order."""
    assert preferred_language(header) == language


def test_systems_are_those_that_reports_name() -> None:
    """Linux has many names."""
    assert [system_named(name) for name in ("Mac OS X", "Ubuntu", "iOS", "Tizen", None)] == [
        "macOS", "Linux", "iOS", None, None,
    ]  # fmt: skip


def test_rules_are_read_as_english() -> None:
    """As they stand on the page."""
    written = (
        condition("device", ["mobile"]),
        condition("country", ["de", "at", "ch"]),
        condition("date", ["2026-12-01..2026-12-24"]),
    )
    assert rule_in_words(Rule(1, written, ())) == (
        "On a phone, in DE, AT or CH, from 1 December 2026 to 24 December 2026"
    )
    assert rule_in_words(Rule(1, (), ())) == "Everyone"
