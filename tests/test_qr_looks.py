"""QR codes in colours and with a logo: whatever is taken, a camera reads."""

import base64
import io
import re
from pathlib import Path

import pytest
import zxingcpp
from browser import TOKEN, Browser
from doorways import Caller
from drawing import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from servers import answer, command, environment
from world import NOON, World

from linktrack.charts.qr import MARGINS, Drawing, qr_code
from linktrack.errors import Invalid, TooLarge
from linktrack.links.looks.colours import LEAST_CONTRAST, check_colours, contrast, parse_colour
from linktrack.links.looks.encoding import LOGO_SIDE, logo_of
from linktrack.links.looks.qr_looks import look_of, set_look

ADDRESS = "https://go.jessestay.com/aB3dE"


def read(png: bytes) -> str | None:
    """Return what a camera would read of a picture."""
    with Image.open(io.BytesIO(png)) as opened:
        found = zxingcpp.read_barcode(opened.convert("RGB"))
    return None if found is None else found.text


def pixels_of(svg: bytes, scale: int = 8) -> bytes:
    """Return the PNG of a code's SVG: its background and its modules, without the logo."""
    text = svg.decode()
    whole = int(re.search(r'viewBox="0 0 (\d+) ', text)[1])  # type: ignore[index]
    background, colour = re.findall(r'fill="(#\w{6})"', text)
    drawn = Image.new("RGB", (whole * scale, whole * scale), background)
    brush = ImageDraw.Draw(drawn)
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1", text):
        left, top = int(x) * scale, int(y) * scale
        brush.rectangle((left, top, left + int(wide) * scale - 1, top + scale - 1), colour)
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("length", [1, 30, 200])
@pytest.mark.parametrize("logo", [None, drawn(300, 300), drawn(900, 90, "black")])
@pytest.mark.parametrize("margin", [MARGINS[0], 4])
@pytest.mark.parametrize(("colour", "background"), [("#000", "#fff"), ("#7a1f1f", "#f4e9d0")])
def test_a_camera_reads_each(
    length: int, logo: bytes | None, margin: int, colour: str, background: str
) -> None:
    """As PNG, in its own size and in another, and as SVG."""
    address = ADDRESS + "x" * length
    kept = None if logo is None else logo_of(logo)
    drawing = Drawing(colour, background, kept, margin)
    assert read(qr_code(address, "png", drawing)) == address
    assert read(qr_code(address, "png", Drawing(colour, background, kept, margin, 400))) == address
    assert read(pixels_of(qr_code(address, "svg", drawing))) == address


@settings(max_examples=40)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.tuples(*[st.integers(0, 255)] * 3))
def test_what_is_taken_is_read_and_what_is_not_says_why(
    dark: tuple[int, ...], light: tuple[int, ...]
) -> None:
    """Any two colours: refused by their contrast, or read."""
    colour, background = ("#" + "".join(f"{c:02x}" for c in each) for each in (dark, light))
    try:
        check_colours(colour, background)
    except Invalid:
        swapped = contrast(colour, background) >= LEAST_CONTRAST
        with pytest.raises(Invalid, match="swap" if swapped else "contrast|swap"):
            qr_code(ADDRESS, "png", Drawing(colour, background))
        return
    assert contrast(colour, background) >= LEAST_CONTRAST
    assert read(qr_code(ADDRESS, "png", Drawing(colour, background))) == ADDRESS


