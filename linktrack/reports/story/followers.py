"""The chapters on followers: how many there were and are, and what the largest loss cost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linktrack.audience.counts import count_at, is_stale
from linktrack.calendar.ranges import DayRange
from linktrack.reports.people.event_costs import cost_json
from linktrack.reports.people.presence import PeriodPeople
from linktrack.reports.sentences import event_cost
from linktrack.reports.story.asking import Asked
from linktrack.reports.story.claims import Claims, is_compared
from linktrack.reports.story.facts import Facts, Fall
from linktrack.reports.story.telling import (
    API,
    Chapter,
    Claim,
    Figure,
    Passage,
    Sentence,
    chapter,
    figures,
    report_path,
    since_path,
)


def on_followers(told: Sequence[Facts], asked: Asked) -> list[Chapter]:
    """Return the chapter on how many follow each account, then and now."""
    sentences = [_then_and_now(each, asked, is_first=each is told[0]) for each in told]
    return chapter("followers", "Followers", [Passage(None, sentences)])


def _then_and_now(facts: Facts, asked: Asked, *, is_first: bool) -> Sentence:
    handle, history = facts.account.handle, facts.history
    path = f"{API}/accounts/{facts.account.id}/counts"
    if not history:
        return Sentence(
            f"Nobody has counted who follows {handle}.",
            (Figure(f"{API}/accounts/{facts.account.id}", "/followers", None),),
        )
    then, _ = count_at(history, asked.midnight(facts.first))
    begun = next(i for i, (at, _) in enumerate(history) if then in (None, at))
    last = len(history) - 1
    (first_at, first), (last_at, latest) = history[begun], history[last]
    cited = [Figure(path, f"/data/{i}/count", history[i][1]) for i in dict.fromkeys((begun, last))]
    if is_stale(last_at, asked.now):
        now, has = f"{latest:,} followers on {_day(last_at, asked.timezone)}", "had"
    else:
        now, has = f"{latest:,} followers", "has"
    if begun == last:
        return Sentence(f"{handle} {has} {now}.", tuple(cited))
    is_then = first_at.astimezone(asked.timezone).date() <= facts.first
    day = "then" if is_then and not is_first else f"on {_day(first_at, asked.timezone)}"
    now = now.replace(" followers", "", 1)
    return Sentence(
        f"{handle} had {first:,} followers {day} and {has} {now}{'' if has == 'had' else ' now'}.",
        tuple(cited),
    )


def is_cost_compared(facts: Facts) -> bool:
    """Whether posts before and after the largest fall can be compared."""
    cost = None if facts.fall is None else facts.fall.event.clicks
    return cost is not None and is_compared(cost.before, cost.after)


def on_losses(told: Sequence[Facts], claims: Claims) -> list[Chapter]:
    """Return the chapter on the largest fall of each follower count, and what it cost."""
    passages = [
        Passage(facts.account, _loss(facts, facts.fall, claims))
        for facts in told
        if facts.fall is not None
    ]
    return chapter("losses", "What the loss cost", passages)


def _loss(facts: Facts, fall: Fall, claims: Claims) -> list[Sentence]:
    jump, event = fall.story, fall.event
    path = since_path("followers", facts.account, facts.first)
    at = f"jumps__{fall.number}__"
    said = [
        Sentence(
            jump.told_of(facts.account.handle),
            figures(
                path,
                **{
                    f"{at}net": jump.jump.net,
                    f"{at}net_1d": jump.net_1d,
                    f"{at}net_7d": jump.net_7d,
                    f"{at}net_30d": jump.net_30d,
                    f"{at}before": jump.jump.before,
                },
            ),
        )
    ]
    cost, excess = event_cost(event), event.excess
    if cost and excess is not None and excess.share is not None and excess.interval is not None:
        path = report_path("followers", facts.account, event=jump.day)
        usual = None if excess.usual is None else round(excess.usual, 1)
        share = Figure(
            path,
            "/event/share",
            round(excess.share, 6),
            round(excess.interval.low, 6),
            round(excess.interval.high, 6),
        )
        claim: Claim | None = (
            "open" if excess.interval.low <= 0 and excess.usual is not None else None
        )
        said.append(Sentence(cost, (share, *figures(path, event__usual=usual)), claim))
    return [*said, *_clicks(facts, fall, claims), *_readers(facts, fall)]


def _clicks(facts: Facts, fall: Fall, claims: Claims) -> list[Sentence]:
    """Say what it cost in clicks; "less" or "more" only where that stands beside all else."""
    cost = fall.event.clicks
    if cost is None or cost.found is None or not is_cost_compared(facts):
        return []
    claim: Claim = "open"
    if cost.found.verdict in ("less", "more"):
        if claims.change(cost.before, cost.after):
            claim = "clear"
        else:
            cost = replace(cost, found=replace(cost.found, verdict="can't tell"))
    path = report_path("followers", facts.account, event=fall.story.day)
    known = cost_json(cost)
    cited = figures(
        path,
        event__clicks__mean_before=known["mean_before"],
        event__clicks__mean_after=known["mean_after"],
        event__clicks__posts_before=known["posts_before"],
        event__clicks__posts_after=known["posts_after"],
        event__clicks__followers_change=known["followers_change"],
    )
    change = Figure(
        path,
        "/event/clicks/change",
        known["change"],
        known["change_low"],
        known["change_high"],
    )
    return [Sentence(cost.sentence, (change, *cited), claim)]


def _readers(facts: Facts, fall: Fall) -> list[Sentence]:
    """Say whether readers left too, by the whole periods before and after the fall."""
    found, jump = facts.presence, fall.story.jump
    before = [each for each in found.periods if each.end <= jump.since and each.people]
    after = [each for each in found.periods if each.first > jump.until and each.people]
    if not before or not after:
        return []
    sides = (before[-1], after[0])
    cited = tuple(_people(facts, each) for each in sides)
    loss = found.loss
    if loss is not None and loss.jump.since == jump.since:
        return [
            Sentence(f"No readers left with them that we can see: {loss.people}.", cited, "open")
        ]
    (one, one_low, one_high), (other, low, high) = (each.told or (0, 0, 0) for each in sides)
    people = (
        f"at least {one:,} people clicked in {sides[0].name} (likely {one_low:,} to "
        f"{one_high:,}), and {other:,} in {sides[1].name} ({low:,} to {high:,})."
    )
    if high < one_low or one_high < low:
        return [Sentence(people.capitalize(), cited)]
    return [Sentence(f"Whether readers left too, we can't tell: {people}", cited, "open")]


def _people(facts: Facts, period: PeriodPeople) -> Figure:
    people = period.people
    assert people is not None
    days = DayRange(period.first, period.end - timedelta(days=1), facts.timezone)
    path = report_path("audience", facts.account, days)
    ends = (people.interval.low, people.interval.high)
    return Figure(path, "/at_least", *(round(each, 4) for each in (people.estimate, *ends)))


def _day(at: datetime, timezone: ZoneInfo) -> str:
    local = at.astimezone(timezone)
    return f"{local.day} {local:%B %Y}"
