"""Reports on kinds of links: those that promote people, own links, and other people's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json, list_accounts
from linktrack.audience.counts import History, count_at, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.calendar.times import utc
from linktrack.links.models import Person
from linktrack.links.people import list_own_sites, list_people, rules_of
from linktrack.links.promotion import Rules, is_on_host
from linktrack.reports.figures.rate import Rate, RateJson, rate_json, written
from linktrack.reports.figures.statistics.comparisons import ratio_of_ratios
from linktrack.reports.figures.statistics.experiments import Pair, is_clear
from linktrack.reports.figures.statistics.rates import Interval, RatioOfSums, ratio_of_sums
from linktrack.reports.figures.words import counted
from linktrack.reports.links import sums
from linktrack.reports.links.sums import LinkSums


@dataclass(frozen=True, slots=True)
class BestPost:
    """The post that brought the most people."""

    id: int
    written: str
    unique_clicks: int


@dataclass(frozen=True, slots=True)
class LinksLine:
    """What some links did since they were made, so far; each person counts once per link.

    `ratio` is over the measured posts with a follower count, each with the people these links got
    in it: those are the `pairs`. Clicks of unmeasured posts are those since they came, and in no
    rate.
    """

    links: int
    posts: int
    posts_without_count: int
    posts_unmeasured: int
    clicks: int
    unique_clicks: int
    ratio: RatioOfSums | None
    first_at: datetime | None
    best: BestPost | None
    pairs: Sequence[Pair] = ()

    @property
    def cpf(self) -> Rate:
        """Unique clicks on these links, per follower of the posts they were in."""
        return Rate.of_ratio(self.ratio)


def links_line(links: Sequence[LinkSums], histories: Mapping[int, History]) -> LinksLine:
    """Return what these links did, each post compared with the followers it had."""
    posts: defaultdict[int, list[LinkSums]] = defaultdict(list)
    for link in links:
        if link.post_id is not None:
            posts[link.post_id].append(link)
    pairs, missing, unmeasured = [], 0, 0
    best: BestPost | None = None
    for post_id, group in sorted(posts.items()):
        unique = sum(link.unique_clicks for link in group)
        if unique and (best is None or unique > best.unique_clicks):
            best = BestPost(post_id, group[0].written or "", unique)
        assert group[0].posted_at is not None
        if not group[0].is_measured:
            unmeasured += 1
            continue
        _, followers = count_at(histories[group[0].account_id], group[0].posted_at)
        if followers:
            pairs.append((unique, followers))
        else:
            missing += 1
    return LinksLine(
        links=len(links),
        posts=len(posts),
        posts_without_count=missing,
        posts_unmeasured=unmeasured,
        clicks=sum(link.clicks for link in links),
        unique_clicks=sum(link.unique_clicks for link in links),
        ratio=ratio_of_sums(pairs),
        first_at=min(
            (link.posted_at for link in links if link.posted_at is not None), default=None
        ),
        best=best,
        pairs=pairs,
    )


@dataclass(frozen=True, slots=True)
class PeopleReport:
    """Everybody who is promoted, most unique clicks first."""

    people: list[tuple[Person, LinksLine]]


def people_report(
    session: Session,
    account: Account | None = None,
    people: Sequence[Person] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PeopleReport:
    """Return what links sent to these people (default: all), from one account or all of them.

    The links are those posted in [since, until); their clicks are all there are so far.
    """
    check_range(since, until)
    people = list_people(session) if people is None else people
    accounts = [account] if account is not None else list_accounts(session)
    account_ids = [each.id for each in accounts]
    rules = rules_of(people)
    ids = [person.id for person in people]
    found = (
        sums.link_sums(session, account_ids, since, until, among=rules, person_ids=ids)
        if people
        else []
    )
    by_hand: defaultdict[int, set[int]] = defaultdict(set)
    for link_id, person_id in sums.said_by_hand(session, ids):
        by_hand[link_id].add(person_id)
    all_rules = Rules.of(rules)
    links: defaultdict[int, list[LinkSums]] = defaultdict(list)
    for link in found:
        for person_id in all_rules.people(link.destination, link.written) | by_hand[link.link_id]:
            links[person_id].append(link)
    histories = count_histories(session, account_ids)
    lines = [(person, links_line(links[person.id], histories)) for person in people]
    return PeopleReport(sorted(lines, key=lambda pair: (-pair[1].unique_clicks, pair[0].name)))


@dataclass(frozen=True, slots=True)
class OwnLinksReport:
    """Links to the owner's own sites beside all others; `ratio` is own over others."""

    account: Account
    hosts: Sequence[str]
    own: LinksLine
    others: LinksLine
    ratio: float | None
    ratio_interval: Interval | None

    @property
    def sentence(self) -> str:
        """Which get more clicks, where that is sure, in words."""
        if not self.hosts:
            return "Add your own sites to compare them with other people's."
        if not self.own.links or not self.others.links:
            which = "your own sites" if not self.own.links else "other people's sites"
            return f"There are no links to {which} to compare."
        within = self.ratio_interval
        if within is None:
            return (
                "Too little is known to compare: at least 5 posts of each kind with followers and "
                "clicks are needed."
            )
        found = f"{within.low:.2g} to {within.high:.2g} times"
        if not within.low <= 1 <= within.high:
            more = "more" if within.low > 1 else "fewer"
            if not is_clear(self.own.pairs, self.others.pairs):
                return (
                    f"Too early to say whether links to your own sites get {more} clicks: it looks "
                    f"like {found} what others get per follower, but a few posts decide it."
                )
            return (
                f"Links to your own sites clearly get {more} clicks per follower: {found} what "
                "others get."
            )
        return (
            f"No clear difference: links to your own sites get {found} the clicks per follower "
            "that others get."
        )


