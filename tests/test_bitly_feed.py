"""Importing Bitly's click feed: every click once, whatever is cut off, repeated or broken."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.cli import main
from linktrack.clicks.models import agents, clicks, referrers
from linktrack.clicks.vocabulary import unpack_country
from linktrack.errors import Invalid
from linktrack.links.catalog import add_link, get_link, set_disabled
from linktrack.links.models import Link, Post
from linktrack.links.redirects.lookup import find_target
from linktrack.portability.clicks import importing
from linktrack.portability.clicks import lines as click_lines
from linktrack.portability.clicks.bitly_feed import BITLY_FEED, parse_line
from linktrack.portability.clicks.importing import ImportedClicks, import_clicks
from linktrack.portability.files.lines import MOST_LINE, read_lines

KEY = bytes(32)
CLICK = {
    "a": "Mozilla/5.0 (X11; Linux x86_64; rv:18.0) Gecko/20100101 Firefox/18.0",
    "c": "US",
    "h": "wfLQtf",
    "r": "http://www.facebook.com/l.php?u=secret",
    "u": "http://www.ncbi.nlm.nih.gov/pubmed/22415991",
    "t": 1331923247,
    "hc": 1331822918,
    "al": "en-US,en;q=0.8",
    "gr": "MA",
    "cy": "Danvers",
    "ll": [42.57, -70.95],
}
HEARTBEAT_LINE = b'{"_heartbeat_": 1331923250}'


def line(**changes: object) -> bytes:
    return json.dumps(CLICK | changes).encode()


def feed(folder: Path, *lines: bytes, name: str = "feed.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"".join(each + b"\n" for each in lines))
    return path


def bring_in(world: World, account: Account, *paths: Path) -> ImportedClicks:
    return import_clicks(
        world.database, world.shortener, account.id, BITLY_FEED, paths, visitor_key=KEY, now=NOON
    )


def stored(world: World) -> int:
    with world.database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(clicks)) or 0


def account_for(done: ImportedClicks) -> bool:
    """Whether every line is accounted for."""
    kinds = (done.added, done.known, done.not_clicks, done.blank, done.broken)
    return done.lines == sum(kinds)


# What a click becomes


def test_a_click_keeps_its_own_time_agent_referrer_and_country(
    world: World, tmp_path: Path
) -> None:
    """On a link with the old code, in a post published when the link was made."""
    account = world.account()
    done = bring_in(world, account, feed(tmp_path, line()))
    assert (done.added, done.links, done.posts, done.codes_taken) == (1, 1, 1, 0)
    link = world.session.scalars(select(Link)).one()
    made = datetime(2012, 3, 15, 14, 48, 38, tzinfo=UTC)
    assert (link.code, link.destination) == ("wfLQtf", CLICK["u"])
    assert (link.account_id, link.created_at) == (account.id, made)
    assert [(then.since, then.destination) for then in link.history] == [(made, CLICK["u"])]
    post = world.session.scalars(select(Post)).one()
    assert (post.id, post.state, post.posted_at) == (link.post_id, "published", made)
    assert (post.written, post.text) == (CLICK["u"], "https://go.jessestay.com/wfLQtf")
    with world.database.engine.connect() as connection:
        query = (
            select(clicks, agents.c.user_agent, referrers.c.referrer)
            .join(agents, clicks.c.agent_id == agents.c.id)
            .join(referrers, clicks.c.referrer_id == referrers.c.id)
        )
        row = connection.execute(query).one()
    assert (row.clicked_at, row.link_id, row.reason) == (1331923247000, link.id, 0)
    assert (row.user_agent, row.referrer) == (CLICK["a"], "//www.facebook.com")
    assert unpack_country(row.country) == "US"
    assert row.visitor is not None


def test_direct_is_no_referrer() -> None:
    """The feed writes the word where a browser sent none."""
    click = parse_line(line(r="direct"), NOON.timestamp())
    assert click is not None
    assert click.referrer is None


@pytest.mark.parametrize("trait", ["a", "al", "c", "gr", "cy", "ll"])
def test_who_differs_in_anything_the_feed_tells_is_another_visitor(
    sqlite_world: World, tmp_path: Path, trait: str
) -> None:
    """The feed has no addresses: browser, language and place tell people apart."""
    account = sqlite_world.account()
    bring_in(
        sqlite_world, account, feed(tmp_path, line(), line(t=1331923300), line(**{trait: "x"}))
    )
    with sqlite_world.database.engine.connect() as connection:
        first, second, other = connection.scalars(select(clicks.c.visitor).order_by(clicks.c.seq))
    assert first == second != other


def test_visitors_depend_on_the_key(sqlite_world: World, tmp_path: Path) -> None:
    """Two accounts' visitors cannot be compared."""
    account = sqlite_world.account()
    for key, second in ((KEY, 1), (bytes([1]) * 32, 2)):
        import_clicks(
            sqlite_world.database,
            sqlite_world.shortener,
            account.id,
            BITLY_FEED,
            [feed(tmp_path, line(t=1331923247 + second))],
            visitor_key=key,
            now=NOON,
        )
    with sqlite_world.database.engine.connect() as connection:
        assert len(set(connection.scalars(select(clicks.c.visitor)))) == 2


