"""Everything that reads what others wrote, with an example of each: what fuzzing tries."""

# ruff: noqa: E501, ISC004 - the examples are as they come, in one line

import atexit
import hashlib
import json
import shutil
import tarfile
import zipfile
from contextlib import suppress
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from browser import Browser
from clicking import FIREFOX
from databases import SQLiteMaker
from doorways import Door
from drawing import drawn
from flask.testing import FlaskClient
from fuzzing import NOON, UTC_ZONE, Foreign, on_file, words
from lanes import Street
from sqlalchemy import delete
from world import World

from linktrack.audience.rules import parse_rule
from linktrack.audience.utm_fields import check_fields
from linktrack.calendar.times import parse_moment
from linktrack.clicks.capture.visitors import client_address, lies_in, site_of
from linktrack.clicks.classify.agents import classify_agent, is_preview
from linktrack.clicks.classify.referrers import classify_referrer, referrer_key
from linktrack.clicks.records import ClickRecord, encode
from linktrack.community.communities import open_community
from linktrack.community.models import StrangerAttempt
from linktrack.community.suggestions.boxes import set_box
from linktrack.db import Database
from linktrack.errors import LinktrackError
from linktrack.ids import AccountId, LinkId
from linktrack.keys import Markers, load_keys, said_hello
from linktrack.links.cards.page_words import page_words
from linktrack.links.codes import check_custom, code_in, spellings
from linktrack.links.destinations import (
    destination_of,
    parse_destination,
    parse_retired,
    with_parameters,
    with_query,
)
from linktrack.links.excerpts import excerpt, site, title
from linktrack.links.formats.guess import FORMATS, guess
from linktrack.links.looks.colours import parse_colour
from linktrack.links.looks.encoding import card_picture_of, logo_of, thumbnail_of
from linktrack.links.many.moving import Move
from linktrack.links.wrapping import destinations, find, parse_format, replace
from linktrack.networks.archives import open_archive
from linktrack.networks.bluesky import posts as bluesky
from linktrack.networks.mastodon import posts as mastodon
from linktrack.networks.registry import networks
from linktrack.portability.clicks.formats import click_formats
from linktrack.portability.export.everything import MANIFEST as EVERYTHING
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all
from linktrack.portability.files.addresses import read_address
from linktrack.portability.followers.counts_csv import read_counts, read_text_file
from linktrack.portability.followers.list_csv import read_list
from linktrack.portability.followers.roster_files import open_roster
from linktrack.portability.links.formats import LINK_FORMATS
from linktrack.portability.links.importing import Reading
from linktrack.portability.links.new_links import read_table, table_text
from linktrack.settings import LOOPBACK, load_settings
from linktrack.upkeep.archive import read_archive

HERE: Final = Path(__file__).parent
parse_time: Final = partial(parse_moment, timezone=UTC_ZONE)
CLICK_FORMATS: Final = click_formats(parse_time)
LATEST: Final = NOON.timestamp()


def as_json(*lines: object) -> bytes:
    return "\n".join(json.dumps(line) for line in lines).encode()