def own_links_report(
    session: Session,
    account: Account,
    since: datetime | None = None,
    until: datetime | None = None,
) -> OwnLinksReport:
    """Return what own and other people's links of posts in [since, until) got."""
    hosts = list_own_sites(session)
    histories = count_histories(session, [account.id])
    own: list[LinkSums] = []
    others: list[LinkSums] = []
    for link in sums.link_sums(session, [account.id], since, until):
        (own if _is_own(link.destination, hosts) else others).append(link)
    mine, theirs = links_line(own, histories), links_line(others, histories)
    ratio = within = None
    if mine.ratio is not None and theirs.ratio is not None and theirs.ratio.value:
        ratio = mine.ratio.value / theirs.ratio.value
        within = ratio_of_ratios(theirs.ratio, mine.ratio)
    return OwnLinksReport(
        account=account, hosts=hosts, own=mine, others=theirs, ratio=ratio, ratio_interval=within
    )


def _is_own(destination: str, hosts: Iterable[str]) -> bool:
    return any(is_on_host(destination, host) for host in hosts)


def thanks(report: PeopleReport) -> str:
    """Say in a sentence what the one person of this report was sent."""
    ((person, line),) = report.people
    if not line.clicks:
        return f"Nobody has clicked a link to {person.name} yet."
    where = f"{counted(line.links, 'link')}" + (
        f" in {counted(line.posts, 'post')}" if line.posts else ""
    )
    if line.links == 1:
        people = counted(line.unique_clicks, "person", "people")
        return f"{people} clicked through to {person.name} from {where}."
    return (
        f"{counted(line.unique_clicks, 'unique click')} went to {person.name} from {where}; each "
        "person counts once per link."
    )


class BestPostJson(TypedDict):
    """The post that brought the most people."""

    id: int
    text: str
    unique_clicks: int


def _best_json(best: BestPost) -> BestPostJson:
    return {"id": best.id, "text": best.written, "unique_clicks": best.unique_clicks}


class LinksLineJson(RateJson):
    """The clicks of a group of links, over all posts."""

    links: int
    posts: int
    posts_without_count: int
    clicks: int
    unique_clicks: int
    first_at: str | None
    best_post: BestPostJson | None
    posts_unmeasured: int


def links_line_json(line: LinksLine) -> LinksLineJson:
    """Return what some links got as every door gives it."""
    return {
        "links": line.links,
        "posts": line.posts,
        "posts_without_count": line.posts_without_count,
        "clicks": line.clicks,
        "unique_clicks": line.unique_clicks,
        **rate_json(line.cpf),
        "first_at": utc(line.first_at),
        "best_post": None if line.best is None else _best_json(line.best),
        "posts_unmeasured": line.posts_unmeasured,
    }


class PromotedPersonJson(LinksLineJson):
    """The clicks that links brought to one person, and the sites and @names that match them."""

    name: str
    hosts: list[str]
    mentions: list[str]
    public: bool


def _person_json(person: Person, line: LinksLine) -> PromotedPersonJson:
    return {
        "name": person.name,
        "hosts": [rule.value for rule in person.rules if rule.kind == "host"],
        "mentions": [rule.value for rule in person.rules if rule.kind == "mention"],
        "public": person.is_public,
        **links_line_json(line),
    }


class PeopleReportJson(TypedDict):
    """The clicks that links brought to the people they promote."""

    people: list[PromotedPersonJson]


def people_json(report: PeopleReport) -> PeopleReportJson:
    """Return the report as every door gives it."""
    return {"people": [_person_json(person, line) for person, line in report.people]}


class OwnLinksReportJson(TypedDict):
    """Links to your own sites compared with other links; `ratio` is own divided by others."""

    account: AccountNameJson
    own_sites: list[str]
    own: LinksLineJson
    others: LinksLineJson
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    sentence: str


def own_links_json(report: OwnLinksReport) -> OwnLinksReportJson:
    """Return the report as every door gives it."""
    ratio = written(report.ratio, report.ratio_interval)
    return {
        "account": account_json(report.account),
        "own_sites": list(report.hosts),
        "own": links_line_json(report.own),
        "others": links_line_json(report.others),
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "sentence": report.sentence,
    }
