"""Posts: each one's clicks per 1,000 followers, and the results of one post."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from flask import render_template, request
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account
from linktrack.audience.counts import is_stale, latest_count
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOW_LENGTHS, WINDOWS
from linktrack.community.communities import open_ones
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError, TooLarge, Unavailable, Unconfirmed
from linktrack.ids import AccountId
from linktrack.links.cards.previews import CardPreview, first_link, preview_of_link
from linktrack.links.formats.guess import FORMAT_WORDS
from linktrack.links.lengths import length
from linktrack.links.models import Post
from linktrack.links.post_json import left_in_post
from linktrack.links.posts import STATES, get_post, list_posts, version_segments, warning_of
from linktrack.links.redirects.limiting import limits_of
from linktrack.networks.network import Length
from linktrack.publishing import states
from linktrack.publishing.checks import duplicate_warning
from linktrack.publishing.sendings import OPEN, sending_of
from linktrack.publishing.unwrapped.matching import seen_at
from linktrack.reports.counting import Counting, window_for
from linktrack.reports.cpf import MOST_POSTS
from linktrack.reports.engagement.of_post import engagement_of_post
from linktrack.reports.engagement.sentences import plural
from linktrack.reports.goals.money import money
from linktrack.reports.goals.of_links import goals_of_links
from linktrack.reports.links.listed import clicks_of_links
from linktrack.reports.literature import findings
from linktrack.reports.narrowing.ranges import Narrows
from linktrack.reports.orders import ORDERS, SORTS
from linktrack.reports.post_lines import post_line, post_line_json
from linktrack.reports.ranking import Ranking, Wanted, ranking
from linktrack.reports.sources.facet_tops import facet_tops
from linktrack.reports.sources.facets import Asked
from linktrack.reports.sources.first_fetches import first_fetch, first_fetches
from linktrack.reports.sources.hosts import SourceLine, clicks_by_host
from linktrack.reports.sources.left_out import links_of, of_links
from linktrack.reports.standing import post_standing
from linktrack.reports.timing.first_hours import first_hours
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import (
    LARGEST_ID,
    chosen_account,
    chosen_range_or_all,
    row_id,
    text,
)
from linktrack.web.filters.seeing import Seen, seeing
from linktrack.web.formats import WINDOW_WORDS
from linktrack.web.forms import Sent, form
from linktrack.web.posts.curve import curve_of
from linktrack.web.posts.rows import chosen_after, ranked_rows, totals_of
from linktrack.web.subject import some_accounts
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("posts", __name__)

PAGE: Final = 50
POST: Final = f"/posts/<int(max={LARGEST_ID}):post_id>"
NARROWS: Final = Narrows(
    of_posts=True,
    with_usual=True,
    # Posts are counted by a source or by a segment, not by both.
    counted=lambda wanted: not wanted.facets and None in (wanted.part.source, wanted.part.segment),
)
OF_ALL_CLICKS: Final = ("not_human", "segments", "without_visitor", "referrers")
"""What is known of a post's clicks as a whole, and of no counted part; the first, of no part."""

STATE_WORDS: Final = {state: state.capitalize() for state in ("published", *STATES)}


