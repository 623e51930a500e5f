"""How pages write numbers, rates, times and names."""

from datetime import UTC, date, datetime
from typing import Final

from flask import Flask
from markupsafe import Markup

from linktrack.audience.counts import STALE
from linktrack.charts import day_name
from linktrack.charts import number as in_words
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOWS
from linktrack.context import as_of, db_session
from linktrack.db import now
from linktrack.links.excerpts import cut, excerpt, site, title
from linktrack.networks.registry import network_of, networks
from linktrack.networks.words import all_of, any_of
from linktrack.reports.counting import set_apart
from linktrack.reports.figures import words
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.words import about, thousandths
from linktrack.settings import Settings
from linktrack.upkeep.health.freshness import Freshness, freshness
from linktrack.web.context import May, here, page_path, today
from linktrack.web.fields import DAYS
from linktrack.web.navigation import PAGES, SECTIONS, SETTINGS, is_for_owners, section_of
from linktrack.web.theme import theme

UNKNOWN: Final = "unknown"

REASON_WORDS: Final = {
    "head": ("link check (HEAD)", "link checks (HEAD)"),
    "prefetch": ("prefetch", "prefetches"),
    "embedded": ("link loaded as a picture", "links loaded as pictures"),
    "owner": ("click of your own", "clicks of your own"),
    "no-agent": ("program without a name", "programs without a name"),
    "preview": ("preview", "previews"),
    "bot": ("bot", "bots"),
    "burst": ("click in a burst", "clicks in bursts"),
}
"""Why clicks are left out, in the words of pages: one, and several."""

REASON_MEANINGS: Final = {
    "head": "HEAD requests: a program asked where the link leads and read nothing.",
    "prefetch": "The browser fetched ahead of a person who may never have clicked.",
    "embedded": "A page or an email loaded it as a picture or another part of itself.",
    "owner": "From a device or a network that you said is your own.",
    "no-agent": "The program did not say what it is; every browser does.",
    "preview": "A network or messenger fetched the page to show a card below the link.",
    "bot": "Crawlers and other programs that say what they are.",
    "burst": "Ten or more visitors in a minute who look like browsers and are one program.",
}

WINDOW_WORDS: Final = dict(
    zip(WINDOWS, ("1 hour", "24 hours", "7 days", "30 days", "all time"), strict=True)
)

MEDIUM_WORDS: Final = {"ai": "AI assistant", "none": "\u2013"}


def register(app: Flask, settings: Settings) -> None:
    """Give the templates their filters and globals."""

    def moment(at: datetime | None) -> str | Markup:
        if at is None:
            return UNKNOWN
        local = at.astimezone(settings.timezone)
        return _time_tag(at, f"{local.day} {local:%b %Y, %H:%M}")

    def day(at: datetime | date | None) -> str | Markup:
        if at is None:
            return UNKNOWN
        if isinstance(at, datetime):
            local = at.astimezone(settings.timezone)
            return _time_tag(at, f"{local.day} {local:%b %Y}")
        return Markup('<time datetime="{}">{}</time>').format(
            at.isoformat(), f"{at.day} {at:%b %Y}"
        )

    def local_input(at: datetime | None) -> str:
        """Write a moment as inputs of type datetime-local expect it."""
        return "" if at is None else f"{at.astimezone(settings.timezone):%Y-%m-%dT%H:%M}"

    def clock(at: datetime) -> Markup:
        """Write the time of day."""
        return _time_tag(at, f"{at.astimezone(settings.timezone):%H:%M}")

    def clock_or_moment(at: datetime) -> str | Markup:
        """Write the time of day, with the day unless it is today."""
        return clock(at) if at.astimezone(settings.timezone).date() == today() else moment(at)

    def data_until() -> Freshness:
        return freshness(db_session(), settings.journals, as_of(now()))

    app.jinja_env.filters.update(
        ago=ago,
        amount=amount,
        clock=clock,
        clock_or_moment=clock_or_moment,
        day=day,
        cut=cut,
        excerpt=excerpt,
        interval=interval,
        local_input=local_input,
        medium=lambda name: MEDIUM_WORDS.get(name, name),
        moment=moment,
        network=lambda name: network_of(name).label,
        month=words.month_name,
        one_in=one_in,
        per_click=lambda rate: _turned(rate.value),
        per_follower=lambda rate: in_words(rate.value),
        percentage=words.percent,
        one_in_interval=one_in_interval,
        one_per=one_per,
        per_thousand=per_thousand,
        plain_day=day_name,
        reason=lambda name, count: REASON_WORDS[name][count != 1],
        reason_meaning=lambda name: REASON_MEANINGS.get(name, ""),
        share=share,
        site=site,
        titled=title,
    )
    app.jinja_env.globals.update(
        about=about,
        all_of=all_of,
        any_of=any_of,
        data_until=data_until,
        here=here,
        may=May(),
        network_of=network_of,
        networks=networks,
        page_path=page_path,
        set_apart=set_apart,
        default_window=DEFAULT_WINDOW,
        windows=WINDOW_WORDS,
        thousandths=thousandths,
        day_choices=DAYS,
        today=today,
        all_pages=PAGES,
        sections=SECTIONS,
        section_of=section_of,
        is_for_owners=is_for_owners,
        settings_section=SETTINGS,
        settings=settings,
        stale_days=STALE.days,
        theme=theme,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def ago(at: datetime) -> Markup:
    """Write how long ago a moment is; scripts keep it true while the page is open."""
    return Markup('<time datetime="{}" data-ago>{}</time>').format(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", words.ago((now() - at).total_seconds())
    )


def amount(number: int | None) -> str:
    """Write a whole number with thousands separators: 23,000."""
    return UNKNOWN if number is None else f"{number:,}"


def per_thousand(rate: Rate) -> str:
    """Write a rate as clicks per 1,000 followers: 1.52."""
    return UNKNOWN if rate.value is None else thousandths(rate.value)


def interval(rate: Rate) -> str:
    """Write the interval of clicks per 1,000 followers, or nothing: 1.09 to 2.12."""
    if rate.interval is None:
        return ""
    return f"{thousandths(rate.interval.low)} to {thousandths(rate.interval.high)}"


def one_in(rate: Rate) -> str:
    """Write a rate as its inverse: 1 in 657."""
    if rate.value is None:
        return UNKNOWN
    if rate.value == 0:
        return "nobody"
    if rate.value > 1:
        return f"{in_words(rate.value)} for each follower"
    return f"1 in {_turned(rate.value)}"


def one_per(rate: Rate) -> str:
    """Write a rate as followers for each click: 1 per 657 followers."""
    if rate.value is None or not 0 < rate.value <= 1:
        return one_in(rate)
    return f"1 per {_turned(rate.value)} followers"


def one_in_interval(rate: Rate) -> str:
    """Write its interval as inverses, or nothing: 473 to 914."""
    bounds = rate.interval
    if rate.value is None or bounds is None or rate.value > 1 or bounds.high <= 0:
        return ""
    if rate.value == 0:
        return f"at most 1 in {_turned(bounds.high)}"
    if bounds.low <= 0:
        return f"{_turned(bounds.high)} or more"
    return f"{_turned(bounds.high)} to {_turned(bounds.low)}"


def share(part: int, whole: int) -> str:
    """Write a share as a percentage."""
    return words.share(part, whole) if whole else UNKNOWN


def _turned(fraction: float) -> str:
    return words.one_in(fraction)


def _time_tag(at: datetime, text: str) -> Markup:
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", text)
