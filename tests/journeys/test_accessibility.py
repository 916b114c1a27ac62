"""Every page and every state, a sixth in each turn, read by axe-core: nothing is found; where ten faults are planted, ten are.

The whole walk (every role and language on every page) is `make axe`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import accessibility, turns, walks
from tests.accessibility import LANGUAGES, Result, Walker, read
from tests.journeys.site import SLUG, TEXT, VIDEO, play, register, seen, watch_to

PLANTED = Path(__file__).with_name("planted.html")


@pytest.fixture(scope="module")
def walker(tmp_path_factory, browser):
    """Somebody who walks over a filled site as anybody."""
    with accessibility.filled_site(tmp_path_factory.mktemp("axe")) as (app, address):
        walker = Walker(app, address, browser)
        yield walker
        walker.close()


def told(result: Result) -> str:
    return "\n".join(map(str, result.findings))


def test_nothing_is_found_on_any_page_in_any_state(walker, record_property):
    visits = walker.selection()
    shown = walker.pages()
    assert {v.rule for v in visits} == shown.keys() | {rule for rule, *_rest in accessibility.STATES}
    assert {v.role for v in visits} >= set(walks.ROLES), "every role is somebody in the selection"
    rooms = {v.rule.split("/")[1] for v in visits}
    assert len(rooms) > 8 and {v.language for v in visits} == set(LANGUAGES)
    visits = turns.part(visits, 6)
    result = walker.walk(visits, thorough=False)
    record_property("pages", result.pages)
    assert result.findings == [], told(result)
    assert result.pages == len(visits) * 3 // 2 > 40


def test_ten_planted_faults_are_ten_findings(open_page):
    page, result = open_page(), Result()
    page.goto(PLANTED.as_uri())
    read(page, "planted", result)
    assert len(result.findings) == 10, told(result)
    assert len({f.rule for f in result.findings}) == 10


def test_what_runs_out_is_cut_moves_or_cannot_be_pasted_is_found(open_page):
    page, result = open_page(reduced_motion="reduce"), Result()
    page.set_content("""<main><p style="width: 500px">a line as wide as a desk</p>
        <p style="overflow: hidden; height: 1.2em; width: 60px">words that nobody can read to their end</p>
        <p style="transition: color .4s">it glides</p><input type="password" onpaste="return false" aria-label="x"></main>""")
    accessibility.measure(page, "planted", result)
    assert {f.rule for f in result.findings} == {"runs out of the window", "is cut off", "moves", "help is not where it always is",
                                                 "does not say what it is for", "cannot be pasted into"}


def test_nothing_is_found_beside_a_film_that_plays_or_a_text_that_is_read(open_page, whole_site):
    page, result = open_page(), Result()
    page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
    register(page, "13711110091", "周晓燕")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url("**/learn/**")
    page.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}")
    play(page)
    watch_to(page, 1.5)
    accessibility.open_everything(page)
    for theme in accessibility.THEMES:
        page.emulate_media(color_scheme=theme)
        read(page, f"a film, {theme}", result)
    page.goto(f"{whole_site.address}/learn/{SLUG}/{TEXT}")
    read(page, "a text", result)
    assert result.findings == [], told(result)
