"""Covers: light, the same for ever, each its own, and pictures a browser can draw."""

import re
from xml.etree import ElementTree

import pytest

from guanxue.core.web import pictograms
from guanxue.core.web.covers import COLOURS, cover_svg

NAMES = [f"course-{n}" for n in range(200)]


@pytest.mark.parametrize("industry", pictograms.DRAWINGS)
def test_every_cover_is_whole_xml_of_at_most_two_kilobytes(industry):
    for name in NAMES:
        drawn = cover_svg(name, industry)
        assert len(drawn.encode()) <= 2048
        ElementTree.fromstring(drawn)


def test_the_same_name_gives_the_same_cover_and_another_name_another():
    assert cover_svg("humen", "town") == cover_svg("humen", "town")
    assert len({cover_svg(name, "town") for name in NAMES}) > len(NAMES) // 2


def test_an_industry_has_its_own_colours_and_pictogram():
    assert set(COLOURS) == set(pictograms.INDUSTRIES)
    assert len({cover_svg("same", industry) for industry in COLOURS}) == len(COLOURS)


@pytest.mark.parametrize("name", pictograms.DRAWINGS)
def test_a_pictogram_is_one_small_path_inside_its_grid(name):
    drawing = pictograms.DRAWINGS[name]
    assert len(drawing) <= 300 and drawing.startswith("M")
    assert re.fullmatch(r"[MmLlHhVvCcSsAaZz0-9 .,-]+", drawing)
    assert all(0 <= float(n) <= 24 for start in re.findall(r"M([\d. ]+)", drawing) for n in start.split())


def test_a_craft_is_coloured_as_an_industry_and_drawn_by_itself():
    assert {craft.industry for craft in pictograms.CRAFTS.values()} <= set(pictograms.INDUSTRIES)
    assert len(set(pictograms.DRAWINGS.values())) == len(pictograms.DRAWINGS)


def test_a_town_is_drawn_by_what_it_makes_first():
    assert pictograms.first_of(["毛织", "纺织机械"]) == "knit"
    assert pictograms.first_of(["模具", "汽车零部件"]) == "mould"
    assert pictograms.first_of(["说不清的行当", "家具"]) == "furniture"
    assert pictograms.first_of([]) == "town"


def test_a_town_that_knits_looks_knitted_and_a_town_of_moulds_engraved():
    assert 'stroke-dasharray="14 4 2 4"' in cover_svg("hengli", "mould")
    assert cover_svg("dalang", "knit").count("<pattern") == 1 and "<ellipse" in cover_svg("houjie", "furniture")


def test_an_industry_nobody_knows_is_drawn_as_foundation():
    assert cover_svg("x", "astrology") == cover_svg("x", "foundation")


def test_nothing_of_the_name_gets_into_the_picture():
    assert "script" not in cover_svg("<script>", "town")


def test_covers_are_served_as_pictures_that_browsers_keep(client):
    answer = client.get("/covers/textiles/knitwear-quality.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "max-age" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/covers/astrology/x.svg", f"/covers/town/{'x' * 101}.svg", "/covers/town/x.png"])
def test_other_covers_do_not_exist(client, path):
    assert client.get(path).status_code == 404