@blueprint.get("/posts")
def list_all() -> str | Response:
    """Show posts of one or all accounts: published ones as a ranking, and those that wait."""
    accounts = some_accounts()
    account = chosen_account(request.args) or (accounts[0] if len(accounts) == 1 else None)
    shown = [account] if account else accounts
    state = text(request.args, "state", "The state") or "published"
    if state not in STATES:
        raise Invalid(f"{state[:40]!r} isn't a state of a post: choose one of {', '.join(STATES)}.")
    search = text(request.args, "q", "The search")
    handles: dict[AccountId, str] = {each.id: each.handle for each in accounts}
    chosen = {
        "accounts": accounts,
        "account": account,
        "handles": handles,
        "search": search,
        "state": state,
        "states": STATE_WORDS,
    }
    if state != "published":
        before = row_id(request.args, "before", "Post")
        account_id = account.id if account else None
        posts = list_posts(db_session(), account_id, state, PAGE + 1, before, search=search)
        fetches = first_fetches(db_session(), [each.id for each in shown], now())
        return render_template(
            "posts/waiting.html",
            **chosen,
            posts=posts[:PAGE],
            more=len(posts) > PAGE,
            fetched={fetch.post.id: fetch for fetch in fetches},
        )
    days = chosen_range_or_all(request.args)
    since = days.since if days else None
    counting = Counting(_window() or window_for(since, DEFAULT_WINDOW, as_of(now())), as_of(now()))
    sort = text(request.args, "sort", "The order") or SORTS[0]
    is_turned = bool(request.args.get("reverse"))
    with seeing(shown, since, narrows=NARROWS) as seen:
        found = ranking(
            db_session(),
            shown,
            Wanted(
                since,
                days.end if days else None,
                search=search,
                part=seen.part,
                sort=sort,
                is_turned=is_turned,
            ),
            counting,
            after=chosen_after(request.args),
            limit=MOST_POSTS if is_table_wanted() else PAGE + 1,
            by_source=is_table_wanted(),  # the file has them, the page has not
        )
    if is_table_wanted():
        return table_file("posts", _rows(found, seen, None if account else handles), only=seen.only)
    latest = latest_count(db_session(), account.id) if account else None
    followers = None if latest is None else latest.count
    return render_template(
        "posts/list.html",
        **chosen,
        part=seen.part,
        seen=seen,
        sort=sort,
        is_turned=is_turned,
        orders=ORDERS,
        ranked=ranked_rows(found.posts[:PAGE], account),
        more=len(found.posts) > PAGE,
        totals=totals_of(shown, found, counting),
        window=counting.window,
        windows=WINDOW_WORDS,
        wanted=_window() or DEFAULT_WINDOW,
        days=days,
        is_stale=is_stale,
        findings=findings("clicks", followers),
        followers=followers,
    )


def _rows(
    found: Ranking, seen: Seen, handles: Mapping[AccountId, str] | None
) -> Sequence[Mapping[str, object]]:
    """Return the posts as rows of a file; with filters, without figures that can't be filtered.

    `handles` name the account of each, where there are several.
    """
    hidden = () if seen.is_whole else OF_ALL_CLICKS[:1] if seen.is_narrowed else OF_ALL_CLICKS
    rows: list[dict[str, object]] = []
    for post in found.posts:
        row: dict[str, object] = dict(post_line_json(post.line))
        if handles is not None:
            row = {"account": handles[post.line.facts.account_id], **row}
        rows.append({name: value for name, value in row.items() if name not in hidden})
    return rows


@blueprint.get(POST)
def show(post_id: int) -> str:
    """Show one post: its wrapped text, its state, and its clicks."""
    return post_page(get_post(db_session(), post_id))


post_form = partial(
    form,
    blueprint,
    back_to="posts.show",
    again=lambda error, post_id: post_page(get_post(db_session(), post_id), error),
)


def time_of(post_id: int) -> dict[str, object]:
    """Return what a form that gives a post another state or time is made from."""
    post = get_post(db_session(), post_id)
    at = post.posted_at
    return {"State": post.state, "Time": None if at is None else utc(at)}


@post_form(f"{POST}/publish", edits=time_of)
def publish(sent: Sent, post_id: int) -> str:
    """Mark a post as published, now or at the given time."""
    post, at = get_post(sent.session, post_id), sent.moment("posted_at", "The time")
    states.publish(sent.session, post, at, sent.now, installation().days())
    return "Marked as posted."


@post_form(f"{POST}/schedule", edits=time_of)
def schedule(sent: Sent, post_id: int) -> str:
    """Schedule a draft."""
    post, at = get_post(sent.session, post_id), sent.moment("posted_at", "The time")
    if at is None:
        raise Invalid("Choose when you are going to post it.")
    states.schedule(sent.session, post, at, sent.now, installation().days())
    return "Scheduled. linktrack won't post it for you; mark it as posted when you have."


@post_form(f"{POST}/discard")
def discard(sent: Sent, post_id: int) -> str:
    """Leave a post out of reports."""
    states.discard(sent.session, get_post(sent.session, post_id), sent.now)
    return "Discarded and left out of reports. Its links keep working."