@cache
def folder() -> Path:
    """Return a folder that lasts as long as this process."""
    made = Path(mkdtemp(prefix="linktrack-fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


# Files


def links(form: str, path: Path) -> None:
    for _ in LINK_FORMATS[form].read(path, Reading(parse_time, NOON)):
        pass


def clicks(form: str, path: Path) -> None:
    for _ in CLICK_FORMATS[form].read(path, LATEST, lambda _: None):
        pass


def every_table(path: Path) -> None:
    """Read a file as all formats of links and clicks would, and as lists of people and counts."""
    for form in LINK_FORMATS:
        refusable(links, form, path)
    for form in CLICK_FORMATS:
        refusable(clicks, form, path)
    for network in ("x", "bluesky", "mastodon", "other"):
        refusable(read_list, path, network)
        refusable(people, network, path)
    refusable(counts, path)


def new_links(path: Path) -> None:
    read_table(table_text(path))


def move(content: bytes, _where: Path) -> None:
    """Replace a first line by a second in a third: hosts, or how addresses begin."""
    old, new, address = (*words(content).split("\n", 2), "", "")[:3]
    refusable(lambda: Move.parse(old, new).moved(address))


def people(network: str, path: Path) -> None:
    with open_roster(path, network, most=10_000_000) as roster:
        for _ in roster.people:
            pass


def counts(path: Path) -> None:
    text = read_text_file(path, "a table of counts")
    read_counts(text, handle="@you", timezone=UTC_ZONE, now=NOON)


def refusable(read: Any, *given: Any) -> None:
    """Call a reader, which may say that it cannot use what it gets."""
    with suppress(LinktrackError):
        read(*given)


def archive(path: Path) -> None:
    """Read an archive as that of every network, with its followers and its posts."""
    with open_archive(path, 10_000_000) as opened:
        for network in networks():
            if network.archives is not None and network.archives.is_one(opened):
                own = network.archives.open(opened)
                _ = own.taken_at
                if own.has_followers:
                    refusable(list, own.followers())
                refusable(list, own.posts([]))
    people("x", path)


def zipped_at(name: str, others: dict[str, bytes]) -> Any:
    """Let an archive be read in which one file is harmed, and the others are whole."""

    def read(content: bytes, where: Path) -> None:
        path = where / "archive.zip"
        with zipfile.ZipFile(path, "w") as file:
            for each, text in {**others, name: content}.items():
                file.writestr(each, text)
        archive(path)

    return read


def packed(files: dict[str, bytes], kind: str) -> bytes:
    """Return a whole archive, which is harmed as it is."""
    made = BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in files.items():
                file.writestr(name, content)
    else:
        with tarfile.open(fileobj=made, mode="w:gz" if kind == "gz" else "w") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
    return made.getvalue()


def backup(path: Path) -> None:
    unpacked = path.with_suffix(".unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    read_archive(path, unpacked)


TWEET: Final = {
    "tweet": {
        "id_str": "1", "full_text": "See https://t.co/a &amp; more", "retweeted": False,
        "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        "entities": {"urls": [{
            "url": "https://t.co/a", "expanded_url": "https://a.org/", "indices": ["4", "18"],
        }]},
    }
}  # fmt: skip
X_FILES: Final = {
    "data/tweets.js": b"window.YTD.tweets.part0 = " + json.dumps([TWEET]).encode(),
    "data/follower.js": b'window.YTD.follower.part0 = [{"follower": {"accountId": "5"}}]',
    "data/account.js": b'window.YTD.account.part0 = [{"account": {"username": "you", "accountId": "9"}}]',
    "data/manifest.js": b'window.__THAR_CONFIG = {"archiveInfo": {"generationDate": "2024-01-01T00:00:00.000Z"}}',
}  # fmt: skip
GRAILBIRD: Final = {
    "data/js/tweets/2013_01.js": b"Grailbird.data.tweets_2013_01 = \n " + json.dumps([{
        "id_str": "2001", "created_at": "2013-01-20 15:11:11 +0000", "text": "Read http://t.co/h",
        "entities": {"urls": [{
            "indices": [5, 18], "url": "http://t.co/h", "expanded_url": "http://e.com/"}]},
    }]).encode(),
    "data/js/user_details.js": b'var user_details =  {"screen_name": "you", "id": "1000001"}',
}  # fmt: skip
NOTE: Final = {
    "type": "Create", "published": "2024-01-01T00:00:00Z", "object": {
        "type": "Note", "id": "https://m.example/users/you/statuses/1", "inReplyTo": None,
        "published": "2024-01-01T00:00:00Z", "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "content": '<p>See <a href="https://a.org/x">a.org<span class="invisible">/x</span></a></p>',
    },
}  # fmt: skip
MASTODON: Final = {
    "actor.json": b'{"id": "https://m.example/users/you", "preferredUsername": "you", "url": "https://m.example/@you"}',
    "outbox.json": json.dumps({"type": "OrderedCollection", "orderedItems": [NOTE]}).encode(),
}  # fmt: skip


def harmed_file(files: dict[str, bytes], name: str) -> Foreign:
    whole = {each: content for each, content in files.items() if each != name}
    return Foreign(zipped_at(name, whole), (files[name],))


