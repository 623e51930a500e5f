"""A link's card with a picture of one's own: taken in, shown, sent along, exported."""

import base64
import io
import random
from datetime import timedelta
from pathlib import Path

import pytest
from browser import TOKEN, Browser
from doorways import Caller
from drawing import drawn
from PIL import Image
from servers import answer, command, environment
from world import NOON, World

from linktrack.db import Database
from linktrack.errors import Invalid, TooLarge
from linktrack.links.cards.cards import card_of
from linktrack.links.looks.encoding import CARD_BOX, MOST_CARD, card_picture_of
from linktrack.links.looks.pictures import own_picture, picture_named, set_picture
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all
from linktrack.publishing.cards import card_below
from linktrack.settings import load_settings

AT = "https://go.jessestay.com/img/"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_written_anew_and_fits(kind: str) -> None:
    """A JPEG within the box, without what else was in the file."""
    tagged = Image.Exif()
    tagged[0x010E] = "taken at home"
    file = io.BytesIO()
    Image.new("RGB", (3_000, 3_000), "teal").save(file, kind, exif=tagged)
    made = card_picture_of(file.getvalue())
    assert b"home" in file.getvalue()
    assert b"home" not in made
    with Image.open(io.BytesIO(made)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (CARD_BOX[1], CARD_BOX[1]))
        assert not opened.getexif()


def test_what_is_no_picture_or_too_much_of_one_is_refused() -> None:
    """Documents, other formats, cut files and bombs; noise is made small enough."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    for refused in (svg, b"GIF89a", drawn(9, 9, kind="GIF"), drawn(90, 90)[:-60]):
        with pytest.raises(Invalid, match="isn't a whole PNG or JPEG or WEBP"):
            card_picture_of(refused)
    bomb = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(TooLarge):
        card_picture_of(bomb.getvalue())
    noise = Image.frombytes("RGB", (1200, 630), random.Random(1).randbytes(1200 * 630 * 3))
    file = io.BytesIO()
    noise.save(file, "PNG")
    assert len(card_picture_of(file.getvalue())) <= MOST_CARD


def test_a_picture_of_ones_own_is_on_the_card(world: World) -> None:
    """In place of the page's, and in the post that brings its card; without one, as before."""
    account = world.account("jesse.example", "bluesky")
    post = world.post(account, "Read https://example.com/one")
    (link,) = post.links
    set_picture(world.session, link, drawn(400, 200), NOON)
    world.session.commit()
    name = own_picture(world.session, link.id)
    assert card_of(world.session, world.shortener, link).picture == f"{AT}{name}.jpg"
    later = NOON + timedelta(days=9)
    nobody = lambda _: False  # noqa: E731 - the page can't be read
    text = post.text
    post_id, link_id = post.id, link.id
    world.session.rollback()
    card = card_below(world.database, world.shortener, post_id, text, later, allowed=nobody)
    assert card is not None
    assert (card.picture_type, card.title) == ("image/jpeg", "example.com")
    assert card.picture == picture_named(world.session, str(name))
    link = world.session.get_one(type(link), link_id)
    set_picture(world.session, link, b"", NOON)
    assert own_picture(world.session, link_id) is None
    assert card_of(world.session, world.shortener, link).picture is None


def test_each_door_takes_and_shows_it(sqlite_world: World, tmp_path: Path) -> None:
    """The page, the API and the command; networks fetch it from us, and may keep it."""
    world = sqlite_world
    (link,) = world.post(world.account(), "Read https://example.com/one").links
    browser = Browser.signed_in(world)
    page = f"/owner/links/{link.code}"
    token = TOKEN.search(browser.get(page).text)
    assert token is not None

    def send(**fields: object) -> int:
        sent = {"csrf_token": token[1], "title": "Mine", "words": "", **fields}
        return browser.client.post(f"{page}/card", data=sent).status_code

    assert send(picture=(io.BytesIO(drawn(300, 200)), "a.png")) == 303
    name = own_picture(world.session, link.id)
    assert f'src="/img/{name}.jpg"' in browser.get(page).text
    assert send(picture=(io.BytesIO(b"<svg/>"), "a.svg")) == 422
    assert send() == 303
    stranger = Browser.on(world)
    fetched = stranger.get(f"/img/{name}.jpg")
    assert (fetched.status_code, fetched.mimetype) == (200, "image/jpeg")
    assert "immutable" in fetched.headers["Cache-Control"]
    assert "Set-Cookie" not in fetched.headers
    for wrong in (f"/img/{name}.png", "/img/none.jpg", f"/img/{'0' * 32}.jpg"):
        assert stranger.get(wrong).status_code == 404

    caller = Caller(world)
    path = f"/links/{link.code}"
    assert caller("GET", path).get_json()["card"]["picture"] == f"{AT}{name}.jpg"
    sent = {"card_picture": base64.b64encode(drawn(40, 40, "green")).decode()}
    changed = caller("PATCH", path, sent).get_json()["card"]["picture"]
    assert changed.startswith(AT)
    assert changed != f"{AT}{name}.jpg"
    assert stranger.get(f"/img/{name}.jpg").status_code == 404
    assert caller("PATCH", path, {"card_picture": "aGk="}).status_code == 422
    assert caller("PATCH", path, {"card_picture": ""}).get_json()["card"]["picture"] is None

    (tmp_path / "mine.webp").write_bytes(drawn(60, 40, kind="WEBP"))
    environ = environment(
        world.settings.data, world.settings.database, LINKTRACK_BASE_URL=world.settings.base_url
    )
    own = ("link", "card", link.code or "")
    assert answer(environ, *own, "--picture", str(tmp_path / "mine.webp"))["picture"].startswith(AT)
    assert "picture" not in command(environ, *own, "--no-picture").stdout


def test_an_export_carries_pictures(world: World, tmp_path: Path) -> None:
    """And restoring brings them back, byte for byte."""
    (link,) = world.post(world.account(), "Read https://example.com/one").links
    set_picture(world.session, link, drawn(300, 200), NOON)
    world.session.commit()
    name = str(own_picture(world.session, link.id))
    body = picture_named(world.session, name)
    world.session.rollback()
    export_all(world.database, tmp_path / "all.zip", NOON)
    settings = load_settings({"LINKTRACK_DATA": str(tmp_path / "new")})
    restored = Database(settings)
    restored.prepare()
    import_all(restored, tmp_path / "all.zip")
    with restored.session() as session:
        assert picture_named(session, name) == body
    restored.close()
