"""The door for clients of Dub."""

from doorways import Door, click_link


def test_a_link_is_made_found_and_listed(door_everywhere: Door) -> None:
    """As the posting tool Postiz asks: by domain and key, or by the whole short link."""
    door = door_everywhere
    wish = {"url": "https://example.com/a", "tenantId": "org-1", "domain": "go.jessestay.com"}
    link = door.dub("/links", wish).get_json()
    assert link["shortLink"] == f"https://go.jessestay.com/{link['key']}"
    assert (link["url"], link["tenantId"], link["clicks"]) == (wish["url"], "org-1", 0)
    click_link(door.world, link["key"], 1, 2, None)
    for query in (
        f"domain=go.jessestay.com&key={link['key']}",
        f"domain={link['shortLink']}",
        f"domain=go.jessestay.com/{link['key']}",
        f"linkId={link['id']}",
    ):
        info = door.dub(f"/links/info?{query}").get_json()
        assert (info["key"], info["clicks"]) == (link["key"], 2), query
        assert info["lastClicked"] is not None
    named = door.dub("/links", {"url": "example.com/b", "key": "spring", "tagNames": ["x"]})
    assert named.get_json()["url"] == "https://example.com/b"
    assert [one["key"] for one in door.dub("/links").get_json()] == ["spring", link["key"]]
    assert door.dub("/links?sortBy=clicks").get_json()[0]["key"] == link["key"]
    for query, found in (
        ("tenantId=org-1&page=1&pageSize=100", 1), ("tenantId=org-2", 0), ("tagNames=x,y", 1),
        ("tagNames=", 2), ("withTags=true", 1), ("page=2", 0), ("search=spring", 1),
        (f"startingAfter={named.get_json()['id']}", 1),
    ):  # fmt: skip
        assert len(door.dub(f"/links?{query}").get_json()) == found, query
    assert door.dub("/links/count?tenantId=org-1").get_json() == 1


def test_clicks_are_counted_for_one_link_or_all(door_everywhere: Door) -> None:
    door = door_everywhere
    one = door.dub("/links", {"url": "https://example.com/a"}).get_json()
    two = door.dub("/links", {"url": "https://example.com/b"}).get_json()
    click_link(door.world, one["key"], 1, 2, None)
    click_link(door.world, two["key"], 3)
    assert door.dub("/analytics?event=clicks&groupBy=count").get_json()["clicks"] == 3
    assert door.dub(f"/analytics?linkId={one['id']}&interval=all").get_json()["clicks"] == 2
    assert door.dub("/analytics?start=2020-01-01&end=2020-02-01").get_json()["clicks"] == 0
    for refused in ("event=leads", "groupBy=countries", "interval=ever"):
        assert door.dub(f"/analytics?{refused}").status_code == 422, refused


def test_errors_are_those_of_dub(door: Door) -> None:
    """A code, and a sentence; nothing is made."""
    door.dub("/links", {"url": "https://a.com/", "key": "taken"})
    cases = [
        ({"url": "javascript:x"}, 422, "unprocessable_entity"),
        ({"url": "http://[::1"}, 422, "unprocessable_entity"),
        ({}, 422, "unprocessable_entity"),
        ({"url": "https://a.com/", "key": "taken"}, 409, "conflict"),
        ({"url": "https://a.com/", "password": "abc"}, 422, "unprocessable_entity"),
        ({"url": "https://a.com/", "domain": "other.com"}, 422, "unprocessable_entity"),
        ({"url": "https://a.com/", "tenantId": "x" * 101}, 422, "unprocessable_entity"),
    ]
    for body, status, code in cases:
        refused = door.dub("/links", body)
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (status, code), body
    assert door.dub("/links/info?domain=go.jessestay.com&key=no").status_code == 404
    assert door.dub("/links/info?domain=go.jessestay.com").status_code == 422
    assert door.dub("/links/nothing/at/all").get_json()["error"]["code"] == "not_found"
    assert door.client.get("/links").get_json()["error"]["code"] == "unauthorized"
    assert door.dub("/links/count").get_json() == 1


def test_a_link_is_changed_and_taken_away_with_a_token_that_may(door: Door) -> None:
    link = door.dub("/links", {"url": "https://a.com/"}).get_json()
    assert door.dub(f"/links/{link['id']}", method="DELETE").status_code == 403
    writer = Door(door.world, "write", "writer")
    own = writer.dub("/links", {"url": "https://a.com/", "tagNames": "x"}).get_json()
    wish = {"url": "https://b.com/", "tagNames": ["y", "z"], "key": own["key"], "archived": False}
    changed = writer.dub(f"/links/{own['id']}", wish, "PATCH").get_json()
    assert [tag["name"] for tag in changed["tags"]] == ["y", "z"]
    assert changed["url"] == "https://b.com/"
    assert writer.dub(f"/links/{own['id']}", {"key": "other"}, "PATCH").status_code == 422
    assert writer.dub(f"/links/{own['id']}", method="DELETE").get_json() == {"id": own["id"]}
    assert writer.dub(f"/links/info?linkId={own['id']}").status_code == 404


def test_a_tag_is_only_found_as_it_is_written(door_everywhere: Door) -> None:
    """On every database: LIKE takes capital for small letters on SQLite."""
    door = door_everywhere
    for key, tag in (("one", "News"), ("two", "news"), ("three", "né_ws%")):
        door.dub("/links", {"url": f"https://example.com/{key}", "key": key, "tagNames": [tag]})
    for tag, key in (("News", "one"), ("news", "two"), ("n%C3%A9_ws%25", "three")):
        assert [one["key"] for one in door.dub(f"/links?tagNames={tag}").get_json()] == [key]
    assert door.dub("/links?tagNames=new").get_json() == []
    assert [one["key"] for one in door.dub("/links?search=n%C3%A9").get_json()] == ["three"]


def test_links_without_a_title_come_last(door_everywhere: Door) -> None:
    """Whichever way they are sorted; databases differ in where they put what is missing."""
    door = door_everywhere
    for key, title in (("one", "A"), ("two", None), ("three", "B")):
        door.dub("/links", {"url": f"https://example.com/{key}", "key": key, "title": title})
    for order, keys in (("ASC", ["one", "three", "two"]), ("DESC", ["three", "one", "two"])):
        found = door.shlink(f"/short-urls?orderBy=title-{order}").get_json()
        assert [one["shortCode"] for one in found["shortUrls"]["data"]] == keys