DUMP: Final = (
    b"CREATE TABLE `y_url` (`keyword` varchar(9), `url` text, `title` text, `timestamp` text,"
    b" `ip` text, `clicks` int);\nINSERT INTO `y_url` VALUES ('win\\'ter','https://e.com/','T',"
    b"'2024-01-01 10:00:00','127.0.0.1',2);\n-- a comment\nINSERT INTO `y_log` VALUES (1,"
    b"'2024-02-01 10:00:00','winter','direct','Firefox','192.0.2.1','DE');\n",
    b'COPY public.yourls_url (keyword, url, title, "timestamp", ip, clicks) FROM stdin;\n'
    b"x1\thttps://example.com/1\t\\N\t2024-01-01 10:00:00\t\t1\n\\.\n",
    b"PRAGMA foreign_keys=OFF;\nINSERT INTO yourls_url VALUES('x1','https://e.com/''',X'41',"
    b"'2024-01-01',NULL,1);\n/* one */\n",
)


def dump(path: Path) -> None:
    refusable(links, "yourls", path)
    refusable(clicks, "yourls-log", path)


LOG: Final = (
    b'192.0.2.7 - - [04/May/2024:14:00:01 +0200] "GET /x1 HTTP/1.1" 302 0 "https://a.b/" "Mozilla"\n'
    b'go.e.com:443 2001:db8::1 - - [2024-05-04T14:00:01+02:00] "HEAD /%41?a HTTP/2" 301 0 "-" "-"\n',
)
TABLES: Final = (
    b"Long URL,Short code,Tags,Created,Clicks\nhttps://example.com/1,x1,a b,2024-01-01,1\n",
    b"\xef\xbb\xbfurl;short url;title\r\nhttps://e.com/;https://a.example/x;\"T; \"\"x\"\"\"\r\n",
    b"2Path,Session,Referrer,Referrer scheme,Date\n/x1,a,,,2024-05-04T12:00:00Z\n",
    b"accountId,username,followers_count,created_at\n5,ann,12,2020-01-01\n",
    b"Date,Followers\n2024-01-01,\"1,234\"\n2024-01-02,1.2K\n",
    as_json({"code": "x1", "url": "https://example.com/1", "clicks": 3, "tags": ["a"]}),
    as_json({"visitedUrl": "https://s/x1", "date": "2024-05-04T14:00:00Z", "userAgent": "x"}),
    as_json({"h": "x1", "u": "https://example.com/", "t": 1714824000, "hc": 1714824000, "a": "F"}),
    as_json({"seq": 1, "code": "x1", "clicked_at": "2024-05-04T12:00:00Z", "destination": "https://e.com/"}),
    as_json([{"id": "5", "handle": "@ann", "followers": 3}]),
)  # fmt: skip


def journal(content: bytes, _where: Path) -> None:
    """Load a journal: damaged lines are set aside, and all others are loaded."""
    world = installation()
    shutil.rmtree(world.settings.journals, ignore_errors=True)
    world.settings.journals.mkdir(parents=True)
    journal.number += 1  # type: ignore[attr-defined]  # a name is loaded once
    name = f"0-{journal.number:032x}.ndjson"  # type: ignore[attr-defined]
    (world.settings.journals / name).write_bytes(content)
    loader = world.loader()
    loader.load()
    assert not loader._failing, "the file waits for ever"


journal.number = 0  # type: ignore[attr-defined]


# Texts


def agent(content: bytes, _where: Path) -> None:
    text = words(content)
    classify_agent(text)
    is_preview(text)


def referrer(content: bytes, _where: Path) -> None:
    text = words(content)
    classify_referrer(text)
    referrer_key(text)


def address(content: bytes, _where: Path) -> None:
    text = words(content)
    for read in (parse_destination, parse_retired, destination_of, read_address, check_custom):
        refusable(read, text)
    refusable(parse_time, text)
    refusable(parse_rule, text)
    refusable(parse_colour, text)
    refusable(check_fields, "utm_term", text)
    refusable(with_query, "https://example.com/a?b=1#c", text)
    if text.isprintable():  # an account's own values are
        with_parameters("https://example.com/a", {"utm_source": text})


