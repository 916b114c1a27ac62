"""The page of living components: there for whoever builds, not there in production, and made of what pages are made of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from guanxue.core.web import pictograms

ROOT = Path(__file__).resolve().parents[2]
SCENES = dict(re.findall(r'^"(\w+)": \'(.*)\',?$', (ROOT / "templates/base/scenes.html").read_text("utf-8"), re.MULTILINE))
SYMBOLS = dict(re.findall(r'<symbol id="([\w-]+)" viewBox="0 0 24 24">(.*?)</symbol>',
                          (ROOT / "static/base/icons.svg").read_text("utf-8")))
PAGES = [path.read_text("utf-8") for path in ROOT.glob("templates/**/*.html")]


def test_styleguide_shows_every_colour_icon_pictogram_and_scene(bare_app):
    page = bare_app.test_client().get("/styleguide").get_data(as_text=True)
    tokens = (ROOT / "static/base/tokens.css").read_text("utf-8").partition("@media")[0]
    for name, colour in re.findall(r"^  (--[\w-]+): (#\w{6});", tokens, re.MULTILINE):
        assert name in page and colour in page
        assert f".s{name} " in (ROOT / "static/base/styleguide.css").read_text("utf-8"), "a colour needs its swatch"
    assert all(f"#{name}" in page for name in SYMBOLS)
    assert all(drawing in page for drawing in (*pictograms.DRAWINGS.values(), *SCENES.values()))


def test_styleguide_does_not_exist_in_production(bare_app):
    bare_app.extensions["guanxue.settings"] = replace(bare_app.extensions["guanxue.settings"], env="production")
    assert bare_app.test_client().get("/styleguide").status_code == 404


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_small_and_whole(name):
    assert len(SCENES[name]) <= 900
    ElementTree.fromstring(f"<svg>{SCENES[name]}</svg>")


def test_every_icon_a_page_asks_for_is_drawn():
    sheet = (ROOT / "static/base/icons.svg").read_text("utf-8")
    ElementTree.fromstring(sheet)
    assert sheet.count("<symbol") == len(SYMBOLS) >= 50
    asked = {name for page in PAGES for name in re.findall(r'icon\("([\w-]+)"', page)}
    assert asked and asked <= set(SYMBOLS)


def test_every_scene_a_page_asks_for_is_drawn():
    asked = {name for page in PAGES for name in re.findall(r'scene\("([\w-]+)"', page)}
    assert asked and asked <= set(SCENES)