def test_a_code_that_is_taken_or_kept_for_us_gives_way_to_one_of_our_own(
    world: World, tmp_path: Path
) -> None:
    """The other link keeps its code; the old link is found again at the next import."""
    account = world.account()
    add_link(
        world.session,
        world.shortener,
        account_id=account.id,
        post_id=None,
        destination="https://example.com/",
        at=NOON,
        slug="wfLQtf",
    )
    world.session.commit()
    path = feed(tmp_path, line(), line(h="owner", t=1331923248), line(h="a.b", t=1331923249))
    done = bring_in(world, account, path)
    assert (done.added, done.links, done.codes_taken) == (3, 3, 3)
    assert done.taken == ["wfLQtf", "owner", "a.b"]
    links = world.session.scalars(select(Link).where(Link.post_id.is_not(None))).all()
    codes = {link.code for link in links}
    assert len(codes) == 3
    assert not codes & {"wfLQtf", "owner", "a.b", None}
    texts = set(world.session.scalars(select(Post.text)))
    assert texts == {f"https://go.jessestay.com/{code}" for code in codes}
    path = feed(tmp_path, line(t=1331923250), line(h="owner", t=1331923251), name="later.jsonl")
    again = bring_in(world, account, path)
    assert (again.added, again.links, again.codes_taken) == (2, 0, 0)


def test_two_accounts_may_import_the_same_feed(world: World, tmp_path: Path) -> None:
    """Each has its own links and clicks; only one can keep the codes."""
    path = feed(tmp_path, line(), line(h="other", t=1331923248))
    first = bring_in(world, world.account("@one"), path)
    second = bring_in(world, world.account("@two"), path)
    assert (first.added, first.codes_taken) == (2, 0)
    assert (second.added, second.known, second.links, second.codes_taken) == (2, 0, 2, 2)


# Once and only once


def test_importing_again_adds_nothing_and_a_grown_log_only_what_is_new(
    world: World, tmp_path: Path
) -> None:
    """True repeats inside a file count, and are known again."""
    account = world.account()
    lines = [line(), line(), HEARTBEAT_LINE, line(), line(t=1331923248)]
    first = bring_in(world, account, feed(tmp_path, *lines))
    assert (first.added, first.known, first.not_clicks) == (4, 0, 1)
    again = bring_in(world, account, feed(tmp_path, *lines))
    assert (again.added, again.known, again.links) == (0, 4, 0)
    grown = bring_in(world, account, feed(tmp_path, *lines, line(), line(t=1331923249)))
    assert (grown.added, grown.known) == (2, 4)
    assert stored(world) == 6
    assert all(map(account_for, (first, again, grown)))