def wrapped(content: bytes, _where: Path) -> None:
    """Wrap a text for every network in every format; only the addresses in it change."""
    text = content.decode("utf-8", "replace")
    excerpt(text)
    title(text)
    site(text)
    guess(text)
    for written_in in FORMATS:
        for network in (
            ("x", "bluesky", "mastodon", "other") if written_in == "plain" else ("other",)
        ):
            refusable(_wrap, text, network, written_in)


def _wrap(text: str, network: str, written_in: str) -> None:
    found = find(text, network, "https://go.example", parse_format(written_in))
    short = {
        each: f"https://go.example/{n}" for n, each in enumerate(destinations(found.addresses))
    }
    made = replace(text, found.addresses, short)
    again = find(made, network, "https://go.example", parse_format(written_in))
    assert {each.destination for each in again.addresses} <= set(short), (
        "wrapped, it has new addresses"
    )


def picture(content: bytes, _where: Path) -> None:
    for taken in (logo_of, card_picture_of, thumbnail_of):
        refusable(taken, content)


def page(content: bytes, _where: Path) -> None:
    kind, _, body = content.partition(b"\n")
    page_words(body, kind.decode("latin-1"), "https://example.com/a/b")


def status(read: Any, content: bytes, _where: Path) -> None:
    try:
        item = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(item, dict):
        refusable(read, item)


# Requests


@cache
def installation() -> World:
    where = folder()
    opened = World.at(
        where / "data", SQLiteMaker(where)(), LINKTRACK_DOORS="yourls, shlink, kutt, dub"
    )
    atexit.register(opened.__exit__, None, None, None)
    world = opened.__enter__()
    post = world.post(world.account(), "https://example.com/")
    assert post.links[0].id == 1
    return world


@cache
def exported() -> dict[str, bytes]:
    """Return the files of an export of everything, as unpacked."""
    path = folder() / "everything.zip"
    export_all(installation().database, path, NOON)
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


@cache
def empty() -> SQLiteMaker:
    return SQLiteMaker(folder())


def everything(content: bytes, where: Path) -> None:
    """Restore an export in which a table has other rows, and the manifest says that these are its."""
    try:
        ((name, rows),) = json.loads(content).items()
        written = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    except (ValueError, AttributeError, TypeError, RecursionError):
        name, written = "accounts", content  # no JSON any more
    files = dict(exported())
    if name in files:
        files[name] = json.dumps(rows[0] if rows else None).encode()
    else:
        entry = f"tables/{name}.ndjson"
        entry = entry if entry in files else "tables/accounts.ndjson"
        files[entry] = written
        manifest = json.loads(files[EVERYTHING])
        lines = len(written.splitlines()) if b"\r" not in written else written.count(b"\n")
        promised = {"rows": lines, "sha256": hashlib.sha256(written).hexdigest()}
        manifest["tables"][entry.removeprefix("tables/").removesuffix(".ndjson")] = promised
        files[EVERYTHING] = json.dumps(manifest).encode()
    path = where / "everything.zip"
    with zipfile.ZipFile(path, "w") as file:
        for each, text in files.items():
            file.writestr(each, text)
    with empty().lend() as url:
        settings = {"LINKTRACK_DATA": str(where), "LINKTRACK_DATABASE": url}
        database = Database(load_settings(settings))
        try:
            import_all(database, path)
        finally:
            database.close()


@cache
def rows_of_everything() -> tuple[bytes, ...]:
    """Return examples of `everything`: each table's rows, the manifest and the keys."""
    found = []
    for name, content in exported().items():
        if name.endswith(".ndjson") and content:
            table = name.removeprefix("tables/").removesuffix(".ndjson")
            found.append(as_json({table: [json.loads(line) for line in content.splitlines()]}))
        elif name.endswith(".json"):
            found.append(as_json({name: [json.loads(content)]}))
    return tuple(found)


@cache
def markers() -> Markers:
    return load_keys(folder() / "keys").markers()


def cookie(content: bytes, _where: Path) -> None:
    text = words(content)
    markers().read("hello-1", text)
    said_hello(markers(), AccountId(1), text)


@cache
def street() -> Street:
    return Street(folder() / "street")


