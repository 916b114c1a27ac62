"""The gallery shows every page of the product: one that is not in it is named here (`make gallery` takes them all anew)."""

from __future__ import annotations

import re

from tests.gallery import FOLDER, INDEX, SIZES, is_page

MOST_BYTES_OF_ONE, MOST_BYTES = 32_000, 12 * 1024 * 1024


def test_every_page_of_the_route_table_is_in_the_gallery(bare_app):
    rules = {r.rule for r in bare_app.url_map.iter_rules() if "GET" in r.methods and is_page(r.rule)}
    shown = set(re.findall(r"^\*\*`([^`]+)`\*\*", INDEX.read_text("utf-8"), re.M))
    assert len(rules) > 40
    assert not rules - shown, "not in docs/gallery: run `make gallery`, and look"
    assert not shown - rules, "in docs/gallery, but no page any more"


def test_index_and_pictures_belong_together_and_weigh_little():
    linked = re.findall(r"\(([^)\s]+\.webp)\)", INDEX.read_text("utf-8"))
    files = {p.name: p.stat().st_size for p in FOLDER.glob("*.webp")}
    assert sorted(linked) == sorted(files) and len(linked) % len(SIZES) == 0
    assert [n for n, size in files.items() if size > MOST_BYTES_OF_ONE] == [] and sum(files.values()) < MOST_BYTES
