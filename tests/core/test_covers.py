"""Covers: light, the same for ever, each its own, and pictures a browser can draw."""

from xml.etree import ElementTree

import pytest

from guanxue.core.web.covers import COLOURS, PICTOGRAMS, cover_svg

NAMES = [f"course-{n}" for n in range(200)]


@pytest.mark.parametrize("industry", COLOURS)
def test_every_cover_is_whole_xml_of_at_most_two_kilobytes(industry):
    for name in NAMES:
        drawn = cover_svg(name, industry)
        assert len(drawn.encode()) <= 2048
        ElementTree.fromstring(drawn)


def test_the_same_name_gives_the_same_cover_and_another_name_another():
    assert cover_svg("humen", "town") == cover_svg("humen", "town")
    assert len({cover_svg(name, "town") for name in NAMES}) > len(NAMES) // 2


def test_an_industry_has_its_own_colours_and_pictogram():
    assert set(COLOURS) == set(PICTOGRAMS)
    assert len({cover_svg("same", industry) for industry in COLOURS}) == len(COLOURS)


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