@post_form(f"{POST}/restore")
def restore(sent: Sent, post_id: int) -> str:
    """Restore a discarded post."""
    states.restore(sent.session, get_post(sent.session, post_id), sent.now)
    return "Restored."


def post_page(post: Post, error: LinktrackError | None = None) -> str:
    """Return the page of a post, with the error of a form that was sent."""
    session = db_session()
    shortener = installation().shortener
    window = _window() or DEFAULT_WINDOW
    account = get_account(session, post.account_id)
    links = post.links
    sending = sending_of(session, post.id)
    unpublished = post.state in ("draft", "scheduled")
    counting = Counting(window if post.posted_at else WINDOWS[-1], as_of(now()))
    line = post_line(session, post, counting)
    published = post.state == "published"
    standing = post_standing(session, post, window, counting.as_of) if published else None
    hours = first_hours(session, post, counting.as_of) if published else None
    return render_template(
        "posts/show.html",
        post=post,
        account=account,
        line=line,
        links=links,
        totals=clicks_of_links(session, [link.id for link in links]),
        versions=list(zip(post.versions, _version_names(post), strict=True)),
        doubts={
            number: warning_of(segment)
            for number, segment in version_segments(session, post).items()
        },
        lengths=_lengths(post, account),
        not_wrapped=left_in_post(session, shortener, post) if unpublished else (),
        format_words=FORMAT_WORDS,
        short_url=shortener.short_url,
        window=window,
        hosts=_hosts(post, window),
        windows=WINDOW_WORDS,
        stale=is_stale(line.facts.followers_at, line.facts.posted_at),
        hours=hours,
        curve=None if hours is None or not hours.clicks else curve_of(post, hours),
        standing=standing,
        engagement=engagement_of_post(session, post, account, counting) if published else None,
        kind_words=plural,
        goals=goals_of_links(session, post.account_id, [link.id for link in links]),
        money=money,
        fetched=first_fetch(session, post, now()),
        places=seen_at(session, post, account),
        tops=facet_tops(session, Asked(account, None, None, None, post)),
        error=error.sentence if error else None,
        duplicate=isinstance(error, Unconfirmed),
        duplicate_warning=duplicate_warning(session, account, post) if unpublished else None,
        typed=request.form.get("posted_at", ""),
        rewritten=request.form.get("text", post.written),
        sending=sending,
        unpublished=unpublished,
        card=_card_of(post, account) if unpublished else None,
        queued=unpublished and sending is not None and sending.state in OPEN,
        connected=account.id in connections(session),
        communities=[each for each in open_ones(session) if published and each.id != account.id],
    )


def _card_of(post: Post, account: Account) -> CardPreview | None:
    """Return the card below the post; None where there is none, or where it leads is a secret."""
    session, shortener = db_session(), installation().shortener
    link = first_link(shortener, post.links, post.text)
    if link is None or limits_of(session, link).keeps_secret(now()):
        return None
    return preview_of_link(session, shortener, account, link)


def _hosts(post: Post, window: str) -> dict[str, SourceLine]:
    """Return each source with its hosts, within the window."""
    end = None
    if post.posted_at is not None and window != WINDOWS[-1]:
        length = WINDOW_LENGTHS[WINDOWS.index(window)]
        end = post.posted_at + timedelta(milliseconds=length)
    chosen = of_links(links_of(post_id=post.id), until=end)
    try:
        lines = clicks_by_host(db_session(), chosen)
    except Unavailable:  # counts are there without what keeps single clicks
        return {}
    return {line.source: line for line in lines if line.source}


def _lengths(post: Post, account: Account) -> list[Length | None]:
    """Return the lengths of the text and its versions, until the post is published."""
    if post.state not in ("draft", "scheduled"):
        return []
    base_url = installation().settings.base_url
    texts = [post.text, *(version.text for version in post.versions)]
    try:
        return [
            length(each, account.network, base_url, account.text_limits, post.format)
            for each in texts
        ]
    except (Invalid, TooLarge):  # longer than any network takes, now that it is wrapped
        return []


def _version_names(post: Post) -> list[str]:
    segments = version_segments(db_session(), post)
    return [segments[version.segment_id].name for version in post.versions]


def _window() -> str:
    return text(request.args, "window", "The counting window")
