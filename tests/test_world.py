"""The map of the world beside the table of places."""

import re

from drawn import HOSTILE, parse, with_class
from markupsafe import Markup

from linktrack.charts import world_map
from linktrack.charts.world import LEVELS, outlines, steps

NAMES = {"DE": "Germany", "US": "United States", "SG": "Singapore", "ZZ": "Nowhere"}


def drawn(values: dict[str, int], by_share: bool = False) -> Markup:
    return world_map(values, NAMES, label="Clicks by country", unit="clicks", by_share=by_share)


def test_a_country_is_as_strong_as_its_number() -> None:
    """The most clicked the strongest; each says its name, number and share; all others are land."""
    picture = parse(drawn({"DE": 4, "US": 90, "SG": 1}))
    strong = {each[0].text: each.get("class") for each in picture.iter("path") if len(each)}
    assert strong["United States: 90 (95%)"] == "m5"
    assert strong["Germany: 4 (4%)"] == "m2"
    assert strong["Singapore: 1 (1%)"] == "m1 dot"
    assert len(with_class(picture, "land")) == 1
    (svg,) = with_class(picture, "world")
    assert svg.get("aria-label") == (
        "Clicks by country. Most clicks: United States: 90 (95%); Germany: 4 (4%); "
        "Singapore: 1 (1%)."
    )
    assert [" ".join("".join(key.itertext()).split()) for key in picture.iter("li")] == [
        "1–2", "3–8", "9–26", "27–80", "81 or more", "clicks",
    ]  # fmt: skip


def test_by_share_a_strength_means_the_same_on_every_map() -> None:
    """What has no place on the map counts in the shares, but isn't drawn."""
    picture = parse(drawn({"DE": 4, "US": 30, "ZZ": 66}, by_share=True))
    strong = {each[0].text: each.get("class") for each in picture.iter("path") if len(each)}
    assert strong == {"Germany: 4 (4%)": "m2", "United States: 30 (30%)": "m5"}
    assert drawn({"ZZ": 3}) == drawn({}) == ""


def test_steps_are_few_and_reach_the_highest() -> None:
    """From one click to a hundred million."""
    for highest in (1, 2, 5, 31, 32, 1_000, 99_999, 10**8):
        found = steps(highest)
        assert found[0] == 1
        assert len(found) <= LEVELS
        assert found[-1] <= highest


def test_outlines_are_paths_within_the_picture() -> None:
    """Of every country with a code of its own, and light enough for a page."""
    assert {"DE", "UA", "XK", "SG", "MT", "TW", "PS"} <= outlines().keys()
    assert len(outlines()) > 230
    assert sum(map(len, outlines().values())) < 25_000
    for code, path in outlines().items():
        assert re.fullmatch(r"[A-Z]{2}", code)
        assert re.fullmatch(r"(M\d+ \d+(h0|l[-\d ]+z))+", path), code


def test_names_are_escaped() -> None:
    """A name is text, whatever it is."""
    picture = world_map({"DE": 1}, {"DE": HOSTILE}, label=HOSTILE, unit="clicks", by_share=False)
    assert "<script" not in picture
    assert parse(picture) is not None