def test_an_import_that_was_cut_off_goes_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed stays, the rest is added, nothing is doubled."""
    monkeypatch.setattr(importing, "BATCH", 10)
    account = world.account()
    path = feed(tmp_path, *(line(t=1331923247 + n, h=f"hash{n % 7}") for n in range(100)))
    seen = 0

    class Cut(Exception):
        pass

    def lines(path: Path, _: object = None) -> Iterator[tuple[int, bytes, str | None]]:
        nonlocal seen
        for each in read_lines(path):
            seen += 1
            if seen > 46:
                raise Cut
            yield each

    with monkeypatch.context() as cut:
        cut.setattr(click_lines, "read_lines", lines)
        with pytest.raises(Cut):
            bring_in(world, account, path)
    assert stored(world) == 40
    done = bring_in(world, account, path)
    assert (done.added, done.known, done.links) == (60, 40, 0)
    assert stored(world) == 100


def test_a_link_to_an_ftp_server_keeps_its_clicks_and_redirects_nobody(
    world: World, tmp_path: Path
) -> None:
    """It is disabled, and cannot be enabled; leading it to a web page is the way."""
    path = feed(tmp_path, line(h="ftplink", u="ftp://ftp.ncbi.nih.gov/ü"))
    done = bring_in(world, world.account(), path)
    assert (done.added, done.links, done.disabled, done.broken) == (1, 1, 1, 0)
    link = get_link(world.session, world.shortener.codes, "ftplink")
    assert link.destination == "ftp://ftp.ncbi.nih.gov/%C3%BC"
    target = find_target(world.database.engine, world.shortener.codes, "ftplink")
    assert target is not None and target.location is None
    with pytest.raises(Invalid, match="web page"):
        set_disabled(world.session, link, False, NOON)


# Broken lines


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"{not json", "not a JSON object"),
        (b"[1, 2]", "not a JSON object"),
        (b"\xff\xfe\xfa", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (line(h=None), "no hash"),
        (line(h="x" * 65), "no hash"),
        (line(h="a\u0000b"), "no hash"),
        (line(u=5), "no destination"),
        (line(u="javascript:alert(1)"), "not the address of a web page"),
        (line(u="https://go.jessestay.com/x"), "leads to our own links"),
        (line(t=None), "no time"),
        (line(t="1331923247"), "no time"),
        (line(t=True), "no time"),
        (line(t=0), "before 2000 or in the future"),
        (line(t=10**12), "before 2000 or in the future"),
        (line(t=float("nan")), "before 2000 or in the future"),
        (line(t=float("inf")), "before 2000 or in the future"),
        (line(hc=-5), "before 2000 or in the future"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_is_imported(
    sqlite_world: World, tmp_path: Path, bad: bytes, why: str
) -> None:
    """With the file, the number of the line and what is wrong with it."""
    path = feed(tmp_path, line(h="first"), b"", bad, b"  ", line(h="second"))
    done = bring_in(sqlite_world, sqlite_world.account(), path)
    assert (done.lines, done.added, done.blank, done.broken) == (5, 2, 2, 1)
    (named,) = done.broken_lines
    assert (named.file, named.line) == ("feed.jsonl", 3)
    assert why in named.why


def test_many_broken_lines_are_counted_and_the_first_twenty_named(
    sqlite_world: World, tmp_path: Path
) -> None:
    """A ruined file does not fill the screen."""
    path = feed(tmp_path, line(), *[b"broken"] * 30)
    done = bring_in(sqlite_world, sqlite_world.account(), path)
    assert (done.broken, len(done.broken_lines)) == (30, 20)
    assert account_for(done)


def test_odd_but_storable_values_are_imported(world: World, tmp_path: Path) -> None:
    """Missing agents, half characters, NULs and wrong types of what is not needed."""
    odd = [
        line(a=None),
        line(a=""),
        line(a="a\u0000b\ud800" * 2000),
        line(r=5, c="Atlantis", al=7, ll="here"),
        line(r="not an address"),
        line(c=None),
        line(t=1331923247.5),
    ]
    done = bring_in(world, world.account(), feed(tmp_path, *odd))
    assert (done.added, done.broken) == (len(odd), 0)


@pytest.mark.slow
@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
        lambda value: json.dumps(CLICK | {"t": value, "h": value}).encode()
    )
)
def test_no_line_makes_reading_fail_in_another_way(content: bytes) -> None:
    """A click, a heartbeat, or a reason."""
    try:
        click = parse_line(content, NOON.timestamp())
    except ValueError:
        return
    assert click is None or click.clicked_at > 0


# Files


def test_compressed_files_are_known_by_their_content(world: World, tmp_path: Path) -> None:
    """Not by their names; several parts behind each other are one file."""
    path = tmp_path / "feed.jsonl"
    path.write_bytes(gzip.compress(line() + b"\n") + gzip.compress(line(t=1331923248) + b"\n"))
    plain = feed(tmp_path, line(t=1331923249), name="feed.jsonl.gz")
    done = bring_in(world, world.account(), path, plain)
    assert (done.added, done.broken) == (3, 0)


def test_a_compressed_file_that_is_cut_short_gives_what_it_has(
    sqlite_world: World, tmp_path: Path
) -> None:
    """Its end is one broken line; the whole file later adds the rest."""
    account = sqlite_world.account()
    whole = gzip.compress(b"".join(line(t=1331923247 + n) + b"\n" for n in range(5000)))
    path = tmp_path / "feed.gz"
    path.write_bytes(whole[: len(whole) // 2])
    done = bring_in(sqlite_world, account, path)
    assert done.added > 1000
    assert done.broken == 1
    assert "cut short" in done.broken_lines[0].why
    assert done.broken_lines[0].line == done.lines == done.added + 1
    path.write_bytes(whole)
    rest = bring_in(sqlite_world, account, path)
    assert (rest.added, rest.known) == (5000 - done.added, done.added)


def test_a_last_line_without_its_end_counts_and_a_torn_one_is_broken(
    sqlite_world: World, tmp_path: Path
) -> None:
    """A log that is still being written may end anywhere."""
    account = sqlite_world.account()
    path = tmp_path / "feed.jsonl"
    path.write_bytes(line() + b"\r\n" + line(t=1331923248)[:-10])
    torn = bring_in(sqlite_world, account, path)
    assert (torn.added, torn.broken) == (1, 1)
    path.write_bytes(line() + b"\r\n" + line(t=1331923248))
    mended = bring_in(sqlite_world, account, path)
    assert (mended.added, mended.known, mended.broken) == (1, 1, 0)


def test_an_endless_line_is_one_broken_line(tmp_path: Path) -> None:
    """What has no line ends is not gathered in memory."""
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(b"x" * (3 * MOST_LINE) + b"\nshort\n" + b"y" * (2 * MOST_LINE)))
    found = [(number, content, why is not None) for number, content, why in read_lines(path)]
    assert found == [(1, b"", True), (2, b"short", False), (3, b"", True)]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\x89PNG\r\n\x1a\n", b'{"a": 1}\n', b"1.2.3.4 - - [x]\n", b"\x1f\x8bx"],
)
def test_a_file_that_is_no_feed_is_refused_before_anything_is_changed(
    sqlite_world: World, tmp_path: Path, content: bytes
) -> None:
    """Also where the files before it are feeds."""
    wrong = tmp_path / "other.bin"
    wrong.write_bytes(content)
    with pytest.raises(Invalid, match=r"other\.bin is not a click feed"):
        bring_in(sqlite_world, sqlite_world.account(), feed(tmp_path, line()), wrong)
    assert stored(sqlite_world) == 0


def test_a_missing_file_is_refused(sqlite_world: World, tmp_path: Path) -> None:
    """One sentence, not a trace."""
    with pytest.raises(Invalid, match="cannot be read"):
        bring_in(sqlite_world, sqlite_world.account(), tmp_path / "missing")


def test_heartbeats_alone_are_a_feed(sqlite_world: World, tmp_path: Path) -> None:
    """A quiet hour."""
    done = bring_in(sqlite_world, sqlite_world.account(), feed(tmp_path, HEARTBEAT_LINE))
    assert (done.lines, done.not_clicks, done.added) == (1, 1, 0)


# Real files


def real_clicks(paths: Sequence[Path]) -> tuple[Counter[str | None], Counter[str | None]]:
    """Clicks by referrer's host and by country, counted with nothing of linktrack's."""
    lines = (
        json.loads(text)
        for path in paths
        for text in gzip.decompress(path.read_bytes()).splitlines()
    )
    found = [fields for fields in lines if "_heartbeat_" not in fields]
    hosts = Counter(urlsplit(fields["r"]).hostname for fields in found)
    return hosts, Counter(fields["c"] for fields in found)


def counted(world: World) -> tuple[Counter[str | None], Counter[str | None]]:
    hosts: Counter[str | None] = Counter()
    countries: Counter[str | None] = Counter()
    with world.database.engine.connect() as connection:
        query = select(clicks.c.country, referrers.c.host).join(
            referrers, clicks.c.referrer_id == referrers.c.id
        )
        for country, host in connection.execute(query):
            hosts[host] += 1
            countries[unpack_country(country)] += 1
    return hosts, countries


@pytest.mark.slow
def test_two_real_hours_are_imported_whole(world: World, shared_data: Path) -> None:
    """The same clicks by referrer and country as an independent count finds; again adds none."""
    paths = [
        shared_data / "bitly/usagov_bitly_data2011-06-02-1307035796.jsonl.gz",
        shared_data / "bitly/usagov_bitly_data2013-01-21-1358753811.jsonl.gz",
    ]
    account = world.account()
    done = bring_in(world, account, *paths)
    hosts, countries = real_clicks(paths)
    assert done.added == hosts.total() > 1000
    assert (done.broken, done.disabled) == (0, 1)
    assert account_for(done)
    assert counted(world) == (hosts, countries)
    again = bring_in(world, account, *paths)
    assert (again.added, again.known, again.links) == (0, done.added, 0)


@pytest.mark.slow
def test_all_real_clicks_are_imported(sqlite_world: World, shared_data: Path) -> None:
    """85,593 clicks, four of them on links to FTP servers; importing again adds none."""
    paths = sorted((shared_data / "bitly").glob("*.gz"))
    account = sqlite_world.account()
    done = bring_in(sqlite_world, account, *paths)
    hosts, countries = real_clicks(paths)
    assert done.added == hosts.total() == 85_593
    assert done.broken == 0
    assert account_for(done)
    assert counted(sqlite_world) == (hosts, countries)
    again = bring_in(sqlite_world, account, *paths)
    assert (again.added, again.known, again.links) == (0, done.added, 0)
    assert stored(sqlite_world) == done.added


# Command


def test_the_import_command(sqlite_world: World, tmp_path: Path) -> None:
    """Prints what it did, in words or as JSON, and makes the account's key."""
    sqlite_world.account()
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
    }
    path = str(feed(tmp_path, line(), b"broken", HEARTBEAT_LINE))
    arguments = ["import", "clicks", "bitly-feed", path, "--account", "@jesseslinks"]
    result = CliRunner().invoke(main, arguments, env=env)
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Not everything was understood (broken rows: 1), as listed above; everything "
        "else was imported.\n"
    )
    assert result.stdout.startswith("Clicks added: 1, already known: 0.\n")
    assert "feed.jsonl, line 2: it is not a JSON object." in result.stdout
    again = json.loads(CliRunner().invoke(main, [*arguments, "--json"], env=env).stdout)
    assert (again["added"], again["known"], again["not_clicks"], again["broken"]) == (0, 1, 1, 1)
    (key,) = (sqlite_world.settings.data / "visitor_keys").iterdir()
    assert key.name.startswith("import-")
    assert key.stat().st_mode & 0o077 == 0
