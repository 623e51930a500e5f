"""The door for clients of Kutt."""

from doorways import Door, click_link

from linktrack.links.catalog import get_link


def test_a_link_is_made_found_and_listed(door_everywhere: Door) -> None:
    """As the posting tool Postiz asks: by the code, and always with the domain."""
    door = door_everywhere
    wish = {"target": "https://example.com/a", "domain": "go.jessestay.com", "reuse": False}
    made = door.kutt("/links", wish)
    assert made.status_code == 201
    link = made.get_json()
    assert link["link"] == f"https://go.jessestay.com/{link['address']}"
    assert (link["target"], link["password"], link["visit_count"]) == (wish["target"], False, 0)
    again = door.kutt("/links", {**wish, "reuse": True}).get_json()
    assert again == link
    assert door.kutt("/links", wish).get_json()["address"] != link["address"]
    named = door.kutt("/links", {"target": "example.com/b", "customurl": "spring"}).get_json()
    assert (named["address"], named["target"]) == ("spring", "http://example.com/b")
    page = door.kutt("/links?limit=2&skip=1").get_json()
    assert (page["limit"], page["skip"], page["total"], len(page["data"])) == (2, 1, 3, 2)
    assert door.kutt("/links?search=spring").get_json()["total"] == 1
    short = door.client.get("/api/links", headers={"X-API-KEY": door.secret})
    assert short.get_json()["total"] == 3


def test_figures_are_peoples_clicks_by_hour_day_and_month(door_everywhere: Door) -> None:
    door = door_everywhere
    code = door.kutt("/links", {"target": "https://example.com/"}).get_json()["address"]
    click_link(door.world, code, 1, 2, None)
    stats = door.kutt(f"/links/{code}/stats").get_json()
    assert [stats[name]["total"] for name in ("lastDay", "lastWeek", "lastMonth", "lastYear")] == (
        [2, 2, 2, 2]
    )
    assert [len(stats[name]["views"]) for name in ("lastDay", "lastWeek", "lastMonth")] == (
        [24, 7, 30]
    )
    assert sum(stats["lastDay"]["views"]) == 2
    assert stats["lastDay"]["stats"]["referrer"] == [{"name": "t.co", "value": 2}]
    assert (stats["visit_count"], stats["address"]) == (2, code)
    same = door.kutt(f"/links/{code}/stats", method="DELETE").get_json()
    assert same["lastYear"] == stats["lastYear"]
    assert door.kutt(f"/links/{code}").status_code == 200


def test_errors_are_those_of_kutt(door: Door) -> None:
    """`error` has the sentence, and nothing is made."""
    cases = [
        ({"target": "javascript:x"}, 400),
        ({"target": ""}, 400),
        ({"target": 5}, 400),
        ({"target": "https://a.com", "password": "abc"}, 400),
        ({"target": "https://a.com", "expire_in": "tomorrow"}, 400),
        ({"target": "https://a.com", "expire_in": "999999 years"}, 400),
        ({"target": "https://a.com", "domain": "other.com"}, 400),
        ({"target": "https://a.com", "customurl": "owner"}, 400),
        ({"target": "https://a.com", "colour": "red"}, 400),
        ({"target": "http://[::1"}, 400),
    ]
    for body, status in cases:
        refused = door.kutt("/links", body)
        assert refused.status_code == status, body
        assert refused.get_json()["error"]
    assert door.kutt("/links/nobody").get_json() == {
        "error": "There is no link with the code 'nobody'."
    }
    assert door.kutt("/nothing").get_json()["error"] == "There is nothing at this address."
    assert door.kutt("/links", {}, "PUT").status_code == 405
    assert door.kutt("/links").get_json()["total"] == 0
    assert door.client.get("/api/v2/links").status_code == 401
    assert door.client.get("/api/v2/health").text == "OK"


def test_a_link_is_changed_and_taken_away_with_a_token_that_may(door: Door) -> None:
    code = door.kutt("/links", {"target": "https://a.com/"}).get_json()["address"]
    refused = door.kutt(f"/links/{code}", method="DELETE")
    assert (refused.status_code, "--scope write" in refused.get_json()["error"]) == (403, True)
    writer = Door(door.world, "write", "writer")
    assert writer.kutt(f"/links/{code}", {"target": "https://b.com/"}, "PATCH").status_code == 404
    own = writer.kutt("/links", {"target": "https://a.com/"}).get_json()["address"]
    changed = writer.kutt(f"/links/{own}", {"target": "b.com", "address": own}, "PATCH").get_json()
    assert (changed["target"], changed["address"]) == ("http://b.com", own)
    moved = writer.kutt(f"/links/{own}", {"address": "other"}, "PATCH")
    assert (moved.status_code, "can't be changed" in moved.get_json()["error"]) == (400, True)
    assert writer.kutt(f"/links/{own}", method="DELETE").status_code == 200
    world = door.world
    world.session.expire_all()
    assert get_link(world.session, world.shortener.codes, own).disabled_at is not None
    assert writer.kutt(f"/links/{own}").status_code == 404