def lane(content: bytes, _where: Path) -> None:
    """Ask for a short link: path, query and headers are a stranger's."""
    text, query, *headers = content.decode("latin-1").split("\n") + [""] * 5
    code = code_in(text)
    if code is not None:
        spellings(code)
    names = ("User-Agent", "Referer", "Accept-Language", "Cookie", "X-Forwarded-For", "Sec-GPC")
    values = (each.translate({10: None, 13: None}) for each in headers)
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in zip(names, values, strict=False)
    }
    answer = street().client.open(
        "/", environ_overrides={"PATH_INFO": f"/{text}", "QUERY_STRING": query, **environ}
    )  # fmt: skip
    assert answer.status_code in (302, 404, 410), answer.status
    assert answer.headers.get("Location", "/").isascii()


def forwarded(content: bytes, _where: Path) -> None:
    first, _, rest = words(content).partition("\n")
    environ = {"REMOTE_ADDR": first, "HTTP_X_FORWARDED_FOR": rest}
    for asked in (environ, environ | {"REMOTE_ADDR": "127.0.0.1"}):
        found = client_address(asked, LOOPBACK)
        lies_in(found, LOOPBACK)
        site_of(found)


@cache
def door() -> Door:
    return Door(installation(), "write", "write")


@cache
def wrapping_door() -> Door:
    installation()
    made = Door.__new__(Door)
    Door.__init__(made, installation(), "wrap", "wrap")
    return made


def asked(content: bytes, _where: Path) -> None:
    """Ask a door of another shortener: a method, an address, and a body."""
    line, _, body = content.partition(b"\n")
    method, _, target = line.decode("latin-1").partition(" ")
    path, _, query = target.partition("?")
    secret = wrapping_door().secret if "yourls" in path else door().secret
    answer = door().client.open(
        "/",
        method=method if method in ("GET", "POST", "PUT", "PATCH", "DELETE") else "GET",
        environ_overrides={
            "PATH_INFO": path if path.startswith("/") else f"/{path}",
            "QUERY_STRING": f"{query}&signature={secret}" if "yourls" in path else query,
        },
        headers={"Authorization": f"Bearer {secret}", "X-Api-Key": secret},
        data=body,
        content_type="application/json" if body[:1] in b"{[" else "application/x-www-form-urlencoded",
        buffered=True,
    )  # fmt: skip
    assert answer.status_code < 500 or answer.status_code == 501, (answer.status, answer.text)


@cache
def strangers() -> tuple[FlaskClient, World]:
    """Return a client, and an installation with a community and a form for suggestions."""
    where = folder() / "community"
    opened = World.at(where, SQLiteMaker(folder())())
    atexit.register(opened.__exit__, None, None, None)
    world = opened.__enter__()
    account = world.account("@we.example", "bluesky", "we")
    open_community(world.session, account, NOON)
    set_box(world.session, account, NOON, form=True, mentions=False)
    world.session.commit()
    return Browser.on(world).client, world


def stranger(content: bytes, _where: Path) -> None:
    """Send a form of strangers: its address, and its fields as a browser sends them."""
    client, world = strangers()
    world.session.execute(delete(StrangerAttempt))
    world.session.commit()
    line, _, body = content.partition(b"\n")
    answer = client.open(
        "/",
        method="POST" if body else "GET",
        environ_overrides={"PATH_INFO": "/" + line.decode("latin-1").lstrip("/")},
        data=body,
        content_type="application/x-www-form-urlencoded",
        buffered=True,
    )
    # 502 to 504: a stranger's server that can't be asked, or mail that isn't set up.
    assert answer.status_code not in (500, 501), (answer.status, answer.text)


