"""Tables of pages as CSV: the same rows, and nothing that a spreadsheet would run."""

import csv
import io
import json
from datetime import timedelta

import pytest
from audiences import followers
from browser import Browser
from clicking import people
from filling import begun
from world import NOON, World

from linktrack.audience.segments import add_segment
from linktrack.db import now
from linktrack.links.people import add_person
from linktrack.portability.export.report_csv import report_csv


def test_inner_objects_lists_and_formulas_are_cells() -> None:
    """Texts that begin like a formula are marked; numbers stay numbers."""
    rows = report_csv(
        [
            {"account": {"handle": "@jo"}, "n": -1, "x": None, "hosts": ["a.org", "b.org"]},
            {"account": {"handle": "jo"}, "n": 0.5, "x": True, "posts": [{"id": 1}]},
        ]
    )
    assert rows == "account_handle,n,x,hosts\r\n'@jo,-1,,a.org b.org\r\njo,0.5,true,\r\n"
    assert report_csv([]) == ""


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("referrers?days=365", "source,medium,host,segment,clicks,unique_clicks"),
        ("compare?days=365", "account_network,account_handle,account_role,posts,"),
        ("timing", "id,posted_at,clicks,half_life,half_life_over,nine_tenths,nine_tenths_over"),
        ("experiments/1", "label,week,posts,unique_clicks,cpf,cpf_low,cpf_high"),
        ("people", "name,hosts,mentions,public,links,posts,"),
        ("posts?days=365", "id,posted_at,text,followers,followers_at,clicks,unique_clicks,"),
        (
            "links",
            "code,short_url,destination,state,title,tags,created_at,clicks,unique_clicks,",
        ),
        ("segments?days=365", "segment,"),
        ("own-links?days=365", "kind,links,posts,posts_without_count,clicks,unique_clicks,"),
        ("audience?period=2026-05-01", "account_network,account_handle,account_role,period_name,"),
        ("left-out?days=365", "user_agent,reason,rule,clicks,last_at"),
        ("?days=365", "day,network,account,clicks"),
        ("followers?days=365", "day,gained,lost,returned,net,precision_days,jump"),
    ],
)
def test_a_page_gives_its_table(sqlite_world: World, path: str, header: str) -> None:
    """At its own address with format=csv, which the page links to; another format is refused."""
    world = sqlite_world
    account = world.account()
    followers(world, account, 23_000, days=-100)
    followers(world, account, 23_500, days=2)
    world.session.commit()
    begun(world, account)
    add_person(world.session, "=1+1", NOON)
    post = world.post(account, "http://one.com/", NOON)
    people(world, post, 0, 30, referrer="//t.co/a")
    people(world, post, 40, 41, user_agent="curl/8.5.0")
    add_segment(world.session, account, "community", 120, NOON)
    world.post(account, "http://before.com/", NOON - timedelta(days=3))
    people(world, world.post(account, "http://two.com/", now()), 0, 3, referrer="//t.co/a")
    browser = Browser.signed_in(world)
    sign = "&" if "?" in path else "?"
    answer = browser.get(f"/owner/{path}{sign}format=csv")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.text.startswith(header)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) >= 1
    told = browser.get(f"/owner/{path}{sign}format=json")
    assert told.mimetype == "application/json"
    assert len(json.loads(told.text)) == len(rows)
    if path == "people":
        assert "'=1+1" in answer.text
    assert "format=csv" in browser.get(f"/owner/{path}").text
    assert browser.get(f"/owner/{path}{sign}format=xlsx").status_code == 422