def test_contrast_is_wcags() -> None:
    """Checked values; the order of the two doesn't matter to it, but to a camera."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)
    assert parse_colour(" 0AF ") == "#00aaff"
    for pair, why in ((("#fff", "#000"), "swap"), (("#f00", "#fff"), "contrast of 3.9 to 1")):
        with pytest.raises(Invalid, match=why):
            qr_code(ADDRESS, "svg", Drawing(*pair))
    for written in ("red", "#12345", "#ggg", ""):
        with pytest.raises(Invalid, match="isn't a colour"):
            parse_colour(written)
    for drawing in (Drawing(margin=1), Drawing(margin=21), Drawing(side=20), Drawing(side=9_999)):
        with pytest.raises(Invalid):
            qr_code(ADDRESS, "png", drawing)
    with Image.open(io.BytesIO(qr_code(ADDRESS, "png", Drawing(side=500)))) as made:
        assert made.size == (500, 500)


def test_a_logo_is_written_anew() -> None:
    """Small, upright, and without what else was in the file; a document isn't taken."""
    turned = Image.Exif()
    turned[0x0112] = 6  # lying on its side
    turned[0x010E] = "taken at home"
    file = io.BytesIO()
    Image.new("RGB", (1_000, 500), "red").save(file, "JPEG", exif=turned, comment=b"secret")
    made = logo_of(file.getvalue())
    assert b"home" not in made
    assert b"secret" not in made
    with Image.open(io.BytesIO(made)) as opened:
        assert (opened.format, opened.size) == ("PNG", (LOGO_SIDE // 2, LOGO_SIDE))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for refused in (svg, b"", drawn(9, 9, kind="GIF"), drawn(90, 90)[:-60], b"\xff\xda" * 200):
        with pytest.raises(Invalid, match="isn't a whole PNG or JPEG"):
            logo_of(refused)
    bomb = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(bomb, "PNG")
    with pytest.raises(TooLarge, match="64,000,000 pixels"):
        logo_of(bomb.getvalue())
    with pytest.raises(TooLarge, match="bytes"):
        logo_of(bytes(10_000_001))


def test_an_accounts_codes_look_as_chosen(sqlite_world: World, tmp_path: Path) -> None:
    """On the page, in the API and on the command line; one code may look otherwise."""
    world = sqlite_world
    (link,) = world.post(world.account(), "Read http://example.com/one").links
    address = f"https://go.jessestay.com/{link.code}"
    browser = Browser.signed_in(world)
    page = "/owner/accounts/1/settings/links"
    colours: dict[str, str | list[str]] = {"colour": "#0a3d62", "background": "#fff"}
    assert browser.send("/owner/accounts/1/look", colours, page).status_code == 303
    token = TOKEN.search(browser.get(page).text)
    assert token is not None
    sent = {"csrf_token": token[1], "logo": (io.BytesIO(drawn(64, 64)), "a.png"), **colours}
    assert browser.client.post("/owner/accounts/1/look", data=sent).status_code == 303
    look = look_of(world.session, 1)
    assert (look.colour, look.background, look.logo is None) == ("#0a3d62", "#ffffff", False)
    pale: dict[str, str | list[str]] = {"colour": "#fffff0", "background": "#fff"}
    refused = browser.send("/owner/accounts/1/look", pale, page)
    assert refused.status_code == 422
    assert "choose a darker colour" in refused.text
    qr = f"/owner/links/{link.code}/qr"
    svg = browser.get(f"{qr}.svg")
    assert 'fill="#0a3d62"' in svg.text
    assert svg.headers["Content-Security-Policy"] == "default-src 'none'; img-src data:"
    assert "<image " not in browser.get(f"{qr}.svg?logo=no&colour=%23222").text
    assert browser.get(f"{qr}.png?colour=%23fff&background=%23000").status_code == 422
    assert read(browser.get(f"{qr}.png?size=600&keep=yes").data) == address

    caller = Caller(world)
    assert caller("GET", "/accounts/1").get_json()["qr"] == {
        "colour": "#0a3d62", "background": "#ffffff", "logo": True,
    }  # fmt: skip
    logo = base64.b64encode(drawn(50, 20, "green")).decode()
    changed = caller("PATCH", "/accounts/1", {"qr": {"colour": "", "logo": logo}}).get_json()
    assert changed["qr"] == {"colour": "#000000", "background": "#ffffff", "logo": True}
    for wrong in ({"logo": "?"}, {"logo": "aGk="}, {"colour": "red"}, {"size": "1"}):
        assert caller("PATCH", "/accounts/1", {"qr": wrong}).status_code == 422
    assert read(caller("GET", f"/links/{link.code}/qr?format=png&size=300").data) == address
    assert caller("GET", f"/links/{link.code}/qr?margin=0").status_code == 422
    assert caller("GET", f"/links/{link.code}/qr?format=gif").status_code == 422


def test_the_command_draws_a_code(sqlite_world: World, tmp_path: Path) -> None:
    """Into a file named by its kind."""
    world = sqlite_world
    (link,) = world.post(world.account(), "Read http://example.com/one").links
    (tmp_path / "logo.jpg").write_bytes(drawn(80, 80, kind="JPEG"))

    environ = environment(
        world.settings.data, world.settings.database, LINKTRACK_BASE_URL=world.settings.base_url
    )
    look = ("account", "look", "@JessesLinks")
    chosen = answer(environ, *look, "--colour", "036", "--logo", str(tmp_path / "logo.jpg"))
    assert chosen == {"colour": "#003366", "background": "#ffffff", "logo": True}
    file = tmp_path / "code.png"
    sizes = ("--size", "500", "--margin", "2")
    made = command(environ, "link", "qr", link.code or "", "--output", str(file), *sizes)
    assert made.returncode == 0, made.stderr
    assert read(file.read_bytes()) == f"https://go.jessestay.com/{link.code}"
    assert "without" in command(environ, *look, "--no-logo").stdout
    assert command(environ, *look, "--colour", "yellow").returncode == 1


def test_a_look_is_changed_once(world: World) -> None:
    """What is as it was changes nothing, on both databases."""
    account = world.account()
    first = set_look(world.session, account, NOON, logo=drawn(20, 20))
    world.session.commit()
    assert set_look(world.session, account, NOON, colour="#000") == first
    assert set_look(world.session, account, NOON, logo=b"").logo is None