FORMS: Final = (
    b"suggest/@we.example\naddress=https%3A%2F%2Fexample.com%2Fa&text=Read+this&handle=%40ann&mail=&wants_word=yes",
    b"suggest/@we.example\naddress=a.org&text=%F0%9F%91%A8%E2%80%8D%00&handle=%40%C3%A9&mail=ann%40a.org",
    b"join/@we.example\nway=mail&introduction=I+am+Ann&handle=%40ann.example&mail=ann%40a.org&links=yes&mails=yes",
    b"join/@we.example\nway=code&introduction=Hi%0D%0A%3Cscript%3E&handle=ann&homepage=",
    b"join/@we.example/code/c2VjcmV0\n", b"join/@we.example/mail/dG9rZW4\nx=1", b"join/@we.example/done/waiting",
    b"feed/abc.def.json", b"feed/member/abc.def\nx=1", b"feed/mails/abc\nList-Unsubscribe=One-Click",
    b"hello/@we.example\nsay=yes", b"suggest/bluesky:@we.example",
)  # fmt: skip

ASKED: Final = (
    b"GET /yourls-api.php?action=shorturl&url=http://one.com/&format=json&keyword=a",
    b"POST /yourls-api.php?action=stats\nfilter=top&limit=9&format=xml",
    b"GET /yourls-api.php?action=version&format=jsonp&callback=tell.me",
    b'POST /rest/v3/short-urls\n{"longUrl": "http://a.com/", "tags": ["a"], "customSlug": "s", "title": "T"}',
    b"GET /rest/v3/short-urls?tags[]=a&orderBy=title-ASC&page=1&startDate=2024-01-01T00:00:00Z",
    b'PATCH /rest/v3/short-urls/s\n{"longUrl": "http://a.com/"}',
    b'PUT /rest/v3/tags\n{"oldName": "a", "newName": "b"}',
    b'POST /api/v2/links\n{"target": "http://a.com/", "customurl": "k", "reuse": true, "description": "T"}',
    b"GET /api/v2/links?limit=3&skip=0&search=a",
    b'POST /links\n{"url": "http://a.com/", "key": "d", "tagNames": ["a"], "tenantId": "t"}',
    b"GET /links/info?domain=go.jessestay.com&key=d",
    b"GET /analytics?event=clicks&groupBy=count&interval=24h",
)  # fmt: skip
CARDS: Final = (
    b"text/html; charset=utf-8\n<!doctype html><html><head><title>Plain &amp; simple</title>"
    b'<meta property="og:title" content="T"><meta name=description content="D"><base href="/x/">'
    b'<meta property="og:image" content="a.png"></head><body><svg><title>no</title></svg>',
    b"text/html\n<html><head><meta charset=shift_jis><title>\x93\xfa</title><!-- x --><script>a</script>",
    b'application/xhtml+xml\n<?xml version="1.0" encoding="utf-16"?><html><head><title>a</title></head></html>',
)  # fmt: skip
TOOT: Final = {
    "id": "1", "uri": "https://m.example/users/you/statuses/1", "url": "https://m.example/@you/1",
    "created_at": "2024-01-01T00:00:00.000Z", "visibility": "public", "reblog": None,
    "content": NOTE["object"]["content"], "spoiler_text": "", "mentions": [{"url": "https://m.example/@ann", "acct": "ann"}],  # type: ignore[index]
    "card": {"url": "https://a.org/x"}, "media_attachments": [{"type": "image"}], "poll": None,
    "quote": {"state": "accepted"}, "tags": [{"name": "a", "url": "https://m.example/tags/a"}],
}  # fmt: skip
SKEET: Final = {
    "post": {
        "uri": "at://did:plc:abc/app.bsky.feed.post/3k", "cid": "c", "author": {"did": "did:plc:abc", "handle": "you.example"},
        "record": {
            "$type": "app.bsky.feed.post", "text": "See a.org/x", "createdAt": "2024-01-01T00:00:00Z",
            "facets": [{"index": {"byteStart": 4, "byteEnd": 11}, "features": [
                {"$type": "app.bsky.richtext.facet#link", "uri": "https://a.org/x"}]}],
            "embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://a.org/x", "title": "T", "description": "alt: x"}},
            "reply": None, "langs": ["en"],
        },
        "embed": {"$type": "app.bsky.embed.external#view"}, "indexedAt": "2024-01-01T00:00:00Z",
    },
    "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": "2024-01-01T00:00:00Z", "by": {"did": "did:plc:abc"}},
}  # fmt: skip
PLAIN: Final = (
    "See example.com/a, (https://例え.jp/б) and http://a.com/?q=1#x… @ann@m.example #tag ".encode(),
    b"[words](https://a.org/x \"t\") <https://b.org> `code` ![p](p.png)\n\n> [r]: https://c.org\n",
    *((HERE / "templates" / name).read_bytes()[:6_000] for name in (
        "buttondown.html", "ghost.html", "listmonk.html", "mailchimp.html", "mautic.html")),
)  # fmt: skip

FOREIGN: Final[dict[str, Foreign]] = {
    "journal": Foreign(
        journal,
        (
            b"".join(
                encode(ClickRecord(1_777_890_000_000 + n, LinkId(1), FIREFOX, "//t.co", n)) + b"\n"
                for n in range(3)
            ),
        ),
    ),
    "x archive": harmed_file(X_FILES, "data/tweets.js"),
    "x followers": harmed_file(X_FILES, "data/follower.js"),
    "x account": harmed_file(X_FILES, "data/account.js"),
    "x archive of 2013": harmed_file(GRAILBIRD, "data/js/tweets/2013_01.js"),
    "mastodon archive": harmed_file(MASTODON, "outbox.json"),
    "mastodon actor": harmed_file(MASTODON, "actor.json"),
    "packed archive": Foreign(
        on_file(archive, "archive.zip"),
        tuple(packed(files, kind) for files in (X_FILES, MASTODON) for kind in ("zip", "gz", "tar")),
    ),
    "backup": Foreign(
        on_file(backup, "backup.tar"),
        (packed({"manifest.json": b'{"format": 1, "files": {}}', "linktrack.db": b"x"}, "gz"),),
    ),
    "export of everything": Foreign(everything, rows_of_everything, structured=True),
    "dump": Foreign(on_file(dump, "dump.sql"), DUMP),
    "web log": Foreign(on_file(partial(clicks, "combined-log"), "access.log"), LOG),
    "tables": Foreign(on_file(every_table, "table"), TABLES),
    "new links": Foreign(on_file(new_links, "table"), (*TABLES[:2], b"https://a.example/1\nhttps://b.example\n")),
    "move": Foreign(
        move,
        (b"old.example\nnew.example\nhttps://old.example/a?b#c", b"https://o.example/b\nhttps://n.example\nhttps://o.example/b/1"),
    ),
    "agent": Foreign(agent, (FIREFOX.encode(), b"Twitterbot/1.0", b"WhatsApp/2.2 A", b"curl/8.1 (+http://a.b)")),
    "referrer": Foreign(
        referrer, (b"https://www.google.de/search?q=a", b"android-app://com.slack/", b"//t.co/03el", b"http://[::1]:80/")
    ),
    "address": Foreign(
        address,
        (b"https://user@example.com:8080/a/b?c=d#e", "例え.jp/б".encode(), b"2026-05-04T12:00", b"followers >= 4", b"a-slug", b"last_active < 180 days ago"),
    ),
    "text": Foreign(wrapped, PLAIN),
    "page": Foreign(page, CARDS),
    "picture": Foreign(picture, tuple(drawn(40, 30, kind=kind) for kind in ("PNG", "JPEG", "WEBP", "GIF"))),
    "mastodon post": Foreign(partial(status, mastodon.post_record), (as_json(TOOT),), structured=True),
    "bluesky post": Foreign(partial(status, bluesky.post_record), (as_json(SKEET),), structured=True),
    "cookie": Foreign(cookie, (markers().sign("hello-1", "7").encode() + b"; a=b", b"hello-1=7.abc; hello-2=x")),
    "lane": Foreign(
        lane, (b"abcde\nfbclid=1\nMozilla/5.0\nhttps://t.co/x\nen\na=b\n192.0.2.1\n1", b"gone1.,)\n", b"forseg/\n", b"\xc3\xa9%ff/../x")
    ),
    "forwarded": Foreign(forwarded, (b"127.0.0.1\n192.0.2.1, [2001:db8::1]:443, 10.0.0.1:80", b"::1\n::ffff:192.0.2.7")),
    "door": Foreign(asked, ASKED),
    "stranger": Foreign(stranger, FORMS),
}  # fmt: skip
"""By name, as `make fuzz` takes it."""
